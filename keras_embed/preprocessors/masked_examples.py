"""Examples of masked language models: encoded documents, the segments of each example, and streams of batches."""

import bisect
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_positive, message
from keras_embed._types import Dataset
from keras_embed.preprocessors.masking import COLUMNS, FILLER, MaskingSettings, batch_maker
from keras_embed.tokenizers import SentenceSplitter
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer

_PREFETCHED = 8
#: Sentences that are tokenized at once; bounds the memory of intermediate tensors.
_CHUNK = 4096

# === Documents ===


@dataclass(frozen=True)
class EncodedDocuments:
    """Documents as ids, concatenated.

    Attributes:
        pieces: (P,) int32, ids of all subwords.
        begins: (P,) bool, True at the first subword of a word.
        sentences: (S + 1,) index of the first subword of each sentence, and P.
        documents: (D + 1,) index of the first sentence of each document, and S.
    """

    pieces: NDArray[np.int32]
    begins: NDArray[np.bool_]
    sentences: NDArray[np.int64]
    documents: NDArray[np.int64]

    @classmethod
    def of(
        cls, documents: Iterable[str | Sequence[str]], tokenizer: EncoderTokenizer, splitter: SentenceSplitter
    ) -> "EncodedDocuments":
        """Splits documents into sentences and subwords.

        Args:
            documents: strings, or lists of sentences. Sentences without a subword, and documents without a sentence,
                are left out.
            tokenizer: `EncoderTokenizer`.
            splitter: `tokenizers.SentenceSplitter`, or any object with `split(text)`.

        Raises:
            ValueError: If there is one text instead of a list, or a document is neither a string nor a list.
        """
        if isinstance(documents, (str, bytes)):
            raise ValueError(message("a list of documents", documents[:40], "[document]"))
        sentences: list[str] = []
        ends = [0]
        for index, document in enumerate(documents):
            if not isinstance(document, Iterable):
                raise ValueError(message("strings or lists of sentences", f"{document!r} as document {index}"))
            sentences += splitter.split(document) if isinstance(document, str) else document
            ends.append(len(sentences))
        ids, begins, lengths = [np.zeros(0, np.int32)], [np.zeros(0, bool)], [np.zeros(0, np.int64)]
        strings = encoded_texts(sentences)
        for first in range(0, len(strings), _CHUNK):
            words = tokenizer.tokenize(tf.constant(strings[first : first + _CHUNK]))
            subwords = tokenizer.subword_ids(words)  # (S, W, P)
            ids.append(subwords.flat_values.numpy())
            starts = np.zeros(len(ids[-1]) + 1, bool)
            starts[subwords.values.row_splits.numpy()] = True
            begins.append(starts[:-1])
            lengths.append(subwords.merge_dims(1, 2).row_lengths().numpy())
        # Empty sentences are dropped from `sentences`, and with them documents that have no others.
        sizes = np.concatenate(lengths)
        real = np.concatenate([[0], np.cumsum(sizes > 0)])[ends]
        bounds = np.concatenate([[0], np.cumsum(sizes[sizes > 0])])
        return cls(np.concatenate(ids), np.concatenate(begins), bounds, np.unique(np.append(real, 0)))


# === Streams of batches ===


