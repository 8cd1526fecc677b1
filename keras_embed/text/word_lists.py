"""Steps that keep or drop words by a list."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.text._stop_words import LISTS
from keras_embed.text._tables import WordTable
from keras_embed.text.steps import WordStep


class StopWords(WordStep):
    """Drops words that say little.

    Args:
        words: "english" or "russian" for the lists of this library, or the words, as they look at this place of the
            pipeline (lower-cased, if lower-casing comes before).

    Raises:
        ValueError: for another list.

    Example:
    >>> StopWords("russian").python(["кот", "и", "пёс"])
    ['кот', 'пёс']
    """

    def __init__(self, words: str | Iterable[str]) -> None:
        if isinstance(words, str):
            check_one_of("words", words, LISTS)
        self.words = words if isinstance(words, str) else sorted(set(words))
        listed = LISTS[words].split() if isinstance(words, str) else self.words
        self._dropped = frozenset(listed)
        self._table = WordTable(sorted(self._dropped))

    @classmethod
    def from_file(cls, path: str | Path) -> "StopWords":
        """Reads a list, a word a line, in UTF-8; empty lines, and what follows a #, are passed over."""
        lines = Path(path).read_bytes().decode("utf-8-sig").split("\n")
        words = [line.split("#")[0].strip() for line in lines]
        return cls(word for word in words if word)

    def word(self, word: str) -> str:
        """The word, or nothing."""
        return "" if word in self._dropped else word

    def tensor(self, strings: Any) -> Any:
        """The words, or nothing."""
        return tf.where(self._table.lookup(strings) >= 0, "", strings)

    def resources(self) -> list[Any]:
        """The table."""
        return [self._table.resource]

    def get_config(self) -> dict[str, Any]:
        """The name or the words."""
        return {"words": self.words}


class KeepWords(WordStep):
    """Drops every word that is not in a list: the cut of rare words.

    Args:
        words: the words to keep.

    Raises:
        ValueError: for one string instead of a list of words.

    Example:
    >>> KeepWords.from_counts({"чай": 5, "чаёк": 1}, min_count=2).python(["чай", "чаёк"])
    ['чай']
    """

    def __init__(self, words: Iterable[str]) -> None:
        if isinstance(words, str):
            raise ValueError(message("a list of words", words, "[word]"))
        self.words = sorted(set(words))
        self._kept = frozenset(self.words)
        self._table = WordTable(self.words)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 2) -> "KeepWords":
        """Keeps the words that occur at least `min_count` times.

        Raises:
            ValueError: unless `min_count` is a positive integer.
        """
        check_positive("min_count", min_count)
        return cls(word for word, count in counts.items() if count >= min_count)

    @classmethod
    def from_texts(cls, texts: Iterable[Any], pipeline: Any, min_count: int = 2) -> "KeepWords":
        """Counts the words that a pipeline makes of a stream of texts, and keeps those that are not rare."""
        from keras_embed.text.term_counts import TermCounts

        counts = TermCounts.from_texts(texts, pipeline)
        return cls.from_counts({term: total for term, (total, _) in counts.as_dict().items()}, min_count)

    def word(self, word: str) -> str:
        """The word, or nothing."""
        return word if word in self._kept else ""

    def tensor(self, strings: Any) -> Any:
        """The words, or nothing."""
        return tf.where(self._table.lookup(strings) >= 0, strings, "")

    def resources(self) -> list[Any]:
        """The table."""
        return [self._table.resource]

    def get_config(self) -> dict[str, Any]:
        """The words."""
        return {"words": self.words}
