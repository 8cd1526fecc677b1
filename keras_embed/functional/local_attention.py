"""Attention to a window of the memory (Luong et al. 2015, section 3.2).

Positions count the real steps of a row from 0, so padding moves nothing.
"""

from typing import Any

from keras import ops


def real_positions(mask: Any) -> Any:
    """The position of each real step among the real steps of its row.

    Args:
        mask: bool `(B, S)`, True = real.

    Returns:
        float32 `(B, S)`.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(real_positions(np.array([[False, True, True]])))[:, 1:].tolist()
    [[0.0, 1.0]]
    """
    return ops.cumsum(ops.cast(mask, "float32"), axis=1) - 1.0


def predicted_centre(logits: Any, mask: Any) -> Any:
    """`p = S sigmoid(v^T tanh(W s))`, where to look (Luong et al. 2015, equation 9).

    Args:
        logits: `v^T tanh(W s)`, floats `(B, Q)`.
        mask: bool `(B, S)`; the S of the formula is the number of a row's real steps.

    Returns:
        float32 `(B, Q)`, between 0 and S.

    References:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025.

    Example:
    >>> import numpy as np
    >>> mask = np.array([[True, True, True, False]])
    >>> ops.convert_to_numpy(predicted_centre(np.zeros((1, 2), "float32"), mask)).tolist()
    [[1.5, 1.5]]
    """
    lengths = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True)  # (B, 1)
    return lengths * ops.sigmoid(ops.cast(logits, "float32"))


def window_mask(centre: Any, mask: Any, window: int) -> Any:
    """The real steps in `[p - D, p + D]` (Luong et al. 2015, section 3.2).

    Args:
        centre: p, floats `(B, Q)`.
        mask: bool `(B, S)`.
        window: D.

    Returns:
        bool `(B, Q, S)`.

    Example:
    >>> import numpy as np
    >>> mask = np.array([[True, True, True, True, False]])
    >>> ops.convert_to_numpy(window_mask(np.array([[2.5]]), mask, 1)).tolist()
    [[[False, False, True, True, False]]]
    """
    inside = ops.abs(_distances(centre, mask)) <= float(window)
    return ops.logical_and(inside, ops.expand_dims(ops.convert_to_tensor(mask, "bool"), 1))


def gaussian_factors(centre: Any, mask: Any, window: int) -> Any:
    """`exp(-(s - p)^2 / (2 sigma^2))`, `sigma = D / 2`: weights near the centre count more (equation 10).

    Args:
        centre: p, floats `(B, Q)`.
        mask: bool `(B, S)`.
        window: D.

    Returns:
        float32 `(B, Q, S)`, 1 at the centre.

    References:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025.

    Example:
    >>> import numpy as np
    >>> factors = gaussian_factors(np.array([[1.0]]), np.array([[True, True, True]]), 2)
    >>> np.round(ops.convert_to_numpy(factors).astype("float64"), 2).tolist()
    [[[0.61, 1.0, 0.61]]]
    """
    return ops.exp(-2.0 * ops.square(_distances(centre, mask) / float(window)))


def _distances(centre: Any, mask: Any) -> Any:
    """From each query's centre to each step, `(B, Q, S)`."""
    return ops.expand_dims(real_positions(mask), 1) - ops.expand_dims(ops.cast(centre, "float32"), -1)
