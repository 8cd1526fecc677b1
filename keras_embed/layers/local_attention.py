"""Attention to a window of the memory."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import attention, decoder_attention
from keras_embed.layers._memory_attention import AttentionWrapper, Scorer, State, build_once, dense


@keras.saving.register_keras_serializable(package="keras_embed")
class LocalAttention(AttentionWrapper):
    """Attention to a window `[p - D, p + D]` of the memory around a center p (Luong et al. 2015, section 3.2).

    - "monotonic" (local-m): p is the index of the decoder's step, at most the last real step of the memory. The
      weights are the softmax of the scores in the window.
    - "predictive" (local-p): `p = S sigmoid(v^T tanh(W s))`, where S is the number of real steps of the row (equation
      9). The softmax in the window is multiplied by `exp(-(s - p)^2 / (2 sigma^2))`, `sigma = D / 2` (equation 10), and
      not normalized again.

    Steps of the memory are indexed from 0.

    Args:
        scorer: computes scores of queries and keys, such as `LuongAttention`.
        kind: "monotonic" or "predictive".
        window: D, number of steps on each side of the center.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        values: h, the memory, floats `(B, S, M)`.
        keys: `project(values)`, floats `(B, S, U)`, to project a memory once for many calls; None: projected here.
        mask: bool `(B, S)`, True = real; None: no padding.
        state: the state returned by the previous step; `()`: the first step.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and the state. The weights of local-m sum
        to one, those of local-p to at most one; they are 0 outside of the window and at padding.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import LuongAttention
    >>> attention = LocalAttention(LuongAttention("dot"), kind="monotonic", window=1)
    >>> query, memory = np.ones((1, 1, 2), "float32"), np.ones((1, 4, 2), "float32")
    >>> context, weights, state = attention(query, memory)
    >>> keras.ops.convert_to_numpy(weights).tolist()
    [[[0.5, 0.5, 0.0, 0.0]]]
    >>> context, weights, state = attention(query, memory, state=state)
    >>> np.round(keras.ops.convert_to_numpy(weights).astype("float64"), 2).tolist()
    [[[0.33, 0.33, 0.33, 0.0]]]

    References:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025.
    """

    def __init__(self, scorer: Scorer, kind: str = "predictive", window: int = 10, **kwargs: Any) -> None:
        super().__init__(scorer, **kwargs)
        _errors.check_one_of("kind", kind, ("monotonic", "predictive"))
        _errors.check_positive("window", window)
        self.kind = kind
        self.window = window

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        build_once(self.scorer, query_shape, values_shape)
        if self.kind == "predictive":
            self.hidden = dense(self, int(query_shape[-1] or 0), "hidden")  # W
            self.hidden.build(query_shape)
            self.position = dense(self, 1, "position")  # v
            self.position.build(query_shape)
        self.built = True

    def initial_state(self, keys: Tensor, mask: Tensor, queries: int | Tensor) -> State:
        """Returns the step index 0 for local-m, and the scorer's state."""
        inner = self.scorer.initial_state(keys, mask, queries)
        if self.kind == "predictive":
            return inner
        return (ops.zeros((ops.shape(keys)[0], queries), "int32"), *inner)

    def weigh(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, state: State, training: bool
    ) -> tuple[Tensor, State]:
        """Returns the softmax of the scores in the window, and the next state."""
        if self.kind == "predictive":
            return self._predictive(query, keys, values, mask, state)
        step, inner = state[0], state[1:]
        last = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True) - 1  # (B, 1)
        weights = self._in_window(query, keys, values, mask, inner, ops.minimum(step, last))
        return weights, (step + 1, *self.scorer.remember(weights, inner))

    def _predictive(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, state: State
    ) -> tuple[Tensor, State]:
        logits = ops.squeeze(self.position(ops.tanh(self.hidden(query))), -1)  # (B, Q)
        center = decoder_attention.predicted_centre(logits, mask)  # equation 9
        weights = self._in_window(query, keys, values, mask, state, center)
        weights = weights * decoder_attention.gaussian_factors(center, mask, self.window)  # equation 10
        return weights, self.scorer.remember(weights, state)

    def _in_window(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, state: State, center: Tensor
    ) -> Tensor:
        scores = self.scorer.score(query, keys, values, state)  # (B, Q, S)
        return attention.masked_softmax(scores, decoder_attention.window_mask(center, mask, self.window))

    def get_config(self) -> Config:
        return {**super().get_config(), "kind": self.kind, "window": self.window}
