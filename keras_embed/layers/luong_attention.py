"""Multiplicative attention."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import attention
from keras_embed.layers._memory_attention import Scorer, State, build_once, check_tensor, dense

_DOTS = ("dot", "scaled_dot")
_PROJECTED = ("general", "concat")


@keras.saving.register_keras_serializable(package="keras_embed")
class LuongAttention(Scorer):
    """Global attention, `a = softmax(score(s, h))`, `c = sum_s a_s h_s` (Luong et al. 2015, equations 7 and 8).

    The score of a query s and a step h of the memory is one of

    - "dot": `s^T h`;
    - "scaled_dot": `g s^T h`, where the learned g is initialized to 1 / sqrt(D), the constant of Vaswani et al. 2017
      (equation 1);
    - "general": `s^T W h`;
    - "concat": `v^T tanh(W [s; h])`.

    Args:
        score: name of the score function.
        units: U, output width of W: the width D of the queries for "general", any width for "concat". None for "dot"
            and "scaled_dot", whose queries and memory have the same width.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        values: h, the memory, floats `(B, S, M)`.
        keys: `project(values)`, floats `(B, S, U)`, to project a memory once for many calls; None: projected here.
        mask: bool `(B, S)`, True = real; None: no padding.
        state: always `()`; this attention is stateless.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and `()`. The weights sum to one and are
        0 at padding; a row without real steps has zeros.

    Raises:
        ValueError: If `score` is unknown, or `units` does not fit the score.

    Example:
    >>> import numpy as np
    >>> attention = LuongAttention("dot")
    >>> memory = np.array([[[1.0, 0.0], [0.0, 1.0], [3.0, 3.0]]], "float32")
    >>> mask = np.array([[True, True, False]])
    >>> context, weights, state = attention(np.array([[[9.0, 0.0]]], "float32"), memory, mask=mask)
    >>> np.round(keras.ops.convert_to_numpy(weights), 3).tolist()
    [[[1.0, 0.0, 0.0]]]

    References:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025; Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.
    """

    def __init__(self, score: str = "general", units: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_one_of("score", score, (*_DOTS, *_PROJECTED))
        if (units is None) != (score in _DOTS):
            expected = "no `units`, a dot product has none" if score in _DOTS else "`units`, the width of W"
            raise ValueError(_errors.message(expected, f"score={score!r}, units={units}"))
        if units is not None:
            _errors.check_positive("units", units)
        self.formula = score
        self.units = units
        # W [s; h] of "concat" is computed as W_s s + W_h h, so that the keys are projected once.
        self.query = dense(self, units, "query") if units and score == "concat" else None
        self.key = dense(self, units, "key") if units else None

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        # Only "concat" projects the queries: the others need keys of their width.
        query_dim, memory_dim = int(query_shape[-1] or 0), int(values_shape[-1] or 0)
        if self.formula != "concat" and query_dim != self.projected_dim(memory_dim):
            received = f"queries of width {query_dim}, keys of width {self.projected_dim(memory_dim)}"
            raise ValueError(
                _errors.message("queries and keys of one width", received, f'"general", units={query_dim}')
            )
        if self.query is not None:
            build_once(self.query, query_shape)
        if self.key is not None:
            build_once(self.key, values_shape)
        self.vector = self.scale = None
        if self.formula == "concat":
            self.vector = self.add_weight((self.units,), initializer="glorot_uniform", autocast=False, name="vector")
        if self.formula == "scaled_dot":
            # The scale is learned, from 1 / sqrt(D) as in Vaswani et al.
            start = keras.initializers.Constant(query_dim**-0.5)
            self.scale = self.add_weight((), initializer=start, autocast=False, name="scale")
        self.built = True

    def projected_dim(self, memory_dim: int) -> int:
        """Returns U, or M for a dot product."""
        return self.units or memory_dim

    def project(self, memory: Tensor) -> Tensor:
        """Computes the keys `W h`, or returns the memory for a dot product.

        Raises:
            ValueError: If the memory is symbolic: a saved model would lose the projection.
        """
        check_tensor(memory)
        return memory if self.key is None else self.key(memory)

    def initial_state(self, keys: Tensor, mask: Tensor, queries: int | Tensor) -> State:
        """Returns `()`."""
        return ()

    def score(self, query: Tensor, keys: Tensor, values: Tensor, state: State) -> Tensor:
        """Computes the score function."""
        if self.query is not None:
            # "concat": the keys are W_h h, so that this is v^T tanh(W_s s + W_h h).
            return attention.additive_scores(self.query(query), keys, self.vector)
        # The other three: a dot product with the keys h or W h, (B, Q, D) x (B, S, D) -> (B, Q, S)
        return attention.dot_scores(query, keys, self.scale)

    def remember(self, weights: Tensor, state: State) -> State:
        """Returns `()`."""
        return ()

    def get_config(self) -> Config:
        return {**super().get_config(), "score": self.formula, "units": self.units}
