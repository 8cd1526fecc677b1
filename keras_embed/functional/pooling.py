"""Pooling over the real positions of a sequence, and weighted sums of rows.

Padding never changes a result; a sequence without a real position gives zeros.
"""

from keras import ops

from keras_embed._types import Tensor

#: Lower than any score, within float16's range. Not -inf, whose gradient is NaN.
_LOWEST = -1e4


def cleared(x: Tensor, mask: Tensor) -> Tensor:
    """Sets padding to zero. Unlike a product with the mask, this removes NaN too.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool, True = real.

    Returns:
        (B, T, D).
    """
    return ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """Computes the mean of the real vectors, `sum_t m_t x_t / sum_t m_t`.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool, True = real.

    Returns:
        (B, D).
    """
    weights = ops.cast(ops.expand_dims(mask, -1), x.dtype)  # (B, T, 1)
    # The count is at least 1: without a real position the sum is zero, and so is the mean.
    return ops.sum(cleared(x, mask), axis=1) / ops.maximum(ops.sum(weights, axis=1), 1)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    """Computes the maximum over the real positions in each dimension.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).
    """
    real = ops.expand_dims(mask, -1)  # (B, T, 1)
    best = ops.max(ops.where(real, x, ops.full_like(x, _LOWEST)), axis=1)  # (B, D)
    return ops.where(ops.any(real, axis=1), best, ops.zeros_like(best))


def first_vector(x: Tensor, mask: Tensor) -> Tensor:
    """Returns the vector of the first real position.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).
    """
    return _picked(x, mask, ops.argmax(ops.cast(mask, "int32"), axis=1))  # argmax returns the first maximum


def last_vector(x: Tensor, mask: Tensor) -> Tensor:
    """Returns the vector of the last real position.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).
    """
    # The running count reaches its maximum at the last real position.
    return _picked(x, mask, ops.argmax(ops.cumsum(ops.cast(mask, "int32"), axis=1), axis=1))


def attention_pooling(x: Tensor, scores: Tensor, mask: Tensor) -> Tensor:
    """Computes `sum_t a_t x_t` with `a = softmax(scores)` over the real positions.

    Args:
        x: (B, T, D) floats.
        scores: (B, T) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).

    References:
        Yang et al. 2016, https://aclanthology.org/N16-1174, equations 6 and 7.
    """
    scores = ops.cast(scores, "float32")
    weights = ops.softmax(ops.where(mask, scores, ops.full_like(scores, _LOWEST)), axis=1)  # (B, T)
    weights = ops.where(mask, weights, ops.zeros_like(weights))
    return ops.einsum("bt,btd->bd", ops.cast(weights, x.dtype), cleared(x, mask))


def bag_sum(rows: Tensor, weights: Tensor) -> Tensor:
    """Computes the weighted sum of rows of a table, `sum_n w_n E[i_n]`: a sparse vector times a matrix.

    Args:
        rows: (B, N, D) floats, the rows `E[i_n]`.
        weights: (B, N) floats, 0 at padding.

    Returns:
        (B, D).
    """
    return ops.einsum("bn,bnd->bd", weights, rows)


def _picked(x: Tensor, mask: Tensor, index: Tensor) -> Tensor:
    """Picks x[b, index[b]], zeros in a row without a real position."""
    picked = ops.take_along_axis(x, ops.expand_dims(ops.expand_dims(index, -1), -1), axis=1)[:, 0]  # (B, D)
    return ops.where(ops.any(mask, axis=1, keepdims=True), picked, ops.zeros_like(picked))
