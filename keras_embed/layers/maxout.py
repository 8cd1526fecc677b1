"""Maximum of several linear functions."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class Maxout(keras.layers.Layer):
    """Maxout layer, a learnt activation: `y_u = max_k (x W_k + b_k)_u` (Goodfellow et al. 2013, equation 2).

    Args:
        units: U, width of the output.
        num_pieces: K, the number of linear functions for each unit.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Float tensor of shape `(..., D)`.

    Returns:
        Float tensor of shape `(..., U)`.

    Raises:
        ValueError: If `units` or `num_pieces` is not a positive integer.

    References:
        Goodfellow et al. 2013, https://arxiv.org/abs/1302.4389.

    Example:
    >>> import numpy as np
    >>> tuple(Maxout(4, num_pieces=2)(np.ones((3, 5))).shape)
    (3, 4)
    """

    def __init__(self, units: int, num_pieces: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("units", units)
        _errors.check_positive("num_pieces", num_pieces)
        self.units = units
        self.num_pieces = num_pieces

    def build(self, input_shape: Shape) -> None:
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        # One matrix for all linear functions; the K columns of a unit are adjacent.
        self.pieces = keras.layers.Dense(self.units * self.num_pieces, **inner, name="pieces")
        self.pieces.build(input_shape)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        x = self.pieces(inputs)  # (..., U K)
        return ops.max(ops.reshape(x, (*ops.shape(x)[:-1], self.units, self.num_pieces)), axis=-1)  # (..., U)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units, "num_pieces": self.num_pieces}
