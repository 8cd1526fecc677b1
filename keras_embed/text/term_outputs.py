"""Weighted terms as tensors: those of TensorFlow inside its graphs, those of Keras' backend elsewhere."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_embed._backend import keras, sparse_matrix, tf
from keras_embed._errors import message
from keras_embed.text.term_counts import each_text
from keras_embed.text.term_matrix import TermMatrix

_SHAPES = "texts of shape (), (B,) or (B, 1)"


def vectors(matrix: TermMatrix, texts: Any, ordered: bool, sparse: bool, dtype: str) -> Any:
    """One vector for each text, or for each term of a text.

    Args:
        matrix: weights terms.
        texts: a string tensor of TensorFlow, or strings in lists or arrays, of shape (), (B,) or (B, 1).
        ordered: whether each term has a one-hot vector of its own.
        sparse: whether the answer is to be a sparse tensor.
        dtype: of the answer.

    Returns:
        (B, V), or (V,) for a single text; where `ordered`, (B, T, V) or (T, V).
    """
    backend = keras.config.backend()
    if _in_graph(texts):
        return _graph_vectors(matrix, texts, ordered, sparse and backend != "torch", dtype)
    strings = np.asarray(texts.numpy() if hasattr(texts, "numpy") else texts, object)
    _check_rank(strings.ndim, strings.shape)
    single, listed = strings.ndim == 0, list(each_text([strings.ravel()]))
    if ordered:
        answer: Any = _one_hot(matrix, listed)
    elif sparse and backend != "torch" and not single:
        rows = matrix.sparse(listed)
        values = keras.ops.convert_to_tensor(rows.values, dtype)
        return sparse_matrix(np.stack([rows.rows(), rows.ids], 1), values, (len(listed), rows.width))
    else:
        answer = matrix.sparse(listed).dense()
    return keras.ops.convert_to_tensor(answer[0] if single else answer, dtype)


def _in_graph(texts: Any) -> bool:
    return hasattr(texts, "graph") and not hasattr(texts, "numpy")


def _check_rank(rank: int | None, shape: Any) -> None:
    if rank is None or rank > 2 or (rank == 2 and shape[1] != 1):
        raise ValueError(message(_SHAPES, f"shape {tuple(shape) if rank else shape}"))


def _graph_vectors(matrix: TermMatrix, texts: Any, ordered: bool, sparse: bool, dtype: str) -> Any:
    _check_rank(texts.shape.rank, texts.shape)
    single, width = texts.shape.rank == 0, len(matrix.vocabulary)
    batch = None if single else texts.shape[0]
    texts = tf.reshape(texts, [-1])
    if ordered:
        numbers = matrix.numbers(texts).to_tensor(-1)  # (B, T)
        answer = tf.ensure_shape(tf.one_hot(numbers, width, dtype=dtype), (batch, None, width))
        return answer[0] if single else answer
    rows = tf.cast(matrix.sparse_tensor(texts), dtype)
    if not sparse:
        dense = tf.ensure_shape(tf.sparse.to_dense(rows), (batch, width))
        return dense[0] if single else dense
    return tf.sparse.reshape(rows, [width]) if single else rows


def _one_hot(matrix: TermMatrix, texts: list[Any]) -> Any:
    rows = matrix.ordered(texts)
    answer = np.zeros((len(rows), max(map(len, rows), default=0), len(matrix.vocabulary)), np.float32)
    for row, numbers in zip(answer, rows, strict=True):
        row[np.arange(len(numbers)), numbers] = 1
    return answer


def tracked(matrix: TermMatrix) -> list[Any]:
    """What a layer must hold for TensorFlow to save it; nothing on other backends."""
    if keras.config.backend() != "tensorflow":
        return []
    if matrix.pipeline.in_graph:
        return matrix.resources()
    return [_refusal(matrix.pipeline.check_exportable)]


def _refusal(check: Callable[[], None]) -> Any:
    class HostSteps(tf.Module):  # type: ignore[name-defined]
        """Stands where a table would, and objects to being saved."""

        def _trackable_children(self, save_type: str = "checkpoint", **kwargs: Any) -> Any:
            if save_type == "savedmodel":
                check()
            return super()._trackable_children(save_type, **kwargs)

    return HostSteps(name="host_steps")
