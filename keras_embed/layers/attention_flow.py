"""Attention between two texts (BiDAF, ESIM) and within one text, without pooling."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional.pooling import cleared
from keras_embed.functional.text_pairs import (
    attended_context,
    attended_query,
    compared,
    soft_alignment,
    trilinear_scores,
)


class _Trilinear(keras.layers.Layer):
    """Base class with the weights of `s_ij = w^T [h_i; u_j; h_i * u_j]`."""

    def _build_kernel(self, input_shape: Shape) -> None:
        dim: Any = input_shape[-1]
        # A dense layer from 3 D to 1. No bias: softmax is invariant to a constant added to all scores.
        self.kernel = self.add_weight((3 * dim, 1), "glorot_uniform", name="kernel")

    def _scores(self, context: Tensor, query: Tensor) -> Tensor:
        return trilinear_scores(context, query, ops.squeeze(self.kernel, -1))  # (B, T, S)

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Returns None: masks are call arguments."""


@keras.saving.register_keras_serializable(package="keras_embed")
class AttentionFlow(_Trilinear):
    """Bidirectional attention between a context and a query (Seo et al. 2017, equation 4).

        g_i = [h_i; u'_i; h_i * u'_i; h_i * h']

    `u'_i` is the query as attended to by context position i, `h'` is the context as attended to by the query; see
    `functional.text_pairs`.

    Args:
        product: The factor of h': "context" for h_i, as published; "query" for u'_i (Clark and Gardner 2018).
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        context: h, a float tensor of shape `(B, T, D)`.
        query: u, a float tensor of shape `(B, S, D)`.
        mask: Mask of the context, bool `(B, T)`, True = real.
        query_mask: Bool tensor of shape `(B, S)`.

    Returns:
        Float tensor of shape `(B, T, 4 D)`, zero at padding. Scores and weights are float32 under any dtype policy.

    Raises:
        ValueError: If `product` is unknown.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603; Clark and Gardner 2018, https://arxiv.org/abs/1710.10723.

    Example:
    >>> import numpy as np
    >>> context, query = np.ones((1, 5, 3)), np.ones((1, 2, 3))
    >>> tuple(AttentionFlow()(context, query, np.ones((1, 5), bool), np.ones((1, 2), bool)).shape)
    (1, 5, 12)
    """

    def __init__(self, product: str = "context", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_one_of("product", product, ("context", "query"))
        self.product = product

    def build(self, context_shape: Shape, query_shape: Shape | None = None) -> None:
        self._build_kernel(context_shape)
        self.built = True

    def call(self, context: Tensor, query: Tensor, mask: Tensor, query_mask: Tensor) -> Tensor:
        scores = self._scores(context, query)  # (B, T, S)
        attended = attended_query(scores, query, query_mask)  # u', (B, T, D)
        summary = attended_context(scores, context, mask, query_mask)  # h', (B, 1, D)
        last = summary * (context if self.product == "context" else attended)  # (B, T, D)
        # g = [h; u'; h * u'; h * h'], equation 4.
        return cleared(ops.concatenate([context, attended, context * attended, last], axis=-1), mask)

    def compute_output_shape(self, context_shape: Shape, query_shape: Shape | None = None) -> Shape:
        return _widened(context_shape, 4)

    def get_config(self) -> Config:
        return {**super().get_config(), "product": self.product}


@keras.saving.register_keras_serializable(package="keras_embed")
class SelfAttentionFlow(_Trilinear):
    """Trilinear self-attention of a text (Clark and Gardner 2018, "self-attention").

        [h_i; h'_i; h_i * h'_i],    h'_i = sum_{j != i} softmax_j(s_ij) h_j

    No position attends to itself; if a text has a single real position, its h' is zero.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: h, a float tensor of shape `(B, T, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real. `None`: all positions are real.

    Returns:
        Float tensor of shape `(B, T, 3 D)`, zero at padding. Scores and weights are float32 under any dtype policy.

    References:
        Clark and Gardner 2018, https://arxiv.org/abs/1710.10723.

    Example:
    >>> import numpy as np
    >>> tuple(SelfAttentionFlow()(np.ones((1, 5, 3))).shape)
    (1, 5, 9)
    """

    def build(self, input_shape: Shape) -> None:
        self._build_kernel(input_shape)
        self.built = True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        ones = ops.ones_like(inputs[..., 0], dtype="int32")  # (B, T)
        mask = ops.cast(ones, "bool") if mask is None else mask
        # The diagonal by comparing positions: `ops.eye` would need a static length.
        positions = ops.cumsum(ones, axis=1)
        others = ops.expand_dims(positions, 2) != ops.expand_dims(positions, 1)  # (B, T, T), j != i
        allowed = ops.logical_and(ops.expand_dims(mask, 1), others)  # (B, T, T)
        attended = attended_query(self._scores(inputs, inputs), inputs, allowed)  # (B, T, D)
        return cleared(ops.concatenate([inputs, attended, inputs * attended], axis=-1), mask)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return _widened(input_shape, 3)


@keras.saving.register_keras_serializable(package="keras_embed")
class SoftAlignment(keras.layers.Layer):
    """Local inference of ESIM: compares each position with its soft alignment in the other text (Chen et al. 2017).

        [a_i; a'_i; a_i - a'_i; a_i * a'_i],    a'_i = sum_j softmax_j(a_i . b_j) b_j

    and the same for b (equations 11-15). The layer has no weights.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        first: a, a float tensor of shape `(B, T, D)`.
        second: b, a float tensor of shape `(B, S, D)`.
        first_mask: Bool tensor of shape `(B, T)`, True = real.
        second_mask: Bool tensor of shape `(B, S)`.

    Returns:
        Tuple of float tensors of shapes `(B, T, 4 D)` and `(B, S, 4 D)`, zero at padding. Scores and weights are
        float32 under any dtype policy.

    References:
        Chen et al. 2017, https://arxiv.org/abs/1609.06038.

    Example:
    >>> import numpy as np
    >>> first, second = np.ones((1, 2, 3)), np.ones((1, 4, 3))
    >>> a, b = SoftAlignment()(first, second, np.ones((1, 2), bool), np.ones((1, 4), bool))
    >>> tuple(a.shape), tuple(b.shape)
    ((1, 2, 12), (1, 4, 12))
    """

    def build(self, first_shape: Shape, second_shape: Shape | None = None) -> None:
        self.built = True

    def call(self, first: Tensor, second: Tensor, first_mask: Tensor, second_mask: Tensor) -> tuple[Tensor, Tensor]:
        to_first, to_second = soft_alignment(first, second, first_mask, second_mask)  # (B, T, D), (B, S, D)
        # [a; a'; a - a'; a * a'], equations 14 and 15.
        return cleared(compared(first, to_first), first_mask), cleared(compared(second, to_second), second_mask)

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Returns None: masks are call arguments."""

    def compute_output_shape(self, first_shape: Shape, second_shape: Shape) -> tuple[Shape, Shape]:
        return _widened(first_shape, 4), _widened(second_shape, 4)


def _widened(shape: Shape, factor: int) -> Shape:
    """Returns (B, T, factor D) for (B, T, D)."""
    dim: Any = shape[-1]
    return (*shape[:-1], factor * dim)