class MaskedExamples:
    """Batches for a `MaskedLanguageModel`, pass after pass over documents, with new examples and masks in each pass.

    The segments and masks of an example depend on the seed, the pass and its index there alone: neither on the batch
    size nor on what was read before. So a stream can resume at any position.

    Args:
        documents: `EncodedDocuments`.
        preprocessor: `MaskedLanguageModelPreprocessor`, whose arguments define the examples.
        batch_size: B.
        seed: seed of all randomness.
        shuffle: False uses the documents in order.

    Attributes:
        num_examples: examples of the first pass. Other passes have a few more or less.
        steps_per_pass: whole batches in it, at least 1.

    Raises:
        ValueError: If no document has a sentence.

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
        self,
        documents: EncodedDocuments,
        preprocessor: MaskingSettings,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
    ) -> None:
        check_positive("batch_size", batch_size)
        self.documents, self.batch_size, self.seed = documents, batch_size, seed
        self._preprocessor, self._shuffle = preprocessor, shuffle
        # Rows before the end of each pass, from the first one on; `_skip` rows of the first pass are not read.
        self._first_pass, self._ends, self._skip = 0, [0], 0
        self._cached_pass: tuple[int, NDArray[np.int64]] = (-1, np.zeros((0, COLUMNS + 2), np.int64))
        self.num_examples = len(self._rows(0))
        if not self.num_examples:
            raise ValueError(message("documents with at least one sentence", "none"))
        self.steps_per_pass = max(1, self.num_examples // batch_size)

    def position(self, steps: int) -> dict[str, int]:
        """Returns the position `steps` batches after the start, or after the position of `seek`, ready for JSON."""
        read = steps * self.batch_size + self._skip
        while self._ends[-1] <= read:
            self._ends.append(self._ends[-1] + len(self._rows(self._first_pass + len(self._ends) - 1)))
        index = bisect.bisect_right(self._ends, read) - 1
        return {"pass": self._first_pass + index, "row": read - self._ends[index], "batch_size": self.batch_size}

    def seek(self, position: dict[str, int]) -> None:
        """Continues from a position that `position` returned.

        Raises:
            ValueError: If it has another batch size.
        """
        if position["batch_size"] != self.batch_size:
            raise ValueError(message(f"a position of {position['batch_size']} rows a batch", self.batch_size))
        self._first_pass, self._ends, self._skip = position["pass"], [0], position["row"]

    def dataset(self, endless: bool = True) -> Dataset:
        """Returns batches `(features, labels)` as a `tf.data.Dataset`.

        Args:
            endless: True: pass after pass, from the current position. False: the first pass alone; if examples do not
                fill the last batch, others are repeated in it with a weight of 0, and batches are
                `(features, labels, weights)`.
        """
        signature = tf.TensorSpec([None, COLUMNS + 2], tf.int64)
        batches = self._endless if endless else self._once
        rows = tf.data.Dataset.from_generator(batches, output_signature=signature)
        count = tf.data.INFINITE_CARDINALITY if endless else -(-self.num_examples // self.batch_size)
        make = batch_maker(self._preprocessor, self.documents.pieces, self.documents.begins, weighted=not endless)
        examples = rows.apply(tf.data.experimental.assert_cardinality(count)).map(make)
        return examples.prefetch(_PREFETCHED)

    def _endless(self) -> Iterator[NDArray[np.int64]]:
        index, skip, left = self._first_pass, self._skip, np.zeros((0, COLUMNS + 2), np.int64)
        while True:
            rows = np.concatenate([left, self._rows(index)[skip:]])
            whole = len(rows) - len(rows) % self.batch_size
            yield from (rows[begin : begin + self.batch_size] for begin in range(0, whole, self.batch_size))
            index, skip, left = index + 1, 0, rows[whole:]

    def _once(self) -> Iterator[NDArray[np.int64]]:
        rows = self._rows(0)
        more = np.resize(rows, (-len(rows) % self.batch_size, rows.shape[1]))
        more[:, COLUMNS - 1] = FILLER
        rows = np.concatenate([rows, more])
        yield from (rows[begin : begin + self.batch_size] for begin in range(0, len(rows), self.batch_size))

    def _rows(self, index: int) -> NDArray[np.int64]:
        """Returns the examples of a pass, and the two integers that seed the masks of each, (N, 5 + 2)."""
        settings = self._preprocessor
        if settings.duplicates is not None:
            index %= settings.duplicates
        cached, rows = self._cached_pass  # read once: another iterator may replace it
        if cached != index:
            seeds = np.random.SeedSequence([self.seed, index]).generate_state(3)
            documents = (self.documents.sentences, self.documents.documents)
            if settings.next_sentence:
                rows = sentence_pairs(*documents, settings.sequence_length - 3, settings.short_rate, seed=int(seeds[0]))
            else:
                rows = single_segments(*documents, settings.sequence_length - 2, settings.short_rate, int(seeds[0]))
            own_seeds = np.stack([np.full(len(rows), seeds[1], np.int64), np.arange(len(rows))], axis=1)
            rows = np.concatenate([rows, own_seeds], axis=1)
            if self._shuffle:
                rows = rows[np.random.default_rng(seeds[2]).permutation(len(rows))]
            self._cached_pass = (index, rows)
        return np.asarray(rows)


# === Segments ===


def sentence_pairs(
    sentences: Sequence[int] | NDArray[np.int64],
    documents: Sequence[int] | NDArray[np.int64],
    max_pieces: int,
    short_rate: float = 0.1,
    random_rate: float = 0.5,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Draws pairs of segments: consecutive ones, or, half of the time, unrelated ones (Devlin et al. 2019).

    The sentences of a document are taken in order until there are enough subwords, and cut between two of them at
    random. The second part is used, or else returned to the document and replaced by sentences from a random position
    of another document. A single sentence that is long enough is always followed by a random one. A pair that is too
    long loses subwords of its longer segment, at random at its start or end.

    Args:
        sentences: (S + 1,) index of the first subword of each sentence, and the end of the last; none is empty.
        documents: (D + 1,) index of the first sentence of each document, and the end of the last.
        max_pieces: maximum number of subwords of both segments together, at least 2.
        short_rate: share of examples with a random smaller maximum, from 2.
        random_rate: share of random second segments where the document continues.
        seed: seed of all randomness.

    Returns:
        int64 (N, 5): start and end of the first segment, start and end of the second, 1 if the second is random.

    Raises:
        ValueError: If there is a single document, and no other to draw from.

    Example:
    >>> rows = sentence_pairs([0, 3, 6, 9, 12], [0, 2, 4], max_pieces=6, short_rate=0.0, random_rate=0.0)
    >>> rows.tolist()
    [[0, 3, 3, 6, 0], [6, 9, 9, 12, 0]]
    """
    starts, bounds = np.asarray(sentences).tolist(), np.asarray(documents).tolist()
    if len(bounds) < 3:
        raise ValueError(
            message(
                "two documents or more, to draw a next sentence from another", len(bounds) - 1, "next_sentence=False"
            )
        )
    pairs = _Pairs(starts, bounds, max_pieces, short_rate, random_rate, random.Random(seed))
    rows: list[tuple[int, ...]] = []
    for index in range(len(bounds) - 1):
        pairs.of_document(index, rows)
    return np.array(rows, np.int64).reshape(-1, COLUMNS)


