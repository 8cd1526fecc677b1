"""Sparse matrices of the configured backend."""

import importlib
from typing import Any

from keras_embed._backend.frameworks import keras, tf
from keras_embed._types import Tensor


def sparse_matrix(indices: Tensor, values: Tensor, shape: tuple[int, int]) -> Any:
    """Builds a sparse matrix that `keras.ops` takes, on TensorFlow and JAX; Keras has none on PyTorch.

    Args:
        indices: int64 (N, 2), rows and columns, sorted by row, each pair once.
        values: tensor (N,).
        shape: shape of the matrix.

    Returns:
        `jax.experimental.sparse.BCOO` on JAX, else `tf.SparseTensor`.
    """
    if keras.config.backend() == "jax":
        bcoo = importlib.import_module("jax.experimental.sparse").BCOO
        return bcoo((values, indices), shape=shape, indices_sorted=True, unique_indices=True)
    return tf.SparseTensor(indices, values, shape)
