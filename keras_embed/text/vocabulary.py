"""Which word has which number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed.text import _vocabulary_file
from keras_embed.text._strings import check_utf8

PADDING = ""
UNKNOWN = "[UNK]"
_RESERVED = (PADDING, UNKNOWN)


def rank_by_count(
    counts: Mapping[str, int], min_count: int = 1, max_size: int | None = None, reserved: Sequence[str] = ()
) -> list[tuple[str, int]]:
    """The entries seen at least `min_count` times, by falling count, ties by code point.

    Args:
        counts: word to number of occurrences.
        min_count: rarer words are left out.
        max_size: how many at most, the reserved ones included.
        reserved: words that are passed over.
    """
    check_positive("min_count", min_count)
    kept = (item for item in counts.items() if item[1] >= min_count and item[0] not in reserved)
    ranked = sorted(kept, key=lambda item: (-item[1], item[0]))
    if max_size is None:
        return ranked
    check_positive("max_size", max_size)
    return ranked[: max(0, max_size - len(reserved))]


def count_words(sentences: Iterable[Iterable[str]]) -> Counter[str]:
    """How often each word stands in a stream of sentences."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        if isinstance(sentence, str):
            raise ValueError(message("each sentence as a list of words", sentence, "sentence.split()"))
        counts.update(sentence)
    return counts


class Vocabulary:
    """An immutable list of words, each with its number.

    Number 0 is padding (the empty string) and number 1 stands for every unknown word ("[UNK]"); the words follow, by
    falling frequency where the vocabulary is made from counts. The length counts the two reserved entries, so that
    it is the number of rows of an embedding matrix.

    Args:
        words: the words, without the two reserved entries and without repetition.
        counts: how often each word was seen, in the same order. Optional; nothing but `count` uses it.

    Raises:
        ValueError: if a word is repeated, reserved, or has a lone surrogate, or if `counts` has another length.

    Example:
    >>> vocabulary = Vocabulary.from_tokens([["to", "be", "or"], ["to", "not"]])
    >>> list(vocabulary)
    ['', '[UNK]', 'to', 'be', 'not', 'or']
    >>> vocabulary.ids(["to", "go"]).tolist()
    [2, 1]
    """

    def __init__(self, words: Iterable[str], counts: Iterable[int] | None = None) -> None:
        self._tokens = _RESERVED + tuple(words)
        self._ids = {token: index for index, token in enumerate(self._tokens)}
        self._counts = None if counts is None else tuple(int(count) for count in counts)
        self._table: Any = None
        _check_words(self._tokens, len(self._ids))
        if self._counts is not None and len(self._counts) != len(self._tokens) - len(_RESERVED):
            raise ValueError(
                message("one count for each word", f"{len(self._counts)} counts, {len(self) - 2} words", "counts=None")
            )

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 1, max_size: int | None = None) -> "Vocabulary":
        """Keeps the words seen at least `min_count` times, the most frequent first, ties by code point.

        Args:
            counts: word to number of occurrences. Reserved entries among the words are passed over.
            min_count: rarer words become unknown.
            max_size: the greatest length of the vocabulary, its two reserved entries included.
        """
        ranked = rank_by_count(counts, min_count, max_size, _RESERVED)
        return cls((word for word, _ in ranked), (count for _, count in ranked))

    @classmethod
    def from_tokens(
        cls, sentences: Iterable[Iterable[str]], min_count: int = 1, max_size: int | None = None
    ) -> "Vocabulary":
        """Counts the words of a stream of sentences; see `from_counts`."""
        return cls.from_counts(count_words(sentences), min_count, max_size)

    def __len__(self) -> int:
        return len(self._tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._tokens)

    def __eq__(self, other: object) -> bool:
        """Two vocabularies are equal if they give every word the same number; counts do not matter."""
        return isinstance(other, Vocabulary) and self._tokens == other._tokens

    def __hash__(self) -> int:
        return hash(self._tokens)

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self)}: {', '.join(map(repr, self._tokens[2:6]))} ...>"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_table": None}  # the table is a TensorFlow resource: it cannot be copied or pickled

    def id(self, token: str) -> int:
        """The number of a word, 1 if it is unknown."""
        return self._ids.get(token, 1)

    def ids(self, tokens: Iterable[str]) -> NDArray[np.int32]:
        """The numbers of some words. Returns: int32 array (N,)."""
        return np.array([self._ids.get(token, 1) for token in tokens], np.int32)

    def token(self, id: int) -> str:
        """The word with this number.

        Raises:
            ValueError: for a number without a token.
        """
        if not 0 <= id < len(self):
            raise ValueError(message(f"a number from 0 to {len(self) - 1}", id))
        return self._tokens[id]

    def count(self, token: str) -> int | None:
        """How often the word was seen: 0 for an unknown or reserved word, None if counts were not kept."""
        if self._counts is None:
            return None
        index = self._ids.get(token, 0) - len(_RESERVED)
        return self._counts[index] if index >= 0 else 0

    def lookup(self, strings: Any) -> Any:
        """Numbers of words in TensorFlow graph code.

        Args:
            strings: string tensor of any shape, dense or ragged.

        Returns:
            int32 tensor of the same shape.
        """
        strings = strings if isinstance(strings, tf.RaggedTensor) else tf.convert_to_tensor(strings, tf.string)
        return self.table.lookup(strings)

    @property
    def table(self) -> Any:
        """The `tf.lookup.StaticHashTable` behind `lookup`, made at first use. An exporter must track it."""
        if self._table is None:
            with tf.init_scope():  # outside of any graph being traced, so that every later graph can use it
                keys = tf.constant([token.encode("utf-8") for token in self._tokens], tf.string)
                values = tf.range(len(self), dtype=tf.int32)
                self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), 1)
        return self._table

    def save(self, path: str | Path) -> None:
        """Writes a JSON file, one word a line. The file appears whole or not at all."""
        _vocabulary_file.write(path, self._tokens[len(_RESERVED) :], self._counts)

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Reads what `save` wrote.

        Raises:
            ValueError: naming the file, and the line or the word that is wrong.
        """
        words, counts = _vocabulary_file.read(path)
        try:
            return cls(words, counts)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _check_words(tokens: Sequence[str], num_distinct: int) -> None:
    """Raises `ValueError` for a repeated or reserved word, or one that no UTF-8 file or tensor can hold."""
    for index, token in enumerate(tokens):
        if not isinstance(token, str):
            raise ValueError(message("every word to be a string", f"{token!r} at number {index}"))
        if not token.isascii():
            check_utf8(token, f"word number {index}")
    if num_distinct != len(tokens):
        repeated = next(token for token, count in Counter(tokens).items() if count > 1)
        what = "the words without the reserved entries" if repeated in _RESERVED else "each word once"
        raise ValueError(message(what, f"{repeated!r} among them", "Vocabulary.from_counts"))
