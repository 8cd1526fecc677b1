"""Many vectors into one: pooling over the real positions of a sequence, and sums of weighted rows.

Padding never changes a result, and a sequence without a real position gives zeros.
"""

from typing import Any

from keras import ops

#: Less than any score that float16 can add to it. Not -inf, whose gradient is NaN.
_LOWEST = -1e4


def cleared(x: Any, mask: Any) -> Any:
    """Zeros at padding, whatever stood there: 0 times NaN is NaN.

    Args:
        x: (B, T, D).
        mask: (B, T) bool, True = real.

    Returns:
        (B, T, D).
    """
    return ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))


def masked_mean(x: Any, mask: Any) -> Any:
    """The mean of the real vectors, `sum_t m_t x_t / sum_t m_t`.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool, True = real.

    Returns:
        (B, D).
    """
    weights = ops.cast(ops.expand_dims(mask, -1), x.dtype)  # (B, T, 1)
    return ops.sum(cleared(x, mask), axis=1) / ops.maximum(ops.sum(weights, axis=1), 1)


def masked_max(x: Any, mask: Any) -> Any:
    """The greatest real entry in each dimension.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).
    """
    real = ops.expand_dims(mask, -1)  # (B, T, 1)
    best = ops.max(ops.where(real, x, ops.full_like(x, _LOWEST)), axis=1)  # (B, D)
    return ops.where(ops.any(real, axis=1), best, ops.zeros_like(best))


def first_vector(x: Any, mask: Any) -> Any:
    """The vector of the first real position.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).
    """
    return _picked(x, mask, ops.argmax(ops.cast(mask, "int32"), axis=1))


def last_vector(x: Any, mask: Any) -> Any:
    """The vector of the last real position.

    Args:
        x: (B, T, D) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).
    """
    # The first of the highest running counts is the last real position.
    return _picked(x, mask, ops.argmax(ops.cumsum(ops.cast(mask, "int32"), axis=1), axis=1))


def attention_pooling(x: Any, scores: Any, mask: Any) -> Any:
    """The mean under attention, `sum_t a_t x_t`, `a = softmax(scores)` over real positions (Yang et al. 2016, eq. 6-7).

    Args:
        x: (B, T, D) floats.
        scores: (B, T) floats.
        mask: (B, T) bool.

    Returns:
        (B, D).
    """
    scores = ops.cast(scores, "float32")
    weights = ops.softmax(ops.where(mask, scores, ops.full_like(scores, _LOWEST)), axis=1)  # (B, T)
    weights = ops.where(mask, weights, ops.zeros_like(weights))
    return ops.einsum("bt,btd->bd", ops.cast(weights, x.dtype), cleared(x, mask))


def bag_sum(rows: Any, weights: Any) -> Any:
    """The weighted sum of the rows of a table, `sum_n w_n E[i_n]`: a sparse vector times a matrix.

    Args:
        rows: (B, N, D) floats, the rows `E[i_n]`.
        weights: (B, N) floats, 0 at padding.

    Returns:
        (B, D).
    """
    return ops.einsum("bn,bnd->bd", weights, rows)


def _picked(x: Any, mask: Any, index: Any) -> Any:
    picked = ops.take_along_axis(x, ops.expand_dims(ops.expand_dims(index, -1), -1), axis=1)[:, 0]  # (B, D)
    return ops.where(ops.any(mask, axis=1, keepdims=True), picked, ops.zeros_like(picked))
