"""Texts as weighted terms of a fixed vocabulary: in NumPy for lists, in TensorFlow's graph for string tensors."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_one_of, message
from keras_embed.text._tables import WordTable
from keras_embed.text.pipeline import Pipeline
from keras_embed.text.term_counts import flat_numbers
from keras_embed.text.term_weights import NORMS

_BATCH = 256  # the words of a batch stay in the processor's cache


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix of floats, row by row (CSR).

    Attributes:
        splits: int64 (B + 1,), where each row begins and ends in the other two.
        ids: int32 (N,), columns, rising within a row.
        values: float32 (N,).
        width: number of columns.
    """

    splits: NDArray[np.int64]
    ids: NDArray[np.int32]
    values: NDArray[np.float32]
    width: int

    def rows(self) -> NDArray[np.int64]:
        """The row of each value, int64 (N,)."""
        return np.repeat(np.arange(len(self.splits) - 1), np.diff(self.splits))

    def dense(self) -> NDArray[np.float32]:
        """The whole matrix, (B, V)."""
        matrix = np.zeros((len(self.splits) - 1, self.width), np.float32)
        matrix[self.rows(), self.ids] = self.values
        return matrix

    def to_scipy(self) -> Any:
        """The matrix as SciPy has it.

        Raises:
            ImportError: where SciPy is not installed.
        """
        try:
            import scipy.sparse
        except ImportError as error:
            raise ImportError(message("SciPy for `to_scipy`", "none installed", "pip install scipy")) from error
        return scipy.sparse.csr_array((self.values, self.ids, self.splits), (len(self.splits) - 1, self.width))


