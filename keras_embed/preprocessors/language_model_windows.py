"""Training data of bidirectional language models, such as ELMo, in windows of packed rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed._types import PathLike
from keras_embed.corpora.sentence_shards import SentenceShards
from keras_embed.functional import sampled_softmax
from keras_embed.text import ElmoCharacters, LanguageModelVocabulary
from keras_embed.text.elmo_characters import BOUNDARIES

FORWARD, BACKWARD = 0, 1
Arrays = dict[str, NDArray[Any]]


class LanguageModelWindows:
    """Windows over endless rows of text, in both directions, with sampled words for a sampled softmax.

    Sentences are packed as in bilm-tf (Peters et al. 2018). An out-of-vocabulary word is read by its characters; as a
    target it is "<UNK>". Forward and backward rows come from streams that are shuffled independently. `position`
    returns the state of the streams, which `seek` restores: the windows that follow are the same to the last bit.

    Args:
        files: shards of tokenized text, a sentence a line; see `corpora.SentenceShards`.
        vocabulary: `text.LanguageModelVocabulary`, of the targets.
        batch_size: B, rows of each direction.
        window: T, steps of truncated backpropagation.
        negatives: S, words sampled for each direction at each step, the same for all rows.
        max_characters: L, as the model's.
        shuffle: False reads the text in order, so that a state is carried from each sentence to one that follows soon.
        seed: seed of all randomness.

    Attributes:
        num_tokens: targets of a pass in one direction: all words and one boundary for each sentence.
        steps_per_pass: windows that have as many.

    Raises:
        ValueError: If an argument is out of range, or there are no files.

    Example:
    >>> from keras_embed.text import LanguageModelVocabulary
    >>> import pathlib
    >>> _ = pathlib.Path("shard.txt").write_text("the cat sat\\nthe dog ran away\\n")
    >>> vocabulary = LanguageModelVocabulary(["the", "cat", "dog"])
    >>> windows = LanguageModelWindows(["shard.txt"], vocabulary, batch_size=1, window=4, negatives=2, shuffle=False)
    >>> windows.next_window()["targets"][0].tolist()  # forward, backward
    [[3, 4, 2, 1], [2, 4, 3, 0]]
    """

    def __init__(
        self,
        files: Sequence[PathLike],
        vocabulary: LanguageModelVocabulary,
        batch_size: int = 128,
        window: int = 20,
        negatives: int = 8192,
        max_characters: int = 50,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        for name, value in {"batch_size": batch_size, "window": window, "negatives": negatives}.items():
            _errors.check_positive(name, value)
        if negatives > len(vocabulary):
            raise ValueError(_errors.message(f"`negatives` to be at most {len(vocabulary)}", negatives))
        self.vocabulary = vocabulary
        self.batch_size, self.window, self.negatives = batch_size, window, negatives
        self.max_characters, self.seed = max_characters, seed
        self._streams = [SentenceShards(files, shuffle, (seed, direction)) for direction in (FORWARD, BACKWARD)]
        self._rows = [
            PackedRows(iter(stream.next_sentence, None), batch_size, direction == BACKWARD)
            for direction, stream in enumerate(self._streams)
        ]
        self._step = 0
        self._num_tokens: int | None = None
        self._words = _WordRows(ElmoCharacters(max_characters))

    @property
    def num_tokens(self) -> int:
        """Number of targets of a pass, counted at the first access."""
        if self._num_tokens is None:
            self._num_tokens = sum(len(sentence) + 1 for sentence in self._streams[FORWARD].once())
        return self._num_tokens

    @property
    def steps_per_pass(self) -> int:
        """Number of windows in a pass, at least 1."""
        return max(1, self.num_tokens // (self.batch_size * self.window))

    def position(self) -> dict[str, Any]:
        """Returns the position in the streams, ready for JSON."""
        return {
            "step": self._step,
            "streams": [stream.position() for stream in self._streams],
            "rows": [rows.rest() for rows in self._rows],
        }

    def seek(self, position: dict[str, Any]) -> None:
        """Continues from a position that `position` returned.

        Raises:
            ValueError: If it has another batch size.
        """
        if len(position["rows"][FORWARD]) != self.batch_size:
            raise ValueError(
                _errors.message(f"a position of {self.batch_size} rows", f"{len(position['rows'][FORWARD])} rows")
            )
        self._step = position["step"]
        for stream, state in zip(self._streams, position["streams"], strict=True):
            stream.seek(state)
        for rows, rest in zip(self._rows, position["rows"], strict=True):
            rows.restore(rest)

    def next_window(self) -> Arrays:
        """Returns the features of the next step.

        Returns:
            `elmo_ids` int32 (U, L), the distinct words of both directions, 0 = padding (U has few values);
            `char_index` int32 (B, 2, T), index of each input word among these; `targets` int32 (B, 2, T);
            `candidates` int32 (S, 2), sampled words; `target_log_counts` (B, 2, T) and `candidate_log_counts` (S, 2),
            float32, their expected counts.
        """
        windows = [rows.next_window(self.window) for rows in self._rows]
        inputs = np.array([words for words, _ in windows], object).transpose(1, 0, 2)  # (B, 2, T)
        targets = np.stack([self._target_ids(words) for _, words in windows], axis=1)  # (B, 2, T)
        features = {**self._words.features(inputs.tolist(), inputs.size), "targets": targets}
        features.update(self._sample(targets))
        self._step += 1
        return features

    def once(self) -> Iterator[Arrays]:
        """Yields windows over the whole text, once, in order, for evaluation. The position does not change.

        Yields:
            `elmo_ids`, `char_index`, `targets` as in `next_window`, and `weights` float32 (B, 2, T), 0 after the end.
        """
        rows = [PackedRows(stream.once(), self.batch_size, way == BACKWARD) for way, stream in enumerate(self._streams)]
        while True:
            windows = [of_one.next_window(self.window) for of_one in rows]
            lengths = np.array([[len(words) for words in inputs] for inputs, _ in windows]).T  # (B, 2)
            if not lengths.any():
                return
            filled = [[self._fill(words) for words in part] for part in zip(*(w[0] for w in windows), strict=True)]
            targets = np.stack([self._target_ids(map(self._fill, words)) for _, words in windows], axis=1)
            weights = (np.arange(self.window) < lengths[..., None]).astype("float32")  # (B, 2, T)
            yield {**self._words.features(filled, targets.size), "targets": targets, "weights": weights}

    def _fill(self, words: list[str]) -> list[str]:
        return words + [""] * (self.window - len(words))

    def _target_ids(self, rows: Iterable[Sequence[str]]) -> NDArray[np.int32]:
        return np.stack([self.vocabulary.ids(words) for words in rows])  # (B, T)

    def _sample(self, targets: NDArray[np.int32]) -> Arrays:
        """Samples words for each direction, with the expected counts that the sampled softmax subtracts."""
        size = len(self.vocabulary)
        generator = np.random.default_rng([self.seed, self._step])
        candidates, target_counts, counts = [], [], []
        for direction in (FORWARD, BACKWARD):
            words, draws = sampled_softmax.log_uniform_candidates(generator, self.negatives, size)
            candidates.append(words)
            counts.append(sampled_softmax.log_expected_count(words, draws, size))
            target_counts.append(sampled_softmax.log_expected_count(targets[:, direction], draws, size))
        return {
            "candidates": np.stack(candidates, axis=1),  # (S, 2)
            "candidate_log_counts": np.stack(counts, axis=1),  # (S, 2)
            "target_log_counts": np.stack(target_counts, axis=1),  # (B, 2, T)
        }


class PackedRows:
    """Rows of words, each an endless text of its own, read a window at a time.

    A sentence is its words between "<S>" and "</S>"; with `backward`, the same in reverse. In a row, each word is an
    input and the next word its target; no such pair spans two sentences. A sentence that a window cuts continues in the
    row's next window, and a row at the end of its sentence takes the next one of the stream.

    Args:
        sentences: the stream. If it is finite, the rows of the last windows are shorter.
        num_rows: B.
        backward: True to read each sentence from its end.

    References:
        `LMDataset` of bilm-tf (Peters et al. 2018), reproduced from its packed examples.

    Example:
    >>> rows = PackedRows(iter([["a", "b"], ["c"]]), num_rows=1)
    >>> rows.next_window(4)
    ([['<S>', 'a', 'b', '<S>']], [['a', 'b', '</S>', 'c']])
    """

    def __init__(self, sentences: Iterator[Sequence[str]], num_rows: int, backward: bool = False) -> None:
        self._sentences = sentences
        self._backward = backward
        self._rows: list[list[str]] = [[] for _ in range(num_rows)]

    def next_window(self, steps: int) -> tuple[list[list[str]], list[list[str]]]:
        """Returns inputs and targets: a list for each row, of `steps` words unless the stream has ended."""
        pairs = [self._take(row, steps) for row in range(len(self._rows))]
        return [inputs for inputs, _ in pairs], [targets for _, targets in pairs]

    def rest(self) -> list[list[str]]:
        """Returns the remaining words of each row's sentence."""
        return [list(row) for row in self._rows]

    def restore(self, rows: Sequence[Sequence[str]]) -> None:
        """Restores what `rest` returned."""
        self._rows = [list(row) for row in rows]

    def _take(self, index: int, steps: int) -> tuple[list[str], list[str]]:
        inputs: list[str] = []
        targets: list[str] = []
        while len(inputs) < steps:
            row = self._rows[index]
            if len(row) <= 1:  # the last word of a sentence is a target only
                sentence = next(self._sentences, None)
                if sentence is None:
                    break
                row = [BOUNDARIES[0], *sentence, BOUNDARIES[1]]
                row = row[::-1] if self._backward else row
            size = min(len(row) - 1, steps - len(inputs))
            inputs += row[:size]
            targets += row[1 : size + 1]
            self._rows[index] = row[size:]
        return inputs, targets


class _WordRows:
    """Characters of the distinct words of a window, and the index of each word among them."""

    _MAX_CACHED = 1 << 18

    def __init__(self, characters: ElmoCharacters) -> None:
        self._characters = characters
        self._cached: dict[str, NDArray[np.int32]] = {}

    def features(self, words: list[list[list[str]]], size: int) -> Arrays:
        """Returns `elmo_ids` and `char_index` of nested words (B, 2, T), `size` words in all."""
        distinct: dict[str, int] = {}
        index = [[[distinct.setdefault(word, len(distinct)) for word in row] for row in rows] for rows in words]
        step = max(1, 2 ** (size.bit_length() - 4))  # so that few shapes are compiled, and devices share rows evenly
        table = np.zeros((-(-len(distinct) // step) * step, self._characters.max_characters), "int32")
        for row, word in enumerate(distinct):
            table[row] = self._row(word)
        return {"elmo_ids": table, "char_index": np.array(index, "int32")}

    def _row(self, word: str) -> NDArray[np.int32]:
        row = self._cached.get(word)
        if row is None:
            row = np.array(self._characters.encode_python(word), "int32")
            if len(self._cached) < self._MAX_CACHED:
                self._cached[word] = row
        return row
