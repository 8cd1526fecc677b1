"""A dense layer with a gated residual connection."""

from typing import Any

import keras

from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import recurrence


@keras.saving.register_keras_serializable(package="keras_embed")
class Highway(keras.layers.Layer):
    """Highway layer (Srivastava et al. 2015, equation 3).

        y = g relu(x W + b) + (1 - g) x,    g = sigmoid(x V + c)

    Args:
        gate_bias: Initial value of c. A negative value carries the input over.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Float tensor of shape `(..., D)`.

    Returns:
        Float tensor of shape `(..., D)`.

    References:
        Srivastava et al. 2015, https://arxiv.org/abs/1505.00387.

    Example:
    >>> import numpy as np
    >>> layer = Highway(gate_bias=-100.0)
    >>> keras.ops.convert_to_numpy(layer(np.array([[3.0, -4.0]]))).tolist()
    [[3.0, -4.0]]
    """

    def __init__(self, gate_bias: float = -1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate_bias = gate_bias

    def build(self, input_shape: Shape) -> None:
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        dim = input_shape[-1]
        bias_initializer = keras.initializers.Constant(self.gate_bias)
        self.gate = keras.layers.Dense(dim, bias_initializer=bias_initializer, **inner, name="gate")
        self.transform = keras.layers.Dense(dim, **inner, name="transform")
        self.gate.build(input_shape)
        self.transform.build(input_shape)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        # The formula applies sigmoid and relu to the two linear functions.
        return recurrence.highway(inputs, self.gate(inputs), self.transform(inputs))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {**super().get_config(), "gate_bias": self.gate_bias}
