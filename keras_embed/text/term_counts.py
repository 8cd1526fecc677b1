"""Counts of terms and documents, and inverse document frequencies computed from them."""

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_one_of, message
from keras_embed._types import PathLike
from keras_embed.text import _files
from keras_embed.text.pipeline import Pipeline
from keras_embed.text.strings import each_text

Ints = NDArray[np.int64]
_BATCH = 256  # documents; the words of a batch fit into the processor's cache
_FORM = ("keras_embed.TermCounts", 1)

#: Inverse document frequencies by name, of N documents, df of which contain the term.
IDF = {
    "smooth": lambda n, df: np.log((1 + n) / (1 + df)) + 1,
    "plain": lambda n, df: np.log(n / df) + 1,
    "textbook": lambda n, df: np.log(n / df),
    "keras": lambda n, df: np.log(1 + n / (1 + df)),
    "none": lambda n, df: np.ones_like(df),
}
NORMS = ("l1", "l2", None)


def idf(name: str, num_documents: int, documents: ArrayLike) -> NDArray[np.float64]:
    """Computes inverse document frequencies.

    Args:
        name: "smooth", ln((1 + N) / (1 + df)) + 1, as scikit-learn; "plain", ln(N / df) + 1, as scikit-learn with
            `smooth_idf=False`; "textbook", ln(N / df); "keras", ln(1 + N / (1 + df)), as Keras' TextVectorization;
            "none", 1.
        num_documents: N.
        documents: df of each term, at least 1, (V,).

    Returns:
        float64 (V,).

    Raises:
        ValueError: If `name` is unknown.

    Example:
    >>> idf("textbook", 8, [8, 1]).round(4).tolist()
    [0.0, 2.0794]
    """
    check_one_of("idf", name, IDF)
    return np.asarray(IDF[name](float(num_documents), np.asarray(documents, np.float64)))


