"""Layers between sentences and the fixed-length windows that an encoder reads."""

import keras
from keras import ops

from keras_embed._types import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class WindowRows(keras.layers.Layer):
    """Flattens the windows of all sentences into one batch, `(B, N, ...)` to `(B N, ...)`.

    Call arguments:
        windows: Tensor of shape `(B, N, ...)`, N windows for each sentence.

    Returns:
        Tensor of shape `(B N, ...)`. The windows of a sentence stay adjacent.
    """

    def call(self, windows: Tensor) -> Tensor:
        return ops.reshape(windows, (-1, *ops.shape(windows)[2:]))  # (B N, ...)

    def compute_output_shape(self, windows_shape: Shape) -> Shape:
        batch, count, *others = windows_shape
        # B N is known if both factors are.
        return (None if batch is None or count is None else batch * count, *others)


@keras.saving.register_keras_serializable(package="keras_embed")
class WordsOfWindows(keras.layers.Layer):
    """Gathers one vector for each word from the vectors of the windows.

    Call arguments:
        vectors: Float tensor of shape `(B N, T, D)`.
        positions: Int tensor of shape `(B, W)`, indices into the `N T` positions of a sentence. Values at padding may
            be any valid index.

    Returns:
        Float tensor of shape `(B, W, D)`.
    """

    def call(self, vectors: Tensor, positions: Tensor) -> Tensor:
        sentences = ops.reshape(vectors, (ops.shape(positions)[0], -1, vectors.shape[-1]))  # (B, N T, D)
        return ops.take_along_axis(sentences, ops.expand_dims(positions, -1), axis=1)  # (B, W, D)

    def compute_output_shape(self, vectors_shape: Shape, positions_shape: Shape) -> Shape:
        return (*positions_shape, vectors_shape[-1])
