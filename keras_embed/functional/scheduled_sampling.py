"""Scheduled sampling: a decoder in training reads its own predictions in place of some true tokens.

Decays compute the share of *true* tokens, epsilon, as a function of the training step i (Bengio et al. 2015,
https://arxiv.org/abs/1506.03099, section 2.4).
"""

from keras import ops

from keras_embed._types import Tensor


def linear_decay(step: Tensor, slope: float, start: float = 1.0, minimum: float = 0.0) -> Tensor:
    """Computes `max(epsilon, k - c i)`.

    Args:
        step: i, number of training steps so far.
        slope: c, decrease for each step.
        start: k, value at step zero.
        minimum: epsilon, the minimum share of true tokens.

    Returns:
        float32, of the shape of `step`.

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.

    Example:
    >>> ops.convert_to_numpy(linear_decay([0, 10, 100], slope=0.025, minimum=0.25)).tolist()
    [1.0, 0.75, 0.25]
    """
    return ops.maximum(start - slope * ops.cast(step, "float32"), minimum)


def exponential_decay(step: Tensor, base: float) -> Tensor:
    """Computes `k ** i`.

    Args:
        step: i, number of training steps so far.
        base: k, below one.

    Returns:
        float32, of the shape of `step`.

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.

    Example:
    >>> ops.convert_to_numpy(exponential_decay([0, 1, 3], base=0.5)).tolist()
    [1.0, 0.5, 0.125]
    """
    return ops.power(ops.cast(base, "float32"), ops.cast(step, "float32"))


def inverse_sigmoid_decay(step: Tensor, scale: float) -> Tensor:
    """Computes `k / (k + exp(i / k))`, which falls from nearly one to nearly zero around step `k ln k`.

    Args:
        step: i, number of training steps so far.
        scale: k, at least one; half of the tokens are true after `k ln k` steps.

    Returns:
        float32, of the shape of `step`.

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.

    Example:
    >>> import math
    >>> [round(float(inverse_sigmoid_decay(step, scale=10.0)), 3) for step in (0, 10 * math.log(10), 100)]
    [0.909, 0.5, 0.0]
    """
    # k / (k + e^(i / k)) = sigmoid(ln k - i / k), which never overflows
    scale = ops.cast(scale, "float32")
    return ops.sigmoid(ops.log(scale) - ops.cast(step, "float32") / scale)


def sample(logits: Tensor, uniform: Tensor) -> Tensor:
    """Draws from `softmax(logits)` by inverting its cumulative distribution.

    Selects the first token whose cumulative probability exceeds the uniform number. One random number for each token
    is enough, and it can be drawn before a loop.

    Args:
        logits: floats `(..., V)`.
        uniform: floats `(...)` in [0, 1).

    Returns:
        int32 `(...)`.

    Example:
    >>> import numpy as np
    >>> logits = np.log(np.array([[0.2, 0.5, 0.3]] * 3))
    >>> ops.convert_to_numpy(sample(logits, np.array([0.1, 0.6, 0.8]))).tolist()
    [0, 1, 2]
    """
    logits = ops.cast(logits, "float32")
    # Unnormalised: instead of dividing by the total, the uniform number is multiplied by it.
    cumulative = ops.cumsum(ops.exp(logits - ops.max(logits, axis=-1, keepdims=True)), axis=-1)  # (..., V)
    threshold = ops.expand_dims(ops.cast(uniform, "float32"), -1) * cumulative[..., -1:]
    below = ops.sum(ops.cast(cumulative <= threshold, "int32"), axis=-1)
    return ops.minimum(below, logits.shape[-1] - 1)  # rounding may lift the threshold to the sum itself
