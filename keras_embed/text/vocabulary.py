"""Vocabularies: words and their ids."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_positive, message
from keras_embed._types import PathLike, TFTensor
from keras_embed.text import _files
from keras_embed.text.strings import IdLookup, as_strings, check_utf8

PADDING = ""
UNKNOWN = "[UNK]"
_RESERVED = (PADDING, UNKNOWN)


def rank_by_count(
    counts: Mapping[str, int], min_count: int = 1, max_size: int | None = None, reserved: Sequence[str] = ()
) -> list[tuple[str, int]]:
    """Returns the words seen at least `min_count` times, the most frequent first, ties by code point.

    Args:
        counts: word to number of occurrences.
        min_count: rarer words are dropped.
        max_size: greatest length of the vocabulary, the reserved words included.
        reserved: words to skip.
    """
    check_positive("min_count", min_count)
    kept = (item for item in counts.items() if item[1] >= min_count and item[0] not in reserved)
    ranked = sorted(kept, key=lambda item: (-item[1], item[0]))
    if max_size is None:
        return ranked
    check_positive("max_size", max_size)
    return ranked[: max(0, max_size - len(reserved))]


def count_words(sentences: Iterable[Iterable[str]]) -> Counter[str]:
    """Counts the words of a stream of sentences."""
    counts: Counter[str] = Counter()
    for sentence in sentences:
        if isinstance(sentence, str):
            raise ValueError(message("each sentence as a list of words", sentence, "sentence.split()"))
        counts.update(sentence)
    return counts


class Vocabulary:
    """An immutable list of words with their ids.

    Id 0 is padding (the empty string) and id 1 is shared by all out-of-vocabulary words ("[UNK]"); the words follow,
    the most frequent first where the vocabulary is built from counts. The length includes the two reserved entries:
    it is the number of rows of an embedding matrix.

    Args:
        words: the words, without the two reserved entries and without repetition.
        counts: number of occurrences of each word, in the same order. Optional; only `count` uses it.

    Raises:
        ValueError: If a word is repeated or reserved or has a lone surrogate, or if `counts` has another length.

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
        _check_words(self._tokens, len(self._ids))
        self._table = IdLookup(self._tokens, default=1)
        if self._counts is not None and len(self._counts) != len(self._tokens) - len(_RESERVED):
            raise ValueError(
                message("one count for each word", f"{len(self._counts)} counts, {len(self) - 2} words", "counts=None")
            )

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 1, max_size: int | None = None) -> "Vocabulary":
        """Keeps the words seen at least `min_count` times, the most frequent first, ties by code point.

        Args:
            counts: word to number of occurrences. Reserved entries are skipped.
            min_count: rarer words are out of vocabulary.
            max_size: greatest length of the vocabulary, its two reserved entries included.
        """
        ranked = rank_by_count(counts, min_count, max_size, _RESERVED)
        return cls((word for word, _ in ranked), (count for _, count in ranked))

    @classmethod
    def from_tokens(
        cls, sentences: Iterable[Iterable[str]], min_count: int = 1, max_size: int | None = None
    ) -> "Vocabulary":
        """Counts the words of a stream of sentences, then as `from_counts`."""
        return cls.from_counts(count_words(sentences), min_count, max_size)

    def __len__(self) -> int:
        return len(self._tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._tokens)

    def __eq__(self, other: object) -> bool:
        """Two vocabularies are equal if every word has the same id in both; counts do not matter."""
        return isinstance(other, Vocabulary) and self._tokens == other._tokens

    def __hash__(self) -> int:
        return hash(self._tokens)

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self)}: {', '.join(map(repr, self._tokens[2:6]))} ...>"

    def id(self, token: str) -> int:
        """Returns the id of a word, 1 if it is out of vocabulary."""
        return self._ids.get(token, 1)

    def ids(self, tokens: Iterable[str]) -> NDArray[np.int32]:
        """Returns the ids of some words, int32 (N,)."""
        return np.array([self._ids.get(token, 1) for token in tokens], np.int32)

    def token(self, id: int) -> str:
        """Returns the word with an id.

        Raises:
            ValueError: If `id` is out of range.
        """
        if not 0 <= id < len(self):
            raise ValueError(message(f"an id from 0 to {len(self) - 1}", id))
        return self._tokens[id]

    def count(self, token: str) -> int | None:
        """Returns the number of occurrences of a word: 0 if out of vocabulary or reserved, None without counts."""
        if self._counts is None:
            return None
        index = self._ids.get(token, 0) - len(_RESERVED)
        return self._counts[index] if index >= 0 else 0

    def lookup(self, strings: TFTensor) -> TFTensor:
        """Looks words up in TensorFlow graph code.

        Args:
            strings: string tensor of any shape, dense or ragged.

        Returns:
            int32 tensor of the same shape.
        """
        return self._table.lookup(as_strings(strings))

    @property
    def table(self) -> TFTensor:
        """The `tf.lookup.StaticHashTable` of `lookup`, created at first use. An exporter must track it."""
        return self._table.table

    def save(self, path: PathLike) -> None:
        """Writes a JSON file atomically, one word a line."""
        _files.write_vocabulary(path, self._tokens[len(_RESERVED) :], self._counts)

    @classmethod
    def load(cls, path: PathLike) -> "Vocabulary":
        """Reads what `save` wrote.

        Raises:
            ValueError: If the file is damaged; the message names the file and the line or the word.
        """
        words, counts = _files.read_vocabulary(path)
        try:
            return cls(words, counts)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _check_words(tokens: Sequence[str], num_distinct: int) -> None:
    """Raises `ValueError` if a word is repeated or reserved, or if UTF-8 cannot encode it."""
    for index, token in enumerate(tokens):
        if not isinstance(token, str):
            raise ValueError(message("every word to be a string", f"{token!r} at index {index}"))
        if not token.isascii():
            check_utf8(token, f"word {index}")
    if num_distinct != len(tokens):
        repeated = next(token for token, count in Counter(tokens).items() if count > 1)
        what = "the words without the reserved entries" if repeated in _RESERVED else "each word once"
        raise ValueError(message(what, f"{repeated!r} among them", "Vocabulary.from_counts"))
