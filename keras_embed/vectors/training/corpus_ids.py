"""Any corpus as sentences of words, and as numbers."""

import os
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors, corpora

#: What the training functions take: sentences, each a list of items, or the path of a text, a sentence a line.
Corpus = Iterable[Any] | str | os.PathLike[str]


class Sentences:
    """A corpus that can be read again and again, as lists of items.

    Args:
        corpus: lists of items; `corpora.Sentence`s; or the path of a tokenised text, a sentence a line.

    Raises:
        TypeError: if it can be read but once, as a generator.
    """

    def __init__(self, corpus: Corpus) -> None:
        if not isinstance(corpus, str | os.PathLike):
            if not isinstance(corpus, Iterable):
                raise TypeError(_errors.message("`corpus`: sentences, or the path of a text", corpus))
            if iter(corpus) is corpus:
                raise TypeError(
                    _errors.message(
                        "a `corpus` that can be read more than once",
                        f"a {type(corpus).__name__}, empty after the first reading",
                        "list(corpus), or an object whose `__iter__` starts anew",
                    )
                )
        self._corpus = corpus

    def items(self) -> Iterator[Iterable[Any]]:
        """The sentences, their items as they came."""
        corpus = self._corpus
        for sentence in corpora.read_plain(os.fspath(corpus)) if isinstance(corpus, str | os.PathLike) else corpus:
            if isinstance(sentence, str):
                raise TypeError(
                    _errors.message("sentences that are lists of words", repr(sentence), "sentence.split()")
                )
            yield sentence.tokens if isinstance(sentence, corpora.Sentence) else sentence

    def __iter__(self) -> Iterator[list[str]]:
        """The sentences, their items as text."""
        for sentence in self.items():
            yield list(map(str, sentence))


@dataclass(frozen=True)
class TokenIds:
    """A corpus as numbers. Rare words are left out, so that the words around them become neighbours.

    Attributes:
        words: V words, the most frequent first, then in the order of their first appearance.
        counts: (V,) int64.
        ids: (T,) int32, the words of all sentences in a row.
        sentences: (T,) int32, which sentence each is of.
        tokens: how many words there were with the rare ones.
    """

    words: list[str]
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    sentences: NDArray[np.int32]
    tokens: int


def token_ids(corpus: Corpus, min_count: int) -> TokenIds:
    """Reads a corpus, once.

    Args:
        corpus: as `Sentences` takes it.
        min_count: words seen less often are left out.

    Returns:
        the words, and the corpus in their numbers: 8 bytes for each of its tokens.

    Raises:
        TypeError: for a corpus that `Sentences` refuses.
        ValueError: if no word is frequent enough, or two items have the same text.
    """
    _errors.check_positive("min_count", min_count)
    numbers: defaultdict[Any, int] = defaultdict()
    numbers.default_factory = numbers.__len__  # a new item gets the next number
    flat, lengths = array("i"), array("i")
    for sentence in Sentences(corpus).items():
        before = len(flat)
        flat.extend(map(numbers.__getitem__, sentence))
        lengths.append(len(flat) - before)
    found = np.frombuffer(flat, np.int32) if flat else np.zeros(0, np.int32)
    texts = list(map(str, numbers))
    if len(set(texts)) < len(texts):
        raise ValueError(_errors.message("items with texts of their own", _twins(numbers), "items of one kind"))
    counts = np.bincount(found, minlength=len(texts))
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] >= min_count]
    if not len(order):
        most = int(counts.max()) if len(counts) else 0
        raise ValueError(
            _errors.message(
                f"words seen at least {min_count} times",
                f"{len(texts)} words, none more than {most} times",
                "min_count=1",
            )
        )
    new = np.full(len(texts), -1, np.int32)
    new[order] = np.arange(len(order), dtype=np.int32)
    ids = new[found]
    sentences = np.repeat(np.arange(len(lengths), dtype=np.int32), np.frombuffer(lengths, np.int32))
    frequent = ids >= 0
    return TokenIds([texts[i] for i in order], counts[order], ids[frequent], sentences[frequent], len(found))


def _twins(items: Iterable[Any]) -> str:
    """Two items of the same text, as an error shows them."""
    seen: dict[str, Any] = {}
    for item in items:
        if str(item) in seen:
            return f"{seen[str(item)]!r} and {item!r}"
        seen[str(item)] = item
    return "none"
