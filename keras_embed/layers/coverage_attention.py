"""Attention that knows what it has used."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional import decoder_attention
from keras_embed.layers._features import Shape
from keras_embed.layers._memory_attention import OverScorer, Scorer, State, add_to_keys, build_once, dense, zero_weights

#: Below it, the quotient's gradient would overflow.
_LEAST_FERTILITY = 1e-3


@keras.saving.register_keras_serializable(package="keras_embed")
class CoverageAttention(OverScorer, Scorer):
    """Attention whose scores see how much each step of the memory has got so far (See et al. 2017; Tu et al. 2016).

    `c_i = sum_{i' < i} a_i'`, `e = v^T tanh(W s + U h + w_c c_i + b)`, `a_i = softmax(e)`: equations 10 and 11 of See
    et al. So the scorer's keys get the term `w_c c`; with a Luong scorer `k + w_c c` stands in his formula. With a
    fertility, `c_i` is divided by `Phi = N sigmoid(u^T h)`, so that words of which more is to be said are covered later
    (Tu et al. 2016, equations 8 and 9). `functional.decoder_attention.coverage_loss` punishes looking twice.

    Args:
        scorer: makes scores of queries and keys, as `BahdanauAttention`.
        max_fertility: N, the most that one step can ask for; None: all ask for the same.
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

    Raises:
        ValueError: for a `max_fertility` of 0 or less.

    References:
        See et al. 2017, https://arxiv.org/abs/1704.04368; Tu et al. 2016, https://arxiv.org/abs/1601.04811.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import BahdanauAttention
    >>> attention = CoverageAttention(BahdanauAttention(units=8))
    >>> query, memory = np.ones((2, 1, 3), "float32"), np.ones((2, 4, 5), "float32")
    >>> keys = attention.project(memory)
    >>> context, weights, state = attention(query, keys, memory)
    >>> context, weights, state = attention(query, keys, memory, state=state)
    >>> keras.ops.convert_to_numpy(weights[0]).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """

    def __init__(self, scorer: Scorer, max_fertility: float | None = None, **kwargs: Any) -> None:
        super().__init__(scorer, **kwargs)
        if max_fertility is not None and max_fertility <= 0:
            raise ValueError(_errors.message("`max_fertility` above 0", max_fertility, "max_fertility=2.0"))
        self.max_fertility = max_fertility

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        """Builds the scorer, and makes w_c, and u where there is a fertility."""
        build_once(self.scorer, query_shape, values_shape)
        self.coverage = dense(self, self.projected_dim(int(values_shape[-1] or 0)), "coverage")
        self.coverage.build((None, None, None, 1))
        self.fertility = None
        if self.max_fertility is not None:
            self.fertility = dense(self, 1, "fertility")
            self.fertility.build(values_shape)
        self.built = True

    def initial_state(self, keys: Any, mask: Any, queries: Any) -> State:
        """Nothing is covered."""
        return (zero_weights(keys, queries), *self.scorer.initial_state(keys, mask, queries))

    def score(self, query: Any, keys: Any, values: Any, state: State) -> Any:
        """The scorer's, with `w_c c` added to the keys."""
        covered = state[0]
        if self.fertility is not None and self.max_fertility is not None:
            wanted = decoder_attention.fertility(ops.squeeze(self.fertility(values), -1), self.max_fertility)  # (B, S)
            covered = covered / ops.expand_dims(ops.maximum(wanted, _LEAST_FERTILITY), 1)
        terms = self.coverage(ops.expand_dims(covered, -1))  # (B, Q, S, U)
        return self.scorer.score(query, add_to_keys(keys, terms), values, state[1:])

    def remember(self, weights: Any, state: State) -> State:
        """The sum of the weights so far."""
        return (state[0] + weights, *self.scorer.remember(weights, state[1:]))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "max_fertility": self.max_fertility}
