"""Attention between a context and a question in both directions, without summing the context up."""

from typing import Any

from keras import ops

from keras_embed.functional.attention import masked_softmax, of_queries, weighted_sum

#: Less than any score, and finite: the gradient of -inf is NaN.
_LOWEST = -1e9


def trilinear_scores(context: Any, query: Any, kernel: Any) -> Any:
    """`s_ij = w^T [h_i; u_j; h_i * u_j]` (Seo et al. 2017, equation 1).

    It is computed as `w_1 h_i + w_2 u_j + (w_3 * h_i) u_j`, so that no `(B, T, S, 3 D)` is ever made.

    Args:
        context: h, floats `(B, T, D)`.
        query: u, floats `(B, S, D)`.
        kernel: w, floats `(3 D,)`.

    Returns:
        float32 `(B, T, S)`.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603.

    Example:
    >>> import numpy as np
    >>> context, query = np.array([[[1.0], [2.0]]]), np.array([[[10.0], [20.0]]])
    >>> ops.convert_to_numpy(trilinear_scores(context, query, np.array([1.0, 0.1, 0.5]))).tolist()
    [[[7.0, 13.0], [13.0, 24.0]]]
    """
    context, query, kernel = (ops.cast(x, "float32") for x in (context, query, kernel))
    of_context, of_query, of_product = ops.split(kernel, 3)
    # Sums, not matrix products with one column: ONNX would mix their axes up.
    own = ops.expand_dims(ops.sum(context * of_context, axis=-1), 2)  # (B, T, 1)
    other = ops.expand_dims(ops.sum(query * of_query, axis=-1), 1)  # (B, 1, S)
    return own + other + ops.matmul(context * of_product, ops.transpose(query, (0, 2, 1)))


def attended_query(scores: Any, query: Any, mask: Any) -> Any:
    """Context to query: `u'_i = sum_j softmax_j(s_ij) u_j` (Seo et al. 2017, "context-to-query attention").

    Args:
        scores: s, floats `(B, T, S)`.
        query: u, floats `(B, S, D)`.
        mask: bool `(B, S)` or `(B, T, S)`, True = may be looked at.

    Returns:
        `(B, T, D)`; zeros where nothing may be looked at.

    Example:
    >>> import numpy as np
    >>> query, mask = np.array([[[2.0], [4.0], [9.0]]]), np.array([[True, True, False]])
    >>> ops.convert_to_numpy(attended_query(np.zeros((1, 1, 3)), query, mask)).tolist()
    [[[3.0]]]
    """
    return weighted_sum(masked_softmax(scores, mask), query)


def attended_context(scores: Any, context: Any, mask: Any, query_mask: Any) -> Any:
    """Query to context: `h' = sum_i b_i h_i` with `b = softmax_i(max_j s_ij)` (Seo et al. 2017, equation 2).

    The places of the context that matter most to any word of the query.

    Args:
        scores: s, floats `(B, T, S)`.
        context: h, floats `(B, T, D)`.
        mask: of the context, bool `(B, T)`, True = real.
        query_mask: bool `(B, S)`.

    Returns:
        `(B, 1, D)`; zeros where context or query has no real position.

    Example:
    >>> import numpy as np
    >>> scores, context = np.array([[[0.0, 90.0], [50.0, 0.0]]]), np.array([[[1.0], [2.0]]])
    >>> real = np.ones((1, 2), bool)
    >>> ops.convert_to_numpy(attended_context(scores, context, real, real)).tolist()
    [[[1.0]]]
    """
    scores, query_mask = ops.cast(scores, "float32"), of_queries(query_mask)  # (B, 1, S)
    asked = ops.logical_and(mask, ops.any(query_mask, axis=-1))  # (B, T)
    best = ops.max(ops.where(query_mask, scores, ops.full_like(scores, _LOWEST)), axis=-1)  # (B, T)
    return weighted_sum(masked_softmax(ops.expand_dims(best, 1), asked), context)