def single_segments(
    sentences: Sequence[int] | NDArray[np.int64],
    documents: Sequence[int] | NDArray[np.int64],
    max_pieces: int,
    short_rate: float = 0.1,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Packs whole sentences of a document into segments; a sentence that is too long is cut (Liu et al. 2019).

    Args:
        sentences: see `sentence_pairs`.
        documents: see `sentence_pairs`.
        max_pieces: maximum number of subwords of a segment.
        short_rate: share of segments with a random smaller maximum, from 2.
        seed: seed of all randomness.

    Returns:
        int64 (N, 5) as of `sentence_pairs`, with an empty second segment. Each subword is in exactly one row.

    Example:
    >>> single_segments([0, 3, 6, 14], [0, 3], max_pieces=6, short_rate=0.0)[:, :2].tolist()
    [[0, 6], [6, 12], [12, 14]]
    """
    starts, bounds = np.asarray(sentences).tolist(), np.asarray(documents).tolist()
    chance, rows = random.Random(seed), []
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        begin, sentence, limit = starts[first], first, starts[last]
        while begin < limit:
            room = max_pieces if chance.random() >= short_rate else 2 + int(chance.random() * (max_pieces - 1))
            while sentence < last and starts[sentence + 1] <= begin + room:
                sentence += 1
            end = starts[sentence] if starts[sentence] > begin else min(begin + room, limit)
            rows.append((begin, end, end, end, 0))
            begin = end
    return np.array(rows, np.int64).reshape(-1, COLUMNS)


def kept_lengths(first: int, second: int, max_pieces: int) -> tuple[int, int]:
    """Returns two lengths after the longer one has lost subwords, the second if they are equal, until both fit.

    Args:
        first: length of the first segment.
        second: length of the second segment.
        max_pieces: maximum of both together.

    Example:
    >>> kept_lengths(9, 4, 10), kept_lengths(9, 9, 7), kept_lengths(2, 3, 10)
    ((6, 4), (4, 3), (2, 3))
    """
    excess = first + second - max_pieces
    if excess <= 0:
        return first, second
    longer = min(excess, abs(first - second))
    if first > second:
        first -= longer
    else:
        second -= longer
    rest = excess - longer  # equal lengths lose alternately, the second first
    return first - rest // 2, second - (rest - rest // 2)


class _Pairs:
    def __init__(
        self,
        starts: list[int],
        bounds: list[int],
        max_pieces: int,
        short_rate: float,
        random_rate: float,
        chance: random.Random,
    ) -> None:
        self._starts, self._bounds = starts, bounds
        self._max, self._short, self._random, self._chance = max_pieces, short_rate, random_rate, chance

    def of_document(self, index: int, rows: list[tuple[int, ...]]) -> None:
        starts, chance = self._starts, self._chance.random
        sentence, last = self._bounds[index], self._bounds[index + 1]
        while sentence < last:
            target = self._max if chance() >= self._short else 2 + int(chance() * (self._max - 1))
            end = sentence + 1
            while end < last and starts[end] - starts[sentence] < target:
                end += 1
            many = end - sentence
            cut = sentence + (1 if many == 1 else 1 + int(chance() * (many - 1)))
            first = (starts[sentence], starts[cut])
            if many == 1 or chance() < self._random:
                rows.append(self._cut(*first, *self._elsewhere(index, target - first[1] + first[0]), 1))
                sentence = cut
            else:
                rows.append(self._cut(*first, starts[cut], starts[end], 0))
                sentence = end

    def _elsewhere(self, index: int, target: int) -> tuple[int, int]:
        """Draws sentences from another document, of `target` subwords or more if it has as many."""
        starts, chance = self._starts, self._chance.random
        other = int(chance() * (len(self._bounds) - 2))
        other += other >= index
        first, last = self._bounds[other], self._bounds[other + 1]
        begin = first + int(chance() * (last - first))
        end = begin + 1
        while end < last and starts[end] - starts[begin] < target:
            end += 1
        return starts[begin], starts[end]

    def _cut(self, a: int, a_end: int, b: int, b_end: int, drawn: int) -> tuple[int, ...]:
        first, second = kept_lengths(a_end - a, b_end - b, self._max)
        a, b = a + self._lost_at_start(a_end - a - first), b + self._lost_at_start(b_end - b - second)
        return a, a + first, b, b + second, drawn

    def _lost_at_start(self, lost: int) -> int:
        """Draws how many of the lost subwords are at the start: each with a chance of one half."""
        return self._chance.getrandbits(lost).bit_count() if lost else 0
