"""Scheduled sampling: how often a decoder reads what it wrote itself while it learns.

Decays give the share of *true* tokens, epsilon, as a function of the training step. Bengio et al. 2015,
https://arxiv.org/abs/1506.03099, section 2.4.
"""

from typing import Any

from keras import ops


def linear_decay(step: Any, slope: float, start: float = 1.0, minimum: float = 0.0) -> Any:
    """`max(minimum, start - slope step)`.

    Args:
        step: i, training steps so far.
        slope: c, what is lost in a step.
        start: k, at step zero.
        minimum: epsilon, the least share of true tokens.

    Returns:
        float32, shaped like the step.

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.

    Example:
    >>> ops.convert_to_numpy(linear_decay([0, 10, 100], slope=0.025, minimum=0.25)).tolist()
    [1.0, 0.75, 0.25]
    """
    return ops.maximum(start - slope * ops.cast(step, "float32"), minimum)


def exponential_decay(step: Any, base: float) -> Any:
    """`k ** i`.

    Args:
        step: i, training steps so far.
        base: k, below one.

    Returns:
        float32, shaped like the step.

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.

    Example:
    >>> ops.convert_to_numpy(exponential_decay([0, 1, 3], base=0.5)).tolist()
    [1.0, 0.5, 0.125]
    """
    return ops.power(ops.cast(base, "float32"), ops.cast(step, "float32"))


def inverse_sigmoid_decay(step: Any, scale: float) -> Any:
    """`k / (k + exp(i / k))`: nearly one for a while, then a fall, then nearly zero.

    Args:
        step: i, training steps so far.
        scale: k, at least one; half of the tokens are true after `k ln k` steps.

    Returns:
        float32, shaped like the step.

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.

    Example:
    >>> import math
    >>> [round(float(inverse_sigmoid_decay(step, scale=10.0)), 3) for step in (0, 10 * math.log(10), 100)]
    [0.909, 0.5, 0.0]
    """
    # k / (k + e^(i / k)) = sigmoid(ln k - i / k), which overflows nowhere
    scale = ops.cast(scale, "float32")
    return ops.sigmoid(ops.log(scale) - ops.cast(step, "float32") / scale)


def sample(logits: Any, uniform: Any) -> Any:
    """Draws from `softmax(logits)` by the inverse of its cumulative distribution.

    The first token whose cumulative probability exceeds the uniform number. One random number for each token is enough,
    and it can be drawn before a loop.

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
    cumulative = ops.cumsum(ops.exp(logits - ops.max(logits, axis=-1, keepdims=True)), axis=-1)
    threshold = ops.expand_dims(ops.cast(uniform, "float32"), -1) * cumulative[..., -1:]
    below = ops.sum(ops.cast(cumulative <= threshold, "int32"), axis=-1)
    return ops.minimum(below, logits.shape[-1] - 1)  # rounding may lift the threshold to the sum itself
