"""A dense layer that may let its input pass."""

from typing import Any

import keras

from keras_embed.functional import recurrence
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class Highway(keras.layers.Layer):
    """`y = g relu(x W + b) + (1 - g) x` with `g = sigmoid(x V + c)` (Srivastava et al. 2015, equation 3).

    Args:
        gate_bias: what c is at first. A negative one lets the input pass.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(..., D)`.

    Returns:
        `(..., D)`.

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
        """Makes gate and transform."""
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        dim = input_shape[-1]
        closed = keras.initializers.Constant(self.gate_bias)
        self.gate = keras.layers.Dense(dim, bias_initializer=closed, **inner, name="gate")
        self.transform = keras.layers.Dense(dim, **inner, name="transform")
        self.gate.build(input_shape)
        self.transform.build(input_shape)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Lets pass, or transforms."""
        return recurrence.highway(inputs, self.gate(inputs), self.transform(inputs))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "gate_bias": self.gate_bias}
