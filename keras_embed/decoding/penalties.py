"""Penalties that make hypotheses of different length comparable (Wu et al. 2016, section 7)."""

from typing import Any

from keras import ops

# A source position that got no attention at all would make a hypothesis impossible.
_LEAST_COVERAGE = 1e-6


def length_penalty(lengths: Any, alpha: float) -> Any:
    """What a hypothesis' log-probability is divided by (Wu et al. 2016, equation 14).

        lp(Y) = ((5 + |Y|) / 6) ** alpha

    Args:
        lengths: |Y|, numbers of tokens with the end, any shape.
        alpha: 0: log-probabilities as they are; the larger, the longer are the best hypotheses.

    Returns:
        float32 of the shape of `lengths`.

    References:
        Wu et al. 2016, https://arxiv.org/abs/1609.08144.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(length_penalty(np.array([1, 7, 19]), 1.0)).tolist()
    [1.0, 2.0, 4.0]
    """
    return ((5.0 + ops.cast(lengths, "float32")) / 6.0) ** alpha


def coverage_penalty(coverage: Any, mask: Any, beta: float) -> Any:
    """What is added to the score of a hypothesis that leaves source positions out (Wu et al. 2016, equation 15).

        cp(X; Y) = beta * sum_s log(min(sum_t a_ts, 1))

    The inner sum is taken as at least 1e-6, so that the penalty stays finite.

    Args:
        coverage: sum over the target's steps of the attention paid to each source position, floats (..., S).
        mask: bool, broadcast to `coverage`, True = real: padding needs no attention.
        beta: weight, 0 or more.

    Returns:
        floats (...), at most 0.

    References:
        Wu et al. 2016, https://arxiv.org/abs/1609.08144.

    Example:
    >>> import numpy as np
    >>> coverage, mask = np.array([[1.7, np.exp(-2.0), 0.0]], "float32"), np.array([[True, True, False]])
    >>> np.round(ops.convert_to_numpy(coverage_penalty(coverage, mask, 0.5)), 4).tolist()
    [-1.0]
    """
    logs = ops.log(ops.clip(ops.convert_to_tensor(coverage), _LEAST_COVERAGE, 1.0))
    return beta * ops.sum(ops.where(mask, logs, 0.0), axis=-1)
