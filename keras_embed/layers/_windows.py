"""Sentences as rows of windows, and back to one vector for each word."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_embed")
class WindowRows(keras.layers.Layer):
    """Puts all windows of all sentences below each other: (B, N, ...) to (B N, ...)."""

    def call(self, windows: Any) -> Any:
        """The windows of one sentence stay neighbours."""
        return ops.reshape(windows, (-1, *ops.shape(windows)[2:]))

    def compute_output_shape(self, windows_shape: Any) -> tuple[Any, ...]:
        """(B N, ...)."""
        batch, number, *others = windows_shape
        return (None if None in (batch, number) else batch * number, *others)


@keras.saving.register_keras_serializable(package="keras_embed")
class WordsOfWindows(keras.layers.Layer):
    """Looks up the vectors of words: (B N, T, D) and positions (B, W), from 0 to N T - 1, to (B, W, D)."""

    def call(self, vectors: Any, positions: Any) -> Any:
        """Padding may point anywhere."""
        sentences = ops.reshape(vectors, (ops.shape(positions)[0], -1, vectors.shape[-1]))  # (B, N T, D)
        return ops.take_along_axis(sentences, ops.expand_dims(positions, -1), axis=1)

    def compute_output_shape(self, vectors_shape: Any, positions_shape: Any) -> tuple[Any, ...]:
        """(B, W, D)."""
        return (*positions_shape, vectors_shape[-1])
