"""An endless stream of examples with masked pieces, and any place in it to go on from."""

import bisect
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors.encoded_documents import EncodedDocuments
from keras_embed.preprocessors.masked_batches import FILLER, batch_maker
from keras_embed.preprocessors.sentence_pairs import COLUMNS, sentence_pairs, single_segments

_PREFETCHED = 8


class MaskedExamples:
    """Batches for a `MaskedLanguageModel`, pass after pass through documents, with new examples and masks in each pass.

    An example owes its segments and its masks to the seed, to the pass and to its number there, and to nothing else:
    neither to the batch size nor to what was read before. So a stream can go on from any place.

    Args:
        documents: `EncodedDocuments`.
        preprocessor: `MaskedLanguageModelPreprocessor`, which says what examples are made.
        batch_size: B.
        seed: of all chance.
        shuffle: False keeps the order of the documents.

    Attributes:
        num_examples: of the first pass. Other passes have a few more or less.
        steps_per_pass: whole batches in it, at least 1.

    Raises:
        ValueError: for documents without a sentence.

    Example:
    >>> from keras_embed.preprocessors import MaskedLanguageModelPreprocessor
    >>> documents = ["A cat sat. It slept.", "A dog ran. It barked."]
    >>> preprocessor = MaskedLanguageModelPreprocessor.from_corpus(documents, min_count=1, sequence_length=12)
    >>> examples = preprocessor.examples(documents, batch_size=2)
    >>> features, labels = next(iter(examples.dataset()))
    >>> tuple(features["token_ids"].shape), sorted(labels), examples.position(1)["row"]
    ((2, 12), ['masked', 'next_sentence'], 2)
    """

    def __init__(
        self, documents: EncodedDocuments, preprocessor: Any, batch_size: int, seed: int = 0, shuffle: bool = True
    ) -> None:
        check_positive("batch_size", batch_size)
        self.documents, self.batch_size, self.seed = documents, batch_size, seed
        self._preprocessor, self._shuffle = preprocessor, shuffle
        self._first_pass, self._ends = 0, [0]  # how many rows were read before each pass from the first one on
        self._skip = 0
        self._kept: tuple[int, Any] = (-1, None)
        self.num_examples = len(self._rows(0))
        if not self.num_examples:
            raise ValueError(message("documents with at least one sentence", "none"))
        self.steps_per_pass = max(1, self.num_examples // batch_size)

    def position(self, steps: int) -> dict[str, int]:
        """Where so many batches behind the start, or behind the place that `seek` went to; JSON holds it."""
        read = steps * self.batch_size + self._skip
        while self._ends[-1] <= read:
            self._ends.append(self._ends[-1] + len(self._rows(self._first_pass + len(self._ends) - 1)))
        number = bisect.bisect_right(self._ends, read) - 1
        return {"pass": self._first_pass + number, "row": read - self._ends[number], "batch_size": self.batch_size}

    def seek(self, position: dict[str, int]) -> None:
        """Goes to a position that `position` gave.

        Raises:
            ValueError: where it is of another batch size.
        """
        if position["batch_size"] != self.batch_size:
            raise ValueError(message(f"a position of {position['batch_size']} rows a batch", self.batch_size))
        self._first_pass, self._ends, self._skip = position["pass"], [0], position["row"]

    def dataset(self, endless: bool = True) -> Any:
        """Batches `(features, labels)` as a `tf.data.Dataset`.

        Args:
            endless: True: pass after pass, from where the stream stands. False: the first pass alone; where examples
                do not fill the last batch, others are repeated in it with a weight of 0, and there are weights
                `(features, labels, weights)` then.
        """
        signature = tf.TensorSpec([None, COLUMNS + 2], tf.int64)
        batches = self._endless if endless else self._once
        rows = tf.data.Dataset.from_generator(batches, output_signature=signature)
        count = tf.data.INFINITE_CARDINALITY if endless else -(-self.num_examples // self.batch_size)
        make = batch_maker(self._preprocessor, self.documents, weighted=not endless)
        examples = rows.apply(tf.data.experimental.assert_cardinality(count)).map(make)
        return examples.prefetch(_PREFETCHED)

    def _endless(self) -> Iterator[NDArray[np.int64]]:
        number, skip, left = self._first_pass, self._skip, np.zeros((0, COLUMNS + 2), np.int64)
        while True:
            rows = np.concatenate([left, self._rows(number)[skip:]])
            whole = len(rows) - len(rows) % self.batch_size
            yield from (rows[begin : begin + self.batch_size] for begin in range(0, whole, self.batch_size))
            number, skip, left = number + 1, 0, rows[whole:]

    def _once(self) -> Iterator[NDArray[np.int64]]:
        rows = self._rows(0)
        more = np.resize(rows, (-len(rows) % self.batch_size, rows.shape[1]))
        more[:, COLUMNS - 1] = FILLER
        rows = np.concatenate([rows, more])
        yield from (rows[begin : begin + self.batch_size] for begin in range(0, len(rows), self.batch_size))

    def _rows(self, number: int) -> NDArray[np.int64]:
        """The examples of a pass and the two numbers that seed each one's masks, (N, 5 + 2)."""
        settings = self._preprocessor
        if settings.duplicates is not None:
            number %= settings.duplicates
        kept, rows = self._kept  # once: another iterator may put its pass there meanwhile
        if kept != number:
            seeds = np.random.SeedSequence([self.seed, number]).generate_state(3)
            documents = (self.documents.sentences, self.documents.documents)
            if settings.next_sentence:
                rows = sentence_pairs(*documents, settings.sequence_length - 3, settings.short_rate, seed=int(seeds[0]))
            else:
                rows = single_segments(*documents, settings.sequence_length - 2, settings.short_rate, int(seeds[0]))
            owns = np.stack([np.full(len(rows), seeds[1], np.int64), np.arange(len(rows))], axis=1)
            rows = np.concatenate([rows, owns], axis=1)
            if self._shuffle:
                rows = rows[np.random.default_rng(seeds[2]).permutation(len(rows))]
            self._kept = (number, rows)
        return np.asarray(rows)
