"""TF-IDF weights of texts: in NumPy for lists, in TensorFlow's graph for string tensors, and as Keras tensors."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._backend import keras, sparse_matrix, tf
from keras_embed._errors import check_one_of, message
from keras_embed._types import Shape, Tensor, TFTensor
from keras_embed.text.pipeline import Pipeline
from keras_embed.text.strings import IdLookup, each_text
from keras_embed.text.term_counts import flat_ids

NORMS = ("l1", "l2", None)
_BATCH = 256  # texts; the words of a batch fit into the processor's cache
_SHAPES = "texts of shape (), (B,) or (B, 1)"


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix of floats, row by row (CSR).

    Attributes:
        splits: int64 (B + 1,), row b is [splits[b], splits[b + 1]) of the other two.
        ids: int32 (N,), columns, ascending within a row.
        values: float32 (N,).
        width: number of columns.
    """

    splits: NDArray[np.int64]
    ids: NDArray[np.int32]
    values: NDArray[np.float32]
    width: int

    def rows(self) -> NDArray[np.int64]:
        """Returns the row of each value, int64 (N,)."""
        return np.repeat(np.arange(len(self.splits) - 1), np.diff(self.splits))

    def dense(self) -> NDArray[np.float32]:
        """Returns the dense matrix, (B, V)."""
        matrix = np.zeros((len(self.splits) - 1, self.width), np.float32)
        matrix[self.rows(), self.ids] = self.values
        return matrix

    def to_scipy(self) -> Any:
        """Returns a `scipy.sparse.csr_array`.

        Raises:
            ImportError: If SciPy is not installed.
        """
        try:
            import scipy.sparse
        except ImportError as error:
            raise ImportError(message("SciPy for `to_scipy`", "none installed", "pip install scipy")) from error
        return scipy.sparse.csr_array((self.values, self.ids, self.splits), (len(self.splits) - 1, self.width))


