"""What a bidirectional language model reads at each step of its training."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed._types import PathLike
from keras_embed.corpora.sentence_shards import SentenceShards
from keras_embed.functional import sampled_softmax
from keras_embed.preprocessors.packed_rows import PackedRows
from keras_embed.text import ElmoCharacters, LanguageModelVocabulary

FORWARD, BACKWARD = 0, 1
Features = dict[str, NDArray[Any]]


class LanguageModelWindows:
    """Windows over endless rows of text, one text for each direction, with the words to sample at each step.

    Sentences are packed as in `PackedRows`. A word out of the vocabulary keeps its characters as input; as target it
    is "<UNK>". Forward and backward rows come from streams that are shuffled independently. `position` says in a few
    numbers and words where everything stands, and `seek` goes there: what follows is then the same to the last bit.

    Args:
        files: shards of tokenised text, a sentence a line; see `corpora.sentence_shards`.
        vocabulary: `text.LanguageModelVocabulary`, of the targets.
        batch_size: B, rows of each direction.
        window: T, steps that gradients run through.
        negatives: S, words sampled for each direction at each step, the same for all rows.
        max_characters: L, as the model's.
        shuffle: False reads the text as it stands, so that a state is carried from each sentence to one near behind it.
        seed: of all chance.

    Attributes:
        num_tokens: targets of a pass in one direction: all words and one boundary for each sentence.
        steps_per_pass: windows that hold as many.

    Raises:
        ValueError: for an argument outside its range, or no files.

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
        """Counted when first asked for."""
        if self._num_tokens is None:
            self._num_tokens = sum(len(sentence) + 1 for sentence in self._streams[FORWARD].once())
        return self._num_tokens

    @property
    def steps_per_pass(self) -> int:
        """At least 1."""
        return max(1, self.num_tokens // (self.batch_size * self.window))

    def position(self) -> dict[str, Any]:
        """Where everything stands; JSON holds it."""
        return {
            "step": self._step,
            "streams": [stream.position() for stream in self._streams],
            "rows": [rows.rest() for rows in self._rows],
        }

    def seek(self, position: dict[str, Any]) -> None:
        """Goes to a position that `position` gave.

        Raises:
            ValueError: where it is of another batch size.
        """
        if len(position["rows"][FORWARD]) != self.batch_size:
            raise ValueError(
                _errors.message(f"a position of {self.batch_size} rows", f"{len(position['rows'][FORWARD])} rows")
            )
        self._step = position["step"]
        for stream, place in zip(self._streams, position["streams"], strict=True):
            stream.seek(place)
        for rows, rest in zip(self._rows, position["rows"], strict=True):
            rows.restore(rest)

    def next_window(self) -> Features:
        """The next step's features.

        Returns:
            `elmo_ids` int32 (U, L), the distinct words of both directions, 0 = padding (U takes few values);
            `char_index` int32 (B, 2, T), each input word's row there; `targets` int32 (B, 2, T);
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

    def once(self) -> Iterator[Features]:
        """Windows over the whole text, once, in its own order, for evaluation. The position stays.

        Yields:
            `elmo_ids`, `char_index`, `targets` as in `next_window`, and `weights` float32 (B, 2, T), 0 behind the end.
        """
        rows = [PackedRows(stream.once(), self.batch_size, way == BACKWARD) for way, stream in enumerate(self._streams)]
        while True:
            windows = [of_one.next_window(self.window) for of_one in rows]
            lengths = np.array([[len(words) for words in inputs] for inputs, _ in windows]).T  # (B, 2)
            if not lengths.any():
                return
            filled = [[self._fill(words) for words in part] for part in zip(*(w[0] for w in windows), strict=True)]
            targets = np.stack([self._target_ids(map(self._fill, words)) for _, words in windows], axis=1)
            weights = (np.arange(self.window) < lengths[..., None]).astype("float32")
            yield {**self._words.features(filled, targets.size), "targets": targets, "weights": weights}

    def _fill(self, words: list[str]) -> list[str]:
        return words + [""] * (self.window - len(words))

    def _target_ids(self, rows: Any) -> NDArray[np.int32]:
        return np.stack([self.vocabulary.ids(words) for words in rows])  # (B, T)

    def _sample(self, targets: NDArray[np.int32]) -> Features:
        size = len(self.vocabulary)
        generator = np.random.default_rng([self.seed, self._step])
        candidates, target_counts, counts = [], [], []
        for direction in (FORWARD, BACKWARD):
            words, draws = sampled_softmax.log_uniform_candidates(generator, self.negatives, size)
            candidates.append(words)
            counts.append(sampled_softmax.log_expected_count(words, draws, size))
            target_counts.append(sampled_softmax.log_expected_count(targets[:, direction], draws, size))
        return {
            "candidates": np.stack(candidates, axis=1),
            "candidate_log_counts": np.stack(counts, axis=1),
            "target_log_counts": np.stack(target_counts, axis=1),
        }


class _WordRows:
    """Characters of the distinct words of a window, and where in that table each word stands."""

    _MOST_KEPT = 1 << 18

    def __init__(self, characters: ElmoCharacters) -> None:
        self._characters = characters
        self._kept: dict[str, NDArray[np.int32]] = {}

    def features(self, words: list[list[list[str]]], size: int) -> Features:
        """`elmo_ids` and `char_index` of nested words (B, 2, T), `size` words in all."""
        distinct: dict[str, int] = {}
        index = [[[distinct.setdefault(word, len(distinct)) for word in row] for row in rows] for rows in words]
        step = max(1, 2 ** (size.bit_length() - 4))  # so that few shapes are compiled, and devices share rows evenly
        table = np.zeros((-(-len(distinct) // step) * step, self._characters.max_characters), "int32")
        for number, word in enumerate(distinct):
            table[number] = self._row(word)
        return {"elmo_ids": table, "char_index": np.array(index, "int32")}

    def _row(self, word: str) -> NDArray[np.int32]:
        row = self._kept.get(word)
        if row is None:
            row = np.array(self._characters.encode_python(word), "int32")
            if len(self._kept) < self._MOST_KEPT:
                self._kept[word] = row
        return row