class TermCounts:
    """Counts of terms over some documents. The counts of two shards can be added.

    So any engine with map and reduce can count: each worker runs `from_texts` on its shard, the results are pickled,
    and `+` merges them. Memory grows with the number of distinct terms, not with the number of documents.

    Args:
        terms: distinct terms.
        totals: occurrences of each, int64 (V,).
        documents: number of documents that contain each, int64 (V,).
        num_documents: number of documents, empty ones included.

    Raises:
        ValueError: If terms are repeated or do not have two numbers each.

    Example:
    >>> counts = TermCounts.from_texts(["to be or not to be"]) + TermCounts.from_texts(["To go"])
    >>> counts.num_documents, counts.total("to"), counts.document_count("to")
    (2, 3, 2)
    """

    def __init__(self, terms: Iterable[str], totals: ArrayLike, documents: ArrayLike, num_documents: int) -> None:
        self._index = {term: index for index, term in enumerate(terms)}
        self._totals: Ints = np.asarray(totals, np.int64)
        self._documents: Ints = np.asarray(documents, np.int64)
        self.num_documents = int(num_documents)
        if not self._totals.shape == self._documents.shape == (len(self._index),):
            shapes = f"{len(self._index)} terms, {self._totals.shape} totals, {self._documents.shape} documents"
            raise ValueError(message("distinct terms, and two numbers for each", shapes))

    @classmethod
    def from_texts(cls, texts: Iterable[Any], pipeline: Pipeline | None = None) -> "TermCounts":
        """Counts the terms of a stream of texts.

        Args:
            texts: strings or UTF-8 bytes, arrays or lists of them, or objects with `tokens`; lists, generators and
                `tf.data` datasets alike. Of a pair (text, label), the text is counted.
            pipeline: converts texts to terms; `None` for scikit-learn's words.
        """
        pipeline = Pipeline() if pipeline is None else pipeline
        index = _numbering()
        totals, documents, seen = np.zeros(_BATCH, np.int64), np.zeros(_BATCH, np.int64), 0
        for batch in _batches(each_text(texts)):
            rows = pipeline.texts(batch)
            seen += len(rows)
            ids, lengths = flat_ids(rows, index.__getitem__)
            if not len(ids):
                continue
            # One key for each pair (term, document): sorted, equal keys are the occurrences of a term in a document.
            keys = ids * len(rows) + np.repeat(np.arange(len(rows)), lengths)
            keys.sort()
            terms = keys // len(rows)
            starts = np.flatnonzero(np.diff(terms, prepend=-1))  # first key of each distinct term
            totals, documents = _grown(totals, len(index)), _grown(documents, len(index))
            totals[terms[starts]] += np.diff(starts, append=len(terms))
            documents[terms[starts]] += np.add.reduceat(np.diff(keys, prepend=-1) > 0, starts)
        return cls(index, totals[: len(index)], documents[: len(index)], seen)

    def __add__(self, other: "TermCounts") -> "TermCounts":
        """Returns the counts of both sets of documents."""
        index = _numbering(self._index)
        ids = np.fromiter(map(index.__getitem__, other._index), np.int64, len(other._index))
        totals, documents = np.zeros((2, len(index)), np.int64)
        totals[: len(self)] = self._totals
        documents[: len(self)] = self._documents
        totals[ids] += other._totals
        documents[ids] += other._documents
        return TermCounts(index, totals, documents, self.num_documents + other.num_documents)

    def __len__(self) -> int:
        return len(self._index)

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __contains__(self, term: object) -> bool:
        return term in self._index

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TermCounts):
            return NotImplemented
        return self.num_documents == other.num_documents and self.as_dict() == other.as_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<TermCounts of {len(self)} terms in {self.num_documents} documents>"

    def as_dict(self) -> dict[str, tuple[int, int]]:
        """Returns term to (occurrences, documents)."""
        pairs = zip(self._totals.tolist(), self._documents.tolist(), strict=True)
        return dict(zip(self._index, pairs, strict=True))

    def total(self, term: str) -> int:
        """Returns the number of occurrences of a term."""
        return int(self._totals[self._index[term]]) if term in self._index else 0

    def document_count(self, term: str) -> int:
        """Returns the number of documents that contain a term."""
        return int(self._documents[self._index[term]]) if term in self._index else 0

    def select(
        self, min_df: float = 1, max_df: float = 1.0, max_features: int | None = None, binary: bool = False
    ) -> tuple[list[str], Ints]:
        """Selects the terms of a vectoriser by scikit-learn's rules.

        Args:
            min_df: drops terms of fewer documents. An int is a number of documents, a float a proportion of them.
            max_df: drops terms of more documents, likewise.
            max_features: then keeps at most this number of terms, the most frequent. Ties are broken by NumPy's
                `argsort`, as in scikit-learn.
            binary: measures frequency in documents, not in occurrences.

        Returns:
            the terms, sorted by code point, and the number of documents of each, int64 (V,).

        Raises:
            ValueError: If no term is left, or if `max_df` is below `min_df`.
        """
        highest = max_df if isinstance(max_df, int) else max_df * self.num_documents
        lowest = min_df if isinstance(min_df, int) else min_df * self.num_documents
        if self.num_documents and highest < lowest:
            raise ValueError(message("`max_df` to be no fewer documents than `min_df`", f"{max_df} and {min_df}"))
        terms = list(self._index)
        kept = np.flatnonzero((self._documents <= highest) & (self._documents >= lowest))
        kept = np.array(sorted(kept.tolist(), key=terms.__getitem__), np.int64)
        if max_features is not None and len(kept) > max_features:
            totals = (self._documents if binary else self._totals)[kept]
            # In floats, as in TfidfVectorizer: the order of ties depends on the dtype.
            kept = kept[np.sort((-totals.astype(np.float64)).argsort()[:max_features])]
        if not len(kept):
            received = f"{len(self)} terms in {self.num_documents} documents, min_df={min_df}, max_df={max_df}"
            raise ValueError(message("a term to be left", received, "a lower min_df or a higher max_df"))
        return [terms[index] for index in kept.tolist()], self._documents[kept]

    def save(self, path: PathLike) -> None:
        """Writes a JSON file atomically."""
        counts = {"totals": self._totals.tolist(), "documents": self._documents.tolist()}
        content = {"num_documents": self.num_documents, "terms": list(self._index), **counts}
        _files.write_readable(path, _FORM, content)

    @classmethod
    def load(cls, path: PathLike) -> "TermCounts":
        """Reads what `save` wrote.

        Raises:
            ValueError: If the file holds something else.
        """
        try:
            content = json.loads(Path(path).read_bytes().decode("utf-8"))
            if (content["format"], content["version"]) != _FORM:
                raise ValueError(f"{content['format']!r}, version {content['version']}")
            return cls(content["terms"], content["totals"], content["documents"], content["num_documents"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: " + message("a file that TermCounts.save wrote", str(error))) from error


def _numbering(known: Mapping[str, int] | None = None) -> dict[str, int]:
    """Returns a dictionary that gives each new key the next id."""
    index: defaultdict[str, int] = defaultdict(None, known or {})
    index.default_factory = index.__len__
    return index


def flat_ids(rows: list[list[str]], term_id: Callable[..., int], *defaults: Iterable[int]) -> tuple[Ints, Ints]:
    """Returns the term ids of all rows, concatenated, and the length of each row."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    terms = itertools.chain.from_iterable(rows)
    return np.fromiter(map(term_id, terms, *defaults), np.int64, int(lengths.sum())), lengths


def _batches(texts: Iterator[str | bytes]) -> Iterator[list[str | bytes]]:
    while batch := list(itertools.islice(texts, _BATCH)):
        yield batch


def _grown(counts: Ints, size: int) -> Ints:
    """Grows an array to at least `size`, by doubling, so that growing costs amortised constant time."""
    if len(counts) >= size:
        return counts
    return np.concatenate([counts, np.zeros(max(size, 2 * len(counts)) - len(counts), np.int64)])
