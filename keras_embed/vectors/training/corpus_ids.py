"""Corpora as sentences of words, and as ids."""

import os
from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors, corpora
from keras_embed._types import PathLike
from keras_embed.vectors._extras import positive

#: Input of the training functions: sentences, each a list of items, or the path of a text, one sentence in each line.
Corpus: TypeAlias = Iterable[Iterable[Hashable] | corpora.Sentence] | PathLike


class Sentences:
    """A corpus as lists of items, which can be read repeatedly.

    Args:
        corpus: lists of items; `corpora.Sentence`s; or the path of a tokenised text with one sentence in each line.

    Raises:
        TypeError: If the corpus can be read only once, such as a generator.
    """

    def __init__(self, corpus: Corpus) -> None:
        if not isinstance(corpus, str | os.PathLike):
            if isinstance(corpus, bytes | Mapping | set | frozenset) or hasattr(corpus, "columns"):
                raise TypeError(
                    _errors.message("`corpus`: a list of sentences", type(corpus).__name__, "a list of lists")
                )
            if not isinstance(corpus, Iterable):
                raise TypeError(_errors.message("`corpus`: sentences, or the path of a text", corpus))
            if iter(corpus) is corpus:
                raise TypeError(
                    _errors.message(
                        "a `corpus` that can be read more than once",
                        f"a {type(corpus).__name__}, empty after the first pass",
                        "list(corpus), or an object whose `__iter__` starts again",
                    )
                )
        self._corpus = corpus

    def items(self) -> Iterator[Iterable[Hashable]]:
        """Yields the sentences with their original items."""
        corpus = self._corpus
        for sentence in corpora.read_plain(os.fspath(corpus)) if isinstance(corpus, str | os.PathLike) else corpus:
            if isinstance(sentence, str):
                raise TypeError(
                    _errors.message("sentences that are lists of words", repr(sentence), "sentence.split()")
                )
            if isinstance(sentence, corpora.Sentence):
                yield sentence.tokens
            else:
                yield sentence if isinstance(sentence, list | tuple) else _listed(sentence)

    def __iter__(self) -> Iterator[list[str]]:
        """Yields the sentences with their items as strings."""
        for sentence in self.items():
            yield [str(_item(item)) for item in sentence]


def _listed(sentence: Any) -> Iterable[Hashable]:
    """Returns the items of a sentence that may be an array, or a tensor of a stream."""
    if isinstance(sentence, dict | bytes | set):
        raise TypeError(_errors.message("sentences that are lists of words", repr(sentence), "a list of lists"))
    if hasattr(sentence, "detach"):
        sentence = sentence.detach().cpu()
    if hasattr(sentence, "numpy"):
        sentence = sentence.numpy()
    if isinstance(sentence, bytes | str) or (isinstance(sentence, np.ndarray) and sentence.ndim != 1):
        shown = sentence if isinstance(sentence, bytes | str) else f"a tensor of shape {sentence.shape}"
        raise TypeError(
            _errors.message("a `corpus` of sentences, each a list of words", shown, "splitting each text into words")
        )
    if isinstance(sentence, np.ndarray):
        return list(sentence.tolist())
    if not isinstance(sentence, Iterable):
        raise TypeError(_errors.message("sentences that are lists of words", repr(sentence), "a list of lists"))
    return sentence


def _item(item: Hashable) -> Hashable:
    """Returns a word or other item: bytes are decoded, NumPy's scalars become Python's, None and NaN are refused."""
    if isinstance(item, np.generic):
        item = item.item()
    if isinstance(item, bytes):
        return item.decode("utf-8")
    if item is None or (isinstance(item, float) and item != item):
        raise TypeError(_errors.message("words, or items with a text", repr(item), "sentences without it"))
    return item


@dataclass(frozen=True)
class TokenIds:
    """A corpus as word ids. Rare words are removed, so that the words around them become neighbours.

    Attributes:
        words: V words, the most frequent first, then in the order of their first occurrence.
        counts: (V,) int64.
        ids: (T,) int32, the words of all sentences, concatenated.
        sentences: (T,) int32, index of the sentence of each word.
        tokens: number of words including the rare ones.
    """

    words: list[str]
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    sentences: NDArray[np.int32]
    tokens: int


def token_ids(corpus: Corpus, min_count: int) -> TokenIds:
    """Converts a corpus to ids in one pass.

    Args:
        corpus: see `Sentences`.
        min_count: words with a lower count are removed.

    Returns:
        `TokenIds`, with 8 bytes for each token of the corpus.

    Raises:
        TypeError: If the corpus can be read only once, or a sentence is not a list.
        ValueError: If no word is frequent enough, or two items have the same text.
    """
    min_count = positive("min_count", min_count)
    item_ids: defaultdict[Hashable, int] = defaultdict()
    item_ids.default_factory = item_ids.__len__  # a new item gets the next id
    flat, lengths = array("i"), array("i")
    for sentence in Sentences(corpus).items():
        before = len(flat)
        flat.extend(map(item_ids.__getitem__, sentence))
        lengths.append(len(flat) - before)
    found = np.frombuffer(flat, np.int32) if flat else np.zeros(0, np.int32)
    item_ids, found = _same_items(item_ids, found)
    texts = list(map(str, item_ids))
    if len(set(texts)) < len(texts):
        raise ValueError(_errors.message("items with distinct texts", _twins(item_ids), "items of one type"))
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
    # From ids by first occurrence to ids by descending count; -1 for rare words, which are removed.
    new = np.full(len(texts), -1, np.int32)
    new[order] = np.arange(len(order), dtype=np.int32)
    ids = new[found]
    sentences = np.repeat(np.arange(len(lengths), dtype=np.int32), np.frombuffer(lengths, np.int32))
    frequent = ids >= 0
    return TokenIds([texts[i] for i in order], counts[order], ids[frequent], sentences[frequent], len(found))


def _same_items(items: Mapping[Hashable, int], found: NDArray[np.int32]) -> tuple[Any, NDArray[np.int32]]:
    """Decodes the items; bytes and text of the same word get one id."""
    try:
        decoded = [_item(item) for item in items]
    except UnicodeDecodeError as wrong:
        raise ValueError(_errors.message("words in UTF-8", repr(wrong.object), "bytes.decode(encoding)")) from wrong
    table: dict[Hashable, int] = {}
    new = np.array([table.setdefault(item, len(table)) for item in decoded], np.int32)
    return table, (new[found] if len(table) < len(decoded) else found)


def _twins(items: Iterable[Hashable]) -> str:
    """Returns two items with the same text, for an error."""
    seen: dict[str, Hashable] = {}
    for item in items:
        if str(item) in seen:
            return f"{seen[str(item)]!r} and {item!r}"
        seen[str(item)] = item
    return "none"
