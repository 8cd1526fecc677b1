"""Attention with a coverage vector."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import decoder_attention
from keras_embed.layers._memory_attention import (
    AttentionWrapper,
    Scorer,
    State,
    add_to_keys,
    build_once,
    dense,
    zero_weights,
)

#: Lower bound of the fertility: the gradient of the quotient would overflow below it.
_LEAST_FERTILITY = 1e-3


@keras.saving.register_keras_serializable(package="keras_embed")
class CoverageAttention(AttentionWrapper, Scorer):
    """Attention whose scores depend on the coverage, the sum of all previous weights (See et al. 2017; Tu et al. 2016).

    `c_i = sum_{i' < i} a_i'`, `e = v^T tanh(W s + U h + w_c c_i + b)`, `a_i = softmax(e)`: equations 10 and 11 of See
    et al. The term `w_c c` is added to the scorer's keys, for a `LuongAttention` too. With a fertility, `c_i` is
    divided by `Phi = N sigmoid(u^T h)`, so that a word with many translations counts as covered later (Tu et al. 2016,
    equations 8 and 9). `functional.decoder_attention.coverage_loss` penalizes repeated attention.

    Args:
        scorer: computes scores of queries and keys, such as `BahdanauAttention`.
        max_fertility: N, upper bound of the fertility; None: no fertility.
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

    Raises:
        ValueError: If `max_fertility` is not positive.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import BahdanauAttention
    >>> attention = CoverageAttention(BahdanauAttention(units=8))
    >>> query, memory = np.ones((2, 1, 3), "float32"), np.ones((2, 4, 5), "float32")
    >>> context, weights, state = attention(query, memory)
    >>> context, weights, state = attention(query, memory, state=state)
    >>> keras.ops.convert_to_numpy(weights[0]).tolist()
    [[0.25, 0.25, 0.25, 0.25]]

    References:
        See et al. 2017, https://arxiv.org/abs/1704.04368; Tu et al. 2016, https://arxiv.org/abs/1601.04811.
    """

    def __init__(self, scorer: Scorer, max_fertility: float | None = None, **kwargs: Any) -> None:
        super().__init__(scorer, **kwargs)
        if max_fertility is not None and max_fertility <= 0:
            raise ValueError(_errors.message("`max_fertility` above 0", max_fertility, "max_fertility=2.0"))
        self.max_fertility = max_fertility

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        build_once(self.scorer, query_shape, values_shape)
        self.coverage = dense(self, self.projected_dim(int(values_shape[-1] or 0)), "coverage")  # w_c
        self.coverage.build((None, None, None, 1))
        self.fertility = None
        if self.max_fertility is not None:
            self.fertility = dense(self, 1, "fertility")  # u
            self.fertility.build(values_shape)
        self.built = True

    def initial_state(self, keys: Tensor, mask: Tensor, queries: int | Tensor) -> State:
        """Returns a coverage of zeros, and the scorer's state."""
        return (zero_weights(keys, queries), *self.scorer.initial_state(keys, mask, queries))

    def score(self, query: Tensor, keys: Tensor, values: Tensor, state: State) -> Tensor:
        """Computes the scorer's scores, with `w_c c` added to the keys."""
        covered = state[0]  # (B, Q, S)
        if self.fertility is not None and self.max_fertility is not None:
            fertility = decoder_attention.fertility(
                ops.squeeze(self.fertility(values), -1), self.max_fertility
            )  # (B, S)
            covered = covered / ops.expand_dims(ops.maximum(fertility, _LEAST_FERTILITY), 1)
        terms = self.coverage(ops.expand_dims(covered, -1))  # (B, Q, S, U)
        return self.scorer.score(query, add_to_keys(keys, terms), values, state[1:])

    def remember(self, weights: Tensor, state: State) -> State:
        """Returns the sum of all weights so far, and the scorer's state."""
        return (state[0] + weights, *self.scorer.remember(weights, state[1:]))

    def get_config(self) -> Config:
        return {**super().get_config(), "max_fertility": self.max_fertility}
