"""How often terms occur, and in how many documents: what TF-IDF is made from."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed.text._vocabulary_file import write_json
from keras_embed.text.pipeline import Pipeline

Ints = NDArray[np.int64]
_BATCH = 256  # the words of a batch stay in the processor's cache
_FORMAT, _VERSION = "keras_embed.TermCounts", 1


class TermCounts:
    """Counts of terms over some documents; counts of two shards add up to those of both.

    So any engine that can run Python and reduce can count: each worker runs `from_texts` on its shard, the results
    pickle, and `+` merges them. Memory grows with the number of distinct terms, not of documents.

    Args:
        terms: distinct terms.
        totals: occurrences of each, int64 (V,).
        documents: in how many documents each occurs, int64 (V,).
        num_documents: how many documents there were, the empty ones included.

    Raises:
        ValueError: unless terms are distinct and have two numbers each.

    Example:
    >>> counts = TermCounts.from_texts(["to be or not to be"]) + TermCounts.from_texts(["To go"])
    >>> counts.num_documents, counts.total("to"), counts.document_count("to")
    (2, 3, 2)
    """

    def __init__(self, terms: Iterable[str], totals: Any, documents: Any, num_documents: int) -> None:
        self._index = {term: place for place, term in enumerate(terms)}
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
                `tf.data` datasets alike. Of a pair (text, label) the text is taken.
            pipeline: text to terms; `None` for scikit-learn's words.
        """
        pipeline = Pipeline() if pipeline is None else pipeline
        index = _numbering()
        totals, documents, seen = np.zeros(_BATCH, np.int64), np.zeros(_BATCH, np.int64), 0
        for batch in _batches(each_text(texts)):
            rows = pipeline.texts(batch)
            seen += len(rows)
            numbers, lengths = flat_numbers(rows, index.__getitem__)
            if not len(numbers):
                continue
            keys = numbers * len(rows) + np.repeat(np.arange(len(rows)), lengths)
            keys.sort()  # by term, then by document
            terms = keys // len(rows)
            starts = np.flatnonzero(np.diff(terms, prepend=-1))
            totals, documents = _grown(totals, len(index)), _grown(documents, len(index))
            totals[terms[starts]] += np.diff(starts, append=len(terms))
            documents[terms[starts]] += np.add.reduceat(np.diff(keys, prepend=-1) > 0, starts)
        return cls(index, totals[: len(index)], documents[: len(index)], seen)

    def __add__(self, other: "TermCounts") -> "TermCounts":
        """The counts of both sets of documents together."""
        index = _numbering(self._index)
        places = np.fromiter(map(index.__getitem__, other._index), np.int64, len(other._index))
        totals, documents = np.zeros((2, len(index)), np.int64)
        totals[: len(self)] = self._totals
        documents[: len(self)] = self._documents
        totals[places] += other._totals
        documents[places] += other._documents
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
        """Term -> (occurrences, documents)."""
        pairs = zip(self._totals.tolist(), self._documents.tolist(), strict=True)
        return dict(zip(self._index, pairs, strict=True))

    def total(self, term: str) -> int:
        """How often a term occurs."""
        return int(self._totals[self._index[term]]) if term in self._index else 0

    def document_count(self, term: str) -> int:
        """In how many documents a term occurs."""
        return int(self._documents[self._index[term]]) if term in self._index else 0

    def select(
        self, min_df: float = 1, max_df: float = 1.0, max_features: int | None = None, binary: bool = False
    ) -> tuple[list[str], Ints]:
        """The terms that a vectoriser keeps, by scikit-learn's rules.

        Args:
            min_df: terms of fewer documents go. An int is a number of documents, a float a share of them.
            max_df: terms of more documents go; likewise.
            max_features: of those left, at most so many, the most frequent in all. Among terms equally frequent the
                choice is NumPy's `argsort`, as in scikit-learn.
            binary: frequent means in many documents.

        Returns:
            the terms by code point, and the number of documents of each, int64 (V,).

        Raises:
            ValueError: where no term is left, or `max_df` is below `min_df`.
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
            # In floats, as in TfidfVectorizer: the order of equals depends on the type.
            kept = kept[np.sort((-totals.astype(np.float64)).argsort()[:max_features])]
        if not len(kept):
            received = f"{len(self)} terms in {self.num_documents} documents, min_df={min_df}, max_df={max_df}"
            raise ValueError(message("a term to be left", received, "a lower min_df or a higher max_df"))
        return [terms[place] for place in kept.tolist()], self._documents[kept]

    def save(self, path: str | Path) -> None:
        """Writes a JSON file. It appears whole or not at all."""
        content = {"format": _FORMAT, "version": _VERSION, "num_documents": self.num_documents}
        counts = {"totals": self._totals.tolist(), "documents": self._documents.tolist()}
        write_json(path, {**content, "terms": list(self._index), **counts})

    @classmethod
    def load(cls, path: str | Path) -> "TermCounts":
        """Reads what `save` wrote.

        Raises:
            ValueError: naming the file, where it holds something else.
        """
        try:
            content = json.loads(Path(path).read_bytes().decode("utf-8"))
            if (content["format"], content["version"]) != (_FORMAT, _VERSION):
                raise ValueError(f"{content['format']!r}, version {content['version']}")
            return cls(content["terms"], content["totals"], content["documents"], content["num_documents"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: " + message("a file that TermCounts.save wrote", str(error))) from error


def _numbering(known: Mapping[str, int] | None = None) -> dict[str, int]:
    """A dictionary that numbers terms in the order in which they are first asked for."""
    index: defaultdict[str, int] = defaultdict(None, known or {})
    index.default_factory = index.__len__
    return index


def flat_numbers(rows: list[list[str]], number: Any, *defaults: Any) -> tuple[Ints, Ints]:
    """The numbers of the terms of all rows, one row after the other, and the length of each row."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    terms = itertools.chain.from_iterable(rows)
    return np.fromiter(map(number, terms, *defaults), np.int64, int(lengths.sum())), lengths


def each_text(texts: Any) -> Iterator[Any]:
    """The single texts of a stream of texts, batches, pairs with labels, or tokenised sentences."""
    if isinstance(texts, (str, bytes)):
        raise ValueError(message("an iterable of texts", texts, "[text]"))
    for item in texts:
        if isinstance(item, tuple):
            item = item[0]
        if hasattr(item, "tokens"):
            item = " ".join(item.tokens)
        if hasattr(item, "numpy"):
            item = item.numpy()
        if isinstance(item, (str, bytes)):
            yield item
        elif isinstance(item, (list, np.ndarray)):
            yield from np.ravel(np.asarray(item, object)).tolist()
        else:
            raise ValueError(message("every text to be a string, bytes, or a batch of them", item))


def _batches(texts: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(texts, _BATCH)):
        yield batch


def _grown(counts: Ints, size: int) -> Ints:
    """Room for `size` numbers: doubled where it is too little, so that growing costs little."""
    if len(counts) >= size:
        return counts
    return np.concatenate([counts, np.zeros(max(size, 2 * len(counts)) - len(counts), np.int64)])
