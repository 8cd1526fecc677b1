"""Attention that sees where it looked before."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed.layers._features import Shape
from keras_embed.layers._memory_attention import OverScorer, Scorer, State, add_to_keys, build_once, dense, zero_weights


@keras.saving.register_keras_serializable(package="keras_embed")
class LocationSensitiveAttention(OverScorer, Scorer):
    """Attention whose scores see the weights of the step before, by a convolution (Chorowski et al. 2015).

    `f = F * a_{i-1}`, `e = v^T tanh(W s + V h + U f + b)`, `a_i = softmax(e)`: equations 8 and 9 of the paper. So the
    scorer's keys get the term `U f`; with a Luong scorer `k + U f` stands in his formula. Before the first step the
    weights are 0.

    Args:
        scorer: makes scores of queries and keys, as `BahdanauAttention`.
        filters: number of filters, the width of f.
        kernel_size: length of a filter, in steps of the memory.
        cumulative: convolve the sum of the weights of all steps before and not only the last (Shen et al. 2018, section
            2.2).
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        keys: `project(memory)`, floats `(B, S, U)`; None: projected here.
        values: h, the memory, floats `(B, S, M)`.
        mask: bool `(B, S)`, True = real; None: all of it is.
        state: what the step before returned; `()`: the first step.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and the state. The weights sum to one and
        are 0 at padding; a row of padding alone has zeros.

    References:
        Chorowski et al. 2015, https://arxiv.org/abs/1506.07503; Shen et al. 2018, https://arxiv.org/abs/1712.05884.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import BahdanauAttention
    >>> attention = LocationSensitiveAttention(BahdanauAttention(units=8), filters=4, kernel_size=3)
    >>> query, memory = np.ones((2, 1, 3), "float32"), np.ones((2, 6, 5), "float32")
    >>> keys = attention.project(memory)
    >>> context, weights, state = attention(query, keys, memory)
    >>> context, weights, state = attention(query, keys, memory, state=state)
    >>> tuple(context.shape), tuple(weights.shape)
    ((2, 1, 5), (2, 1, 6))
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
        """Builds the scorer, and makes F and U."""
        build_once(self.scorer, query_shape, values_shape)
        self.convolution = keras.layers.Conv2D(
            self.filters,
            (1, self.kernel_size),  # over the memory, the same for each query
            padding="same",
            use_bias=False,
            data_format="channels_last",
            dtype=self.dtype_policy,
            trainable=self.trainable,
            name="convolution",
        )
        self.convolution.build((None, None, None, 1))
        self.location = dense(self, self.projected_dim(int(values_shape[-1] or 0)), "location")
        self.location.build((None, None, None, self.filters))
        self.built = True

    def initial_state(self, keys: Any, mask: Any, queries: Any) -> State:
        """No weight anywhere."""
        return (zero_weights(keys, queries), *self.scorer.initial_state(keys, mask, queries))

    def score(self, query: Any, keys: Any, values: Any, state: State) -> Any:
        """The scorer's, with `U f` added to the keys."""
        features = self.convolution(keras.ops.expand_dims(state[0], -1))  # (B, Q, S, F)
        return self.scorer.score(query, add_to_keys(keys, self.location(features)), values, state[1:])

    def remember(self, weights: Any, state: State) -> State:
        """The weights, or their sum so far."""
        own = state[0] + weights if self.cumulative else weights
        return (own, *self.scorer.remember(weights, state[1:]))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "cumulative": self.cumulative,
        }
