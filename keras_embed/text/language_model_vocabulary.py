"""Vocabulary of a language model: sentence boundaries and the unknown word first, then words by frequency."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed._types import PathLike
from keras_embed.text.elmo_characters import BOUNDARIES
from keras_embed.text.strings import check_utf8
from keras_embed.text.vocabulary import count_words, rank_by_count

_RESERVED = (*BOUNDARIES, "<UNK>")
_END_LINE = "!!!MAXTERMID"


class LanguageModelVocabulary:
    """Words with their ids, in the file format of bilm-tf: one word a line, the most frequent first.

    Id 0 is the start of a sentence ("<S>"), 1 its end ("</S>"), 2 is shared by all out-of-vocabulary words ("<UNK>").
    The order by frequency matters: sampled softmax draws small ids more often.

    Args:
        words: the words, the most frequent first, without the three reserved ones and without repetition.

    Raises:
        ValueError: If a word is repeated, reserved or empty, or contains a line break or outer whitespace.

    Example:
    >>> vocabulary = LanguageModelVocabulary.from_sentences([["the", "cat"], ["the", "dog"]], min_count=2)
    >>> list(vocabulary)
    ['<S>', '</S>', '<UNK>', 'the']
    >>> vocabulary.ids(["the", "bird"]).tolist()
    [3, 2]
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = _RESERVED + tuple(words)
        self._ids = {word: index for index, word in enumerate(self._words)}
        if len(self._ids) != len(self._words):
            word = next(word for word, count in Counter(self._words).items() if count > 1)
            raise ValueError(message("each word once, without the reserved ones", word, "from_counts"))
        for index, word in enumerate(self._words):
            check_utf8(word, f"word {index}")
            if word != word.strip() or not word or "\n" in word:
                raise ValueError(message("words without line breaks and outer whitespace", repr(word)))

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], min_count: int = 1, max_size: int | None = None
    ) -> "LanguageModelVocabulary":
        """Keeps the words seen at least `min_count` times, the most frequent first, ties by code point.

        Args:
            counts: word to number of occurrences. Reserved words are skipped.
            min_count: rarer words are out of vocabulary.
            max_size: greatest length of the vocabulary, its three reserved words included.
        """
        return cls([word for word, _ in rank_by_count(counts, min_count, max_size, _RESERVED)])

    @classmethod
    def from_sentences(
        cls, sentences: Iterable[Iterable[str]], min_count: int = 1, max_size: int | None = None
    ) -> "LanguageModelVocabulary":
        """Counts the words of a stream of sentences, then as `from_counts`."""
        return cls.from_counts(count_words(sentences), min_count, max_size)

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LanguageModelVocabulary) and self._words == other._words

    def __hash__(self) -> int:
        return hash(self._words)

    def __repr__(self) -> str:
        return f"<LanguageModelVocabulary of {len(self)}: {', '.join(map(repr, self._words[3:7]))} ...>"

    def id(self, word: str) -> int:
        """Returns the id of a word, 2 if it is out of vocabulary."""
        return self._ids.get(word, 2)

    def ids(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Returns the ids of some words, int32 (N,)."""
        get = self._ids.get
        return np.array([get(word, 2) for word in words], np.int32)

    def save(self, path: PathLike) -> None:
        """Writes one word a line."""
        Path(path).write_text("".join(f"{word}\n" for word in self._words), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: PathLike) -> "LanguageModelVocabulary":
        """Reads a published vocabulary file, or what `save` wrote. Lines `!!!MAXTERMID` are skipped.

        Raises:
            ValueError: If the file does not begin with the three reserved words or repeats a word.
        """
        words = [line.strip() for line in Path(path).read_text(encoding="utf-8").split("\n")]
        words = [word for word in words if word and word != _END_LINE]
        if tuple(words[:3]) != _RESERVED:
            raise ValueError(f"{path}, line 1: " + message(f"the lines {' '.join(_RESERVED)} first", words[:3]))
        try:
            return cls(words[3:])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
