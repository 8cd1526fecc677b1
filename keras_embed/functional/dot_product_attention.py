"""Attention of many heads, as Transformers have it."""

import math
from collections.abc import Callable
from typing import Any

from keras import ops


def dot_product_attention(
    query: Any,
    keys: Any,
    values: Any,
    mask: Any = None,
    bias: Any = None,
    dropout: Callable[[Any], Any] = lambda weights: weights,
) -> tuple[Any, Any]:
    """`softmax(Q K^T / sqrt(d) + bias) V`, for each head (Vaswani et al. 2017, eq. 1).

    Args:
        query: (B, H, T, d).
        keys: (B, H, S, d).
        values: (B, H, S, d).
        mask: bool, broadcast to (B, H, T, S), True = may be looked at. A query that may look at nothing gets zeros.
        bias: floats, broadcast to (B, H, T, S), added to the scores.
        dropout: applied to the weights that make the sum; those that are given out are whole.

    Returns:
        `(context, weights)`: (B, H, T, d), and float32 (B, H, T, S), which sum to one over S.

    References:
        https://arxiv.org/abs/1706.03762

    Example:
    >>> import numpy as np
    >>> from keras_embed.functional.dot_product_attention import dot_product_attention
    >>> query, keys, values = np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 3, 2)), np.array([[[[2.0], [4.0], [9.0]]]])
    >>> context, weights = dot_product_attention(query, keys, values, np.array([True, True, False]))
    >>> np.array(context).tolist(), np.array(weights).tolist()
    ([[[[3.0]]]], [[[[0.5, 0.5, 0.0]]]])
    """
    query = ops.convert_to_tensor(query)
    scores = ops.matmul(query * (1 / math.sqrt(query.shape[-1])), ops.swapaxes(keys, -1, -2))  # (B, H, T, S)
    scores = ops.cast(scores, "float32")
    if bias is not None:
        scores = scores + ops.cast(bias, "float32")
    if mask is None:
        weights = ops.softmax(scores, axis=-1)
    else:
        # A finite value: a row of nothing but -inf would give NaN, and its gradient too.
        weights = ops.softmax(ops.where(mask, scores, -1e9), axis=-1)
        weights = ops.where(mask, weights, 0.0)
    return ops.matmul(ops.cast(dropout(weights), query.dtype), values), weights
