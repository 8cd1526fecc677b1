"""Interaction of two texts: attention in both directions, soft alignment, and comparison of vectors."""

from keras import ops

from keras_embed._types import Tensor
from keras_embed.functional.attention import LOWEST, dot_scores, masked_softmax, of_queries, weighted_sum


def trilinear_scores(context: Tensor, query: Tensor, kernel: Tensor) -> Tensor:
    """Computes `s_ij = w^T [h_i; u_j; h_i * u_j]` (Seo et al. 2017, equation 1).

    Computed as `w_1 h_i + w_2 u_j + (w_3 * h_i) u_j`, so that no tensor `(B, T, S, 3 D)` is materialised.

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
    of_context, of_query, of_product = ops.split(kernel, 3)  # w_1, w_2, w_3, (D,) each
    # Sums instead of matrix products with one column: the export to ONNX confuses the axes of those.
    own = ops.expand_dims(ops.sum(context * of_context, axis=-1), 2)  # w_1 h_i, (B, T, 1)
    other = ops.expand_dims(ops.sum(query * of_query, axis=-1), 1)  # w_2 u_j, (B, 1, S)
    return own + other + ops.matmul(context * of_product, ops.transpose(query, (0, 2, 1)))  # (B, T, S)


def attended_query(scores: Tensor, query: Tensor, mask: Tensor) -> Tensor:
    """Computes context-to-query attention, `u'_i = sum_j softmax_j(s_ij) u_j` (Seo et al. 2017, section 2).

    Args:
        scores: s, floats `(B, T, S)`.
        query: u, floats `(B, S, D)`.
        mask: bool `(B, S)` or `(B, T, S)`, True = may be attended to.

    Returns:
        `(B, T, D)`; zeros for a position that may attend to nothing.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603.

    Example:
    >>> import numpy as np
    >>> query, mask = np.array([[[2.0], [4.0], [9.0]]]), np.array([[True, True, False]])
    >>> ops.convert_to_numpy(attended_query(np.zeros((1, 1, 3)), query, mask)).tolist()
    [[[3.0]]]
    """
    return weighted_sum(masked_softmax(scores, mask), query)


def attended_context(scores: Tensor, context: Tensor, mask: Tensor, query_mask: Tensor) -> Tensor:
    """Computes query-to-context attention, `h' = sum_i b_i h_i` (Seo et al. 2017, section 2).

    `b = softmax_i(max_j s_ij)` weights the context positions by the score of their best query word.

    Args:
        scores: s, floats `(B, T, S)`.
        context: h, floats `(B, T, D)`.
        mask: mask of the context, bool `(B, T)`, True = real.
        query_mask: bool `(B, S)`.

    Returns:
        `(B, 1, D)`; zeros if context or query has no real position.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603.

    Example:
    >>> import numpy as np
    >>> scores, context = np.array([[[0.0, 90.0], [50.0, 0.0]]]), np.array([[[1.0], [2.0]]])
    >>> real = np.ones((1, 2), bool)
    >>> ops.convert_to_numpy(attended_context(scores, context, real, real)).tolist()
    [[[1.0]]]
    """
    scores, query_mask = ops.cast(scores, "float32"), of_queries(query_mask)  # (B, 1, S)
    # Without a real query word no position of the context takes part.
    real = ops.logical_and(mask, ops.any(query_mask, axis=-1))  # (B, T)
    best = ops.max(ops.where(query_mask, scores, ops.full_like(scores, LOWEST)), axis=-1)  # max_j s_ij, (B, T)
    return weighted_sum(masked_softmax(ops.expand_dims(best, 1), real), context)


def soft_alignment(first: Tensor, second: Tensor, first_mask: Tensor, second_mask: Tensor) -> tuple[Tensor, Tensor]:
    """Aligns each position of a text with a weighted mean of the other text's positions.

        e_ij = a_i . b_j
        a'_i = sum_j softmax_j(e_ij) b_j
        b'_j = sum_i softmax_i(e_ij) a_i

    (Parikh et al. 2016, equation 2; Chen et al. 2017, equations 11 to 13.)

    Args:
        first: a, floats `(B, T, D)`.
        second: b, floats `(B, S, D)`.
        first_mask: bool `(B, T)`, True = real.
        second_mask: bool `(B, S)`.

    Returns:
        a' `(B, T, D)` and b' `(B, S, D)`, zero if the other text has no real position. Their values at the padding of
        their own text are arbitrary.

    References:
        Parikh et al. 2016, https://arxiv.org/abs/1606.01933; Chen et al. 2017, https://arxiv.org/abs/1609.06038.

    Example:
    >>> import numpy as np
    >>> first, second = np.array([[[20.0, 0.0]]]), np.array([[[0.0, 20.0], [20.0, 0.0]]])
    >>> aligned, _ = soft_alignment(first, second, np.ones((1, 1), bool), np.ones((1, 2), bool))
    >>> ops.convert_to_numpy(aligned).tolist()
    [[[20.0, 0.0]]]
    """
    scores = dot_scores(first, second)  # e, (B, T, S)
    to_second = masked_softmax(scores, second_mask)  # over j
    to_first = masked_softmax(ops.transpose(scores, (0, 2, 1)), first_mask)  # over i, (B, S, T)
    return weighted_sum(to_second, second), weighted_sum(to_first, first)


def compared(x: Tensor, aligned: Tensor) -> Tensor:
    """Concatenates `[x; x'; x - x'; x * x']`, a local comparison (Chen et al. 2017, equations 14 and 15).

    Args:
        x: floats `(..., D)`.
        aligned: x', floats `(..., D)`.

    Returns:
        `(..., 4 D)`.

    References:
        Chen et al. 2017, https://arxiv.org/abs/1609.06038.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(compared(np.array([2.0]), np.array([3.0]))).tolist()
    [2.0, 3.0, -1.0, 6.0]
    """
    x, aligned = ops.convert_to_tensor(x), ops.convert_to_tensor(aligned)
    return ops.concatenate([x, aligned, x - aligned, x * aligned], axis=-1)


def pair_comparison(first: Tensor, second: Tensor) -> Tensor:
    """Concatenates `[u; v; |u - v|; u * v]`, the input of a pair classifier (Conneau et al. 2017, section 3.1).

    Args:
        first: u, floats `(B, D)`.
        second: v, floats `(B, D)`.

    Returns:
        `(B, 4 D)`.

    References:
        Mou et al. 2016, https://aclanthology.org/P16-2022; Conneau et al. 2017, https://aclanthology.org/D17-1070.

    Example:
    >>> ops.convert_to_numpy(pair_comparison(ops.array([[1.0, 2.0]]), ops.array([[3.0, -1.0]]))).tolist()
    [[1.0, 2.0, 3.0, -1.0, 2.0, 3.0, 3.0, -2.0]]
    """
    return ops.concatenate([first, second, ops.abs(first - second), first * second], axis=-1)