class TermMatrix:
    """Counts and weights of known terms in texts. Unknown terms are left out.

    A weight is tf x idf, where tf is the number of times that the term occurs in the text, or 1 (`binary`), or
    1 + ln of that number (`sublinear_tf`). Then each text's weights are divided by their norm.

    Args:
        terms: distinct terms; the place of a term is its number.
        idf: of each term, (V,).
        pipeline: text to terms.
        binary: whether a term counts once.
        sublinear_tf: whether tf is 1 + ln(count).
        norm: "l2", "l1" or None.

    Raises:
        ValueError: for another `norm`, and unless terms are distinct and have one idf each.

    Example:
    >>> matrix = TermMatrix(["be", "to"], [1.0, 2.0], norm=None)
    >>> matrix.sparse(["To be or not to be", ""]).dense().tolist()
    [[2.0, 4.0], [0.0, 0.0]]
    >>> ids, weights = matrix.terms(["To be or not to be", ""])
    >>> ids.to_list(), weights.to_list()
    ([[0, 1], []], [[2.0, 4.0], []])
    """

    def __init__(
        self,
        terms: Sequence[str],
        idf: Any,
        pipeline: Pipeline | None = None,
        binary: bool = False,
        sublinear_tf: bool = False,
        norm: str | None = "l2",
    ) -> None:
        check_one_of("norm", norm, NORMS)
        self.vocabulary = tuple(terms)
        self.idf = np.asarray(idf, np.float64)
        self._index = {term: place for place, term in enumerate(self.vocabulary)}
        if not self.idf.shape == (len(self._index),) == (len(self.vocabulary),):
            raise ValueError(
                message("distinct terms and one idf for each", f"{len(self.vocabulary)}, {self.idf.shape}")
            )
        self.pipeline = Pipeline() if pipeline is None else pipeline
        self.binary, self.sublinear_tf, self.norm = binary, sublinear_tf, norm
        self._table = WordTable(self.vocabulary)

    def sparse(self, texts: Iterable[Any]) -> SparseRows:
        """The host lane: texts, strings or bytes, as a sparse matrix."""
        texts = iter(texts)
        parts = []
        while batch := list(itertools.islice(texts, _BATCH)):
            parts.append(self._batch(batch))
        splits, ids, values = (np.concatenate(columns) for columns in zip(_NOTHING, *parts, strict=True))
        return SparseRows(np.cumsum(splits), ids, values, len(self.vocabulary))

    def _batch(self, texts: list[Any]) -> tuple[Any, Any, Any]:
        rows, width = self.pipeline.texts(texts), len(self.vocabulary)
        numbers, lengths = flat_numbers(rows, self._index.get, itertools.repeat(-1))
        keys = (np.repeat(np.arange(len(rows)), lengths) * width + numbers)[numbers >= 0]
        keys.sort()  # by text, then by term
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        row, ids = np.divmod(keys[starts], width)
        weights = np.diff(starts, append=len(keys)).astype(np.float64)
        if self.binary:
            weights = np.ones_like(weights)
        if self.sublinear_tf:
            weights = np.log(weights) + 1
        weights *= self.idf[ids]
        if self.norm is not None:
            sizes = np.bincount(row, np.abs(weights) if self.norm == "l1" else weights**2, minlength=len(rows))
            sizes = np.sqrt(sizes) if self.norm == "l2" else sizes
            weights /= np.where(sizes > 0, sizes, 1)[row]
        return np.bincount(row, minlength=len(rows)), ids.astype(np.int32), weights.astype(np.float32)

    def ordered(self, texts: Iterable[Any]) -> list[Any]:
        """The host lane: the numbers of the known terms of each text, in the order of the text."""
        rows = self.pipeline.texts(texts)
        numbers, lengths = flat_numbers(rows, self._index.get, itertools.repeat(-1))
        return [row[row >= 0] for row in np.split(numbers, np.cumsum(lengths)[:-1])] if rows else []

    def terms(self, strings: Any) -> tuple[Any, Any]:
        """The graph lane: the terms of each text, rising, and their weights.

        Args:
            strings: string tensor (B,).

        Returns:
            two ragged tensors (B, None): numbers of terms, int32, and weights, float32.
        """
        numbers = self.numbers(strings)
        counted = tf.raw_ops.RaggedCountSparseOutput(
            splits=tf.concat([numbers.row_splits, numbers.row_splits[-1:]], 0),  # it takes no batch of no rows
            values=tf.cast(numbers.values, tf.int64),
            weights=tf.zeros([0], tf.float64),
            minlength=-1,
            maxlength=-1,
            binary_output=self.binary,
        )
        row, ids = counted.output_indices[:, 0], counted.output_indices[:, 1]
        weights, size = tf.cast(counted.output_values, tf.float64), numbers.nrows()
        if self.sublinear_tf:
            weights = tf.math.log(weights) + 1
        weights *= tf.gather(tf.constant(self.idf), ids)
        if self.norm is not None:
            parts = tf.abs(weights) if self.norm == "l1" else weights**2
            sizes = tf.math.unsorted_segment_sum(parts, row, size)
            sizes = tf.sqrt(sizes) if self.norm == "l2" else sizes
            weights /= tf.gather(tf.where(sizes > 0, sizes, 1), row)
        ids = tf.RaggedTensor.from_value_rowids(tf.cast(ids, tf.int32), row, size, validate=False)
        return ids, ids.with_values(tf.cast(weights, tf.float32))

    def numbers(self, strings: Any) -> Any:
        """The numbers of the known terms of each text, in the order of the text, ragged int32 (B, None)."""
        terms = self.pipeline.graph(strings)  # (B, None)
        numbers = terms.with_flat_values(self._table.lookup(terms.flat_values))
        return tf.ragged.boolean_mask(numbers, numbers >= 0)

    def sparse_tensor(self, strings: Any) -> Any:
        """The graph lane's weights as a `tf.SparseTensor` (B, V)."""
        ids, weights = self.terms(strings)
        places = tf.stack([ids.value_rowids(), tf.cast(ids.values, tf.int64)], 1)
        return tf.SparseTensor(places, weights.values, tf.stack([ids.nrows(), len(self.vocabulary)]))

    def resources(self) -> list[Any]:
        """The tables that an exporter must track."""
        return [self._table.resource, *self.pipeline.resources()]


_NOTHING = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