class TermMatrix:
    """TF-IDF weights of the terms of a vocabulary in texts. Out-of-vocabulary terms are ignored.

    A weight is tf x idf, where tf is the number of occurrences of the term in the text, or 1 (`binary`), or 1 + ln of
    that number (`sublinear_tf`). Then each text's weights are divided by their norm.

    Args:
        terms: distinct terms; a term's id is its index.
        idf: of each term, (V,).
        pipeline: converts texts to terms.
        binary: counts each term of a text once.
        sublinear_tf: uses tf = 1 + ln(count).
        norm: "l2", "l1" or None.

    Raises:
        ValueError: If `norm` is unknown, or if terms are repeated or do not have one idf each.

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
        idf: ArrayLike,
        pipeline: Pipeline | None = None,
        binary: bool = False,
        sublinear_tf: bool = False,
        norm: str | None = "l2",
    ) -> None:
        check_one_of("norm", norm, NORMS)
        self.vocabulary = tuple(terms)
        self.idf = np.asarray(idf, np.float64)
        self._index = {term: index for index, term in enumerate(self.vocabulary)}
        if not self.idf.shape == (len(self._index),) == (len(self.vocabulary),):
            raise ValueError(
                message("distinct terms and one idf for each", f"{len(self.vocabulary)}, {self.idf.shape}")
            )
        self.pipeline = Pipeline() if pipeline is None else pipeline
        self.binary, self.sublinear_tf, self.norm = binary, sublinear_tf, norm
        self._table = IdLookup(self.vocabulary)

    def sparse(self, texts: Iterable[str | bytes]) -> SparseRows:
        """Computes the weights of texts in Python, as a sparse matrix."""
        texts = iter(texts)
        parts = []
        while batch := list(itertools.islice(texts, _BATCH)):
            parts.append(self._batch(batch))
        splits, ids, values = (np.concatenate(columns) for columns in zip(_EMPTY, *parts, strict=True))
        return SparseRows(np.cumsum(splits), ids, values, len(self.vocabulary))

    def _batch(self, texts: list[str | bytes]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        rows, width = self.pipeline.texts(texts), len(self.vocabulary)
        term_ids, lengths = flat_ids(rows, self._index.get, itertools.repeat(-1))
        # One key for each pair (text, term): sorted, equal keys are the occurrences of a term in a text.
        keys = (np.repeat(np.arange(len(rows)), lengths) * width + term_ids)[term_ids >= 0]
        keys.sort()
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

    def ordered(self, texts: Iterable[str | bytes]) -> list[NDArray[np.int64]]:
        """Returns the term ids of each text in Python, in the order of the text."""
        rows = self.pipeline.texts(texts)
        term_ids, lengths = flat_ids(rows, self._index.get, itertools.repeat(-1))
        return [row[row >= 0] for row in np.split(term_ids, np.cumsum(lengths)[:-1])] if rows else []

    def terms(self, strings: TFTensor) -> tuple[TFTensor, TFTensor]:
        """Computes the terms of each text, ascending, and their weights, in the graph.

        Args:
            strings: string tensor (B,).

        Returns:
            two ragged tensors (B, None): term ids, int32, and weights, float32.
        """
        ids = self.term_ids(strings)
        counted = tf.raw_ops.RaggedCountSparseOutput(
            splits=tf.concat([ids.row_splits, ids.row_splits[-1:]], 0),  # an extra empty row: it rejects empty batches
            values=tf.cast(ids.values, tf.int64),
            weights=tf.zeros([0], tf.float64),
            minlength=-1,
            maxlength=-1,
            binary_output=self.binary,
        )
        size, row, ids = ids.nrows(), counted.output_indices[:, 0], counted.output_indices[:, 1]
        weights = tf.cast(counted.output_values, tf.float64)  # (N,)
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

    def term_ids(self, strings: TFTensor) -> TFTensor:
        """Returns the term ids of each text in the order of the text, ragged int32 (B, None), in the graph."""
        terms = self.pipeline.graph(strings)  # (B, None)
        ids = terms.with_flat_values(self._table.lookup(terms.flat_values))
        return tf.ragged.boolean_mask(ids, ids >= 0)

    def sparse_tensor(self, strings: TFTensor) -> TFTensor:
        """Computes the weights in the graph, as a `tf.SparseTensor` (B, V)."""
        ids, weights = self.terms(strings)
        indices = tf.stack([ids.value_rowids(), tf.cast(ids.values, tf.int64)], 1)
        return tf.SparseTensor(indices, weights.values, tf.stack([ids.nrows(), len(self.vocabulary)]))

    def resources(self) -> list[TFTensor]:
        """Returns the lookup tables, which an exporter must track."""
        return [self._table.table, *self.pipeline.resources()]


_EMPTY = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))


def vectors(matrix: TermMatrix, texts: Tensor, ordered: bool, sparse: bool, dtype: str) -> Tensor:
    """Computes one vector for each text, or for each term of a text.

    Inside a TensorFlow graph the result is a tensor of TensorFlow, elsewhere one of Keras' backend.

    Args:
        matrix: computes the weights.
        texts: a string tensor of TensorFlow, or strings in lists or arrays, of shape (), (B,) or (B, 1).
        ordered: returns a one-hot vector for each term.
        sparse: returns a sparse tensor where the backend has them.
        dtype: of the result.

    Returns:
        (B, V), or (V,) for a single text; if `ordered`, (B, T, V) or (T, V).
    """
    backend = keras.config.backend()
    if _in_graph(texts):
        return _graph_vectors(matrix, texts, ordered, sparse and backend != "torch", dtype)
    strings = np.asarray(texts.numpy() if hasattr(texts, "numpy") else texts, object)
    _check_rank(strings.ndim, strings.shape)
    single, listed = strings.ndim == 0, list(each_text([strings.ravel()]))
    if ordered:
        result: Tensor = _one_hot(matrix, listed)
    elif sparse and backend != "torch" and not single:
        rows = matrix.sparse(listed)
        values = keras.ops.convert_to_tensor(rows.values, dtype)
        return sparse_matrix(np.stack([rows.rows(), rows.ids], 1), values, (len(listed), rows.width))
    else:
        result = matrix.sparse(listed).dense()
    return keras.ops.convert_to_tensor(result[0] if single else result, dtype)


def _in_graph(texts: Tensor) -> bool:
    return hasattr(texts, "graph") and not hasattr(texts, "numpy")


def _check_rank(rank: int | None, shape: Shape) -> None:
    if rank is None or rank > 2 or (rank == 2 and shape[1] != 1):
        raise ValueError(message(_SHAPES, f"shape {tuple(shape) if rank else shape}"))


def _graph_vectors(matrix: TermMatrix, texts: TFTensor, ordered: bool, sparse: bool, dtype: str) -> TFTensor:
    _check_rank(texts.shape.rank, texts.shape)
    single, width = texts.shape.rank == 0, len(matrix.vocabulary)
    batch = None if single else texts.shape[0]
    texts = tf.reshape(texts, [-1])
    if ordered:
        ids = matrix.term_ids(texts).to_tensor(-1)  # (B, T)
        one_hot = tf.ensure_shape(tf.one_hot(ids, width, dtype=dtype), (batch, None, width))  # (B, T, V)
        return one_hot[0] if single else one_hot
    rows = tf.cast(matrix.sparse_tensor(texts), dtype)
    if not sparse:
        dense = tf.ensure_shape(tf.sparse.to_dense(rows), (batch, width))
        return dense[0] if single else dense
    return tf.sparse.reshape(rows, [width]) if single else rows


def _one_hot(matrix: TermMatrix, texts: list[str | bytes]) -> NDArray[np.float32]:
    rows = matrix.ordered(texts)
    one_hot = np.zeros((len(rows), max(map(len, rows), default=0), len(matrix.vocabulary)), np.float32)
    for row, ids in zip(one_hot, rows, strict=True):
        row[np.arange(len(ids)), ids] = 1
    return one_hot  # (B, T, V)


def tracked(matrix: TermMatrix) -> list[TFTensor]:
    """Returns the objects that a layer must track for TensorFlow to export it; none on other backends."""
    if keras.config.backend() != "tensorflow":
        return []
    if matrix.pipeline.in_graph:
        return matrix.resources()
    return [_refusal(matrix.pipeline.check_exportable)]


def _refusal(check: Callable[[], None]) -> TFTensor:
    class HostSteps(tf.Module):  # type: ignore[name-defined]
        """Raises an error when TensorFlow saves it."""

        def _trackable_children(self, save_type: str = "checkpoint", **kwargs: Any) -> Any:
            if save_type == "savedmodel":
                check()
            return super()._trackable_children(save_type, **kwargs)

    return HostSteps(name="host_steps")
