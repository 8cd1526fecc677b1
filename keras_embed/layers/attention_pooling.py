"""Sequences to one vector by attention."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional import pooling
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class AttentionPooling(keras.layers.Layer):
    """A mean whose weights the layer learns: words that tell the class count more (Yang et al. 2016, section 2.2).

    `u_t = tanh(W x_t + b)`, `a_t = exp(u_t . u) / sum_s exp(u_s . u)` over real positions, `y = sum_t a_t x_t`. The
    vector `u` is learnt: "what is the informative word?".

    Args:
        attention_dim: width of `u_t`; that of the input where None.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(B, T, D)`.
        mask: `(B, T)` bool, True = real; None: all are.

    Returns:
        `(B, D)`; zeros for a sequence without a real position.

    References:
        Yang et al. 2016, https://aclanthology.org/N16-1174.

    Example:
    >>> import numpy as np
    >>> tuple(AttentionPooling(4)(np.ones((2, 5, 3))).shape)
    (2, 3)
    """

    def __init__(self, attention_dim: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if attention_dim is not None:
            _errors.check_positive("attention_dim", attention_dim)
        self.attention_dim = attention_dim

    def build(self, input_shape: Shape) -> None:
        """Makes the weights."""
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        width = self.attention_dim or input_shape[-1]
        self.hidden = keras.layers.Dense(width, activation="tanh", **inner, name="hidden")
        self.hidden.build(input_shape)
        # No bias: a number that is added to all scores changes no weight.
        self.score = keras.layers.Dense(1, use_bias=False, **inner, name="score")
        self.score.build((*input_shape[:-1], width))
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Weighs, then adds."""
        mask = ops.ones(ops.shape(inputs)[:2], "bool") if mask is None else mask
        scores = ops.squeeze(self.score(self.hidden(inputs)), axis=-1)  # (B, T)
        return pooling.attention_pooling(inputs, scores, mask)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """There is no time left to mask."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, D)`."""
        return (input_shape[0], input_shape[2])

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "attention_dim": self.attention_dim}
