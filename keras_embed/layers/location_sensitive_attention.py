"""Attention that depends on its previous weights."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.layers._memory_attention import (
    AttentionWrapper,
    Scorer,
    State,
    add_to_keys,
    build_once,
    dense,
    zero_weights,
)


@keras.saving.register_keras_serializable(package="keras_embed")
class LocationSensitiveAttention(AttentionWrapper, Scorer):
    """Attention whose scores depend on a convolution of the previous weights (Chorowski et al. 2015).

    `f = F * a_{i-1}`, `e = v^T tanh(W s + V h + U f + b)`, `a_i = softmax(e)`: equations 8 and 9 of the paper. The term
    `U f` is added to the scorer's keys, for a `LuongAttention` too. The weights before the first step are 0.

    Args:
        scorer: computes scores of queries and keys, such as `BahdanauAttention`.
        filters: number of filters, the width of f.
        kernel_size: length of a filter, in steps of the memory.
        cumulative: convolve the sum of the weights of all previous steps instead of the last weights (Shen et al. 2018,
            section 2.2).
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        values: h, the memory, floats `(B, S, M)`.
        keys: `project(values)`, floats `(B, S, U)`, to project a memory once for many calls; None: projected here.
        mask: bool `(B, S)`, True = real; None: no padding.
        state: the state returned by the previous step; `()`: the first step.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and the state. The weights sum to one and
        are 0 at padding; a row without real steps has zeros.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import BahdanauAttention
    >>> attention = LocationSensitiveAttention(BahdanauAttention(units=8), filters=4, kernel_size=3)
    >>> query, memory = np.ones((2, 1, 3), "float32"), np.ones((2, 6, 5), "float32")
    >>> context, weights, state = attention(query, memory)
    >>> context, weights, state = attention(query, memory, state=state)
    >>> tuple(context.shape), tuple(weights.shape)
    ((2, 1, 5), (2, 1, 6))

    References:
        Chorowski et al. 2015, https://arxiv.org/abs/1506.07503; Shen et al. 2018, https://arxiv.org/abs/1712.05884.
    """

    def __init__(
        self, scorer: Scorer, filters: int = 10, kernel_size: int = 31, cumulative: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(scorer, **kwargs)
        _errors.check_positive("filters", filters)
        _errors.check_positive("kernel_size", kernel_size)
        self.filters = filters
        self.kernel_size = kernel_size
        self.cumulative = cumulative

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        build_once(self.scorer, query_shape, values_shape)
        self.convolution = keras.layers.Conv2D(
            self.filters,
            (1, self.kernel_size),  # along the memory, for each query on its own
            padding="same",
            use_bias=False,
            data_format="channels_last",
            dtype=self.dtype_policy,
            trainable=self.trainable,
            name="convolution",
        )
        self.convolution.build((None, None, None, 1))
        # U of the equation
        self.location = dense(self, self.projected_dim(int(values_shape[-1] or 0)), "location")
        self.location.build((None, None, None, self.filters))
        self.built = True

    def initial_state(self, keys: Tensor, mask: Tensor, queries: int | Tensor) -> State:
        """Returns weights of zero, and the scorer's state."""
        return (zero_weights(keys, queries), *self.scorer.initial_state(keys, mask, queries))

    def score(self, query: Tensor, keys: Tensor, values: Tensor, state: State) -> Tensor:
        """Computes the scorer's scores, with `U f` added to the keys."""
        features = self.convolution(keras.ops.expand_dims(state[0], -1))  # f = F * a, (B, Q, S, filters)
        terms = self.location(features)  # U f, (B, Q, S, U)
        return self.scorer.score(query, add_to_keys(keys, terms), values, state[1:])

    def remember(self, weights: Tensor, state: State) -> State:
        """Returns the weights, or the sum of all weights so far, and the scorer's state."""
        own = state[0] + weights if self.cumulative else weights
        return (own, *self.scorer.remember(weights, state[1:]))

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "cumulative": self.cumulative,
        }
