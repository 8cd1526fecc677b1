"""Attention to a window of the memory."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional import attention, decoder_attention
from keras_embed.layers._features import Shape
from keras_embed.layers._memory_attention import OverScorer, Scorer, State, build_once, dense


@keras.saving.register_keras_serializable(package="keras_embed")
class LocalAttention(OverScorer):
    """Attention to the steps `[p - D, p + D]` of the memory around a centre p (Luong et al. 2015, section 3.2).

    - "monotonic" (local-m): p is the number of the decoder's step, from 0; past the memory's end, its last step. The
      weights are the softmax of the scores in the window.
    - "predictive" (local-p): `p = S sigmoid(v^T tanh(W s))`, where S is a row's number of real steps (equation 9). The
      softmax in the window is multiplied by `exp(-(s - p)^2 / (2 sigma^2))`, `sigma = D / 2` (equation 10), and not
      normalised again.

    Steps of the memory are numbered from 0.

    Args:
        scorer: makes scores of queries and keys, as `LuongAttention`.
        kind: "monotonic" or "predictive".
        window: D, steps to each side of the centre.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        keys: `project(memory)`, floats `(B, S, U)`; None: projected here.
        values: h, the memory, floats `(B, S, M)`.
        mask: bool `(B, S)`, True = real; None: all of it is.
        state: what the step before returned; `()`: the first step.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and the state. Local-m's weights sum to
        one, local-p's to at most one; they are 0 outside of the window and at padding.

    References:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import LuongAttention
    >>> attention = LocalAttention(LuongAttention("dot"), kind="monotonic", window=1)
    >>> query, memory = np.ones((1, 1, 2), "float32"), np.ones((1, 4, 2), "float32")
    >>> context, weights, state = attention(query, memory, memory)
    >>> keras.ops.convert_to_numpy(weights).tolist()
    [[[0.5, 0.5, 0.0, 0.0]]]
    >>> context, weights, state = attention(query, memory, memory, state=state)
    >>> np.round(keras.ops.convert_to_numpy(weights).astype("float64"), 2).tolist()
    [[[0.33, 0.33, 0.33, 0.0]]]
    """

    def __init__(self, scorer: Scorer, kind: str = "predictive", window: int = 10, **kwargs: Any) -> None:
        super().__init__(scorer, **kwargs)
        _errors.check_one_of("kind", kind, ("monotonic", "predictive"))
        _errors.check_positive("window", window)
        self.kind = kind
        self.window = window

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        """Builds the scorer, and makes W and v where the centre is predicted."""
        build_once(self.scorer, query_shape, values_shape)
        if self.kind == "predictive":
            self.hidden = dense(self, int(query_shape[-1] or 0), "hidden")
            self.hidden.build(query_shape)
            self.position = dense(self, 1, "position")
            self.position.build(query_shape)
        self.built = True

    def initial_state(self, keys: Any, mask: Any, queries: Any) -> State:
        """Step 0, where steps are counted."""
        inner = self.scorer.initial_state(keys, mask, queries)
        if self.kind == "predictive":
            return inner
        return (ops.zeros((ops.shape(keys)[0], queries), "int32"), *inner)

    def weigh(self, query: Any, keys: Any, values: Any, mask: Any, state: State, training: bool) -> tuple[Any, State]:
        """The softmax in the window."""
        if self.kind == "predictive":
            return self._predictive(query, keys, values, mask, state)
        step, inner = state[0], state[1:]
        last = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True) - 1  # (B, 1)
        weights = self._in_window(query, keys, values, mask, inner, ops.minimum(step, last))
        return weights, (step + 1, *self.scorer.remember(weights, inner))

    def _predictive(self, query: Any, keys: Any, values: Any, mask: Any, state: State) -> tuple[Any, State]:
        logits = ops.squeeze(self.position(ops.tanh(self.hidden(query))), -1)  # (B, Q)
        centre = decoder_attention.predicted_centre(logits, mask)
        weights = self._in_window(query, keys, values, mask, state, centre)
        weights = weights * decoder_attention.gaussian_factors(centre, mask, self.window)
        return weights, self.scorer.remember(weights, state)

    def _in_window(self, query: Any, keys: Any, values: Any, mask: Any, state: State, centre: Any) -> Any:
        scores = self.scorer.score(query, keys, values, state)
        return attention.masked_softmax(scores, decoder_attention.window_mask(centre, mask, self.window))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "kind": self.kind, "window": self.window}
