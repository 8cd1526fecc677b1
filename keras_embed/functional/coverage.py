"""How much of a memory attention has used: what is covered need not be looked at again."""

from typing import Any

from keras import ops


def fertility(logits: Any, most: float) -> Any:
    """`Phi_s = N sigmoid(u^T h_s)`, how much attention a step of the memory should get (Tu et al. 2016, equation 9).

    Args:
        logits: `u^T h`, floats `(B, S)`.
        most: N, the most that one step can get.

    Returns:
        float32 `(B, S)`.

    References:
        Tu et al. 2016, https://arxiv.org/abs/1601.04811.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(fertility(np.zeros((1, 2), "float32"), 2.0)).tolist()
    [[1.0, 1.0]]
    """
    return most * ops.sigmoid(ops.cast(logits, "float32"))


def coverage_loss(weights: Any, mask: Any) -> Any:
    """`sum_s min(a_ts, c_ts)`, `c_t = sum_{t' < t} a_t'`: a loss for looking twice (See et al. 2017, equations 10, 12).

    Args:
        weights: a, floats `(B, T, S)`, 0 at padding of the memory.
        mask: bool `(B, T)`, the real steps of the target.

    Returns:
        float32 `(B, T)`, at most 1, and 0 at padding.

    References:
        See et al. 2017, https://arxiv.org/abs/1704.04368.

    Example:
    >>> import numpy as np
    >>> weights = np.array([[[1.0, 0.0], [0.25, 0.75], [0.0, 1.0]]])
    >>> ops.convert_to_numpy(coverage_loss(weights, np.array([[True, True, True]]))).tolist()
    [[0.0, 0.25, 0.75]]
    """
    weights = ops.cast(weights, "float32")
    before = ops.cumsum(weights, axis=1) - weights
    losses = ops.sum(ops.minimum(weights, before), axis=-1)
    return ops.where(ops.convert_to_tensor(mask, "bool"), losses, ops.zeros_like(losses))
