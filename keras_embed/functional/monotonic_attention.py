"""Attention that goes through the memory from left to right and never back (Raffel et al. 2017).

At output i it starts where it stood at output i - 1, and at each step j of the memory stops with the probability
`p_ij = sigmoid(e_ij)`, else goes on to the next. With q the probability to come to a step,

    q_ij = (1 - p_i,j-1) q_i,j-1 + a_i-1,j,     a_ij = p_ij q_ij

(equations 13 and 14). What has not stopped at the end is lost, so weights sum to at most one. Nothing stops at padding.
Before the first output all weight is on the first step.
"""

from typing import Any

from keras import ops

from keras_embed import _backend
from keras_embed.functional.attention import of_queries


@_backend.compiled()
def recursive_weights(scores: Any, previous: Any, mask: Any) -> Any:
    """The expected weights, one step of the memory after the other: a loop of length S.

    Args:
        scores: e, floats `(B, Q, S)`.
        previous: the weights of the output before, floats `(B, Q, S)`.
        mask: bool `(B, S)`, True = real.

    Returns:
        float32 `(B, Q, S)`.

    References:
        Raffel et al. 2017, https://arxiv.org/abs/1704.00784, equation 14.

    Example:
    >>> import numpy as np
    >>> start, mask = np.array([[[1.0, 0.0, 0.0]]]), np.array([[True, True, True]])
    >>> ops.convert_to_numpy(recursive_weights(np.zeros((1, 1, 3)), start, mask)).tolist()
    [[[0.5, 0.25, 0.125]]]
    """
    scores, mask = ops.cast(scores, "float32"), of_queries(mask)
    stops = ops.where(mask, ops.sigmoid(scores), ops.zeros_like(scores))
    goes_on = ops.where(mask, ops.sigmoid(-scores), ops.ones_like(scores))  # 1 - p, exact where p is near 1
    inputs = tuple(ops.moveaxis(x, -1, 0) for x in (stops, goes_on, ops.cast(previous, "float32")))

    def step(state: Any, inputs: Any) -> Any:
        stop, go_on, before = inputs
        here = state[0] + before
        return stop * here, (go_on * here,)

    nowhere = ops.zeros_like(scores[:, :, 0])
    weights, _ = _backend.loop(step, (nowhere,), inputs, nowhere.shape)
    return ops.moveaxis(weights, 0, -1)


def parallel_weights(scores: Any, previous: Any, mask: Any) -> Any:
    """The same without a loop: `a_j = p_j sum_{k <= j} a'_k prod_{k <= l < j} (1 - p_l)`.

    The products are sums of logarithms, one for each pair of steps, so nothing is divided and nothing overflows; the
    paper's form (equation 15) divides by a product that vanishes in long memories. It costs S^2 numbers for each query.

    Args:
        scores: e, floats `(B, Q, S)`.
        previous: the weights a' of the output before, floats `(B, Q, S)`.
        mask: bool `(B, S)`, True = real.

    Returns:
        float32 `(B, Q, S)`.

    References:
        Raffel et al. 2017, https://arxiv.org/abs/1704.00784.

    Example:
    >>> import numpy as np
    >>> start, mask = np.array([[[1.0, 0.0, 0.0]]]), np.array([[True, True, True]])
    >>> np.round(ops.convert_to_numpy(parallel_weights(np.zeros((1, 1, 3)), start, mask)), 3).tolist()
    [[[0.5, 0.25, 0.125]]]
    """
    scores, mask = ops.cast(scores, "float32"), of_queries(mask)
    stops = ops.where(mask, ops.sigmoid(scores), ops.zeros_like(scores))
    goes_on = ops.where(mask, -ops.softplus(scores), ops.zeros_like(scores))  # log(1 - p)
    # To come to step j from k < j is to go on at k ... j-1: at j stands the logarithm of going on at j-1.
    goes_on = ops.concatenate([ops.zeros_like(goes_on[..., :1]), goes_on[..., :-1]], axis=-1)
    order = ops.cumsum(ops.ones_like(scores[0, 0]))  # (S,)
    after = ops.expand_dims(order, 1) < order  # (S, S): k < j
    ways = ops.cumsum(ops.where(after, ops.expand_dims(goes_on, 2), 0.0), axis=-1)  # (B, Q, S, S)
    ways = ops.where(ops.expand_dims(order, 1) <= order, ops.exp(ways), 0.0)
    here = ops.matmul(ops.expand_dims(ops.cast(previous, "float32"), 2), ways)  # (B, Q, 1, S)
    return stops * ops.squeeze(here, 2)


def hard_weights(scores: Any, previous: Any, mask: Any) -> Any:
    """One step of the memory alone: the first, from where attention stood, whose score is positive (section 2.3).

    Args:
        scores: e, floats `(B, Q, S)`.
        previous: the weights of the output before, floats `(B, Q, S)`, one 1 or none.
        mask: bool `(B, S)`, True = real.

    Returns:
        float32 `(B, Q, S)`, a single 1, or only 0 where attention ran off the end; there it stays.

    References:
        Raffel et al. 2017, https://arxiv.org/abs/1704.00784, algorithm 1.

    Example:
    >>> import numpy as np
    >>> scores, mask = np.array([[[3.0, -1.0, 2.0, 5.0]]]), np.array([[True, True, True, True]])
    >>> ops.convert_to_numpy(hard_weights(scores, np.array([[[0.0, 1.0, 0.0, 0.0]]]), mask)).tolist()
    [[[0.0, 0.0, 1.0, 0.0]]]
    """
    passed = ops.cumsum(ops.cast(previous, "float32"), axis=-1) > 0.0
    stops = ops.logical_and(ops.cast(scores, "float32") > 0.0, of_queries(mask))
    stops = ops.cast(ops.logical_and(stops, passed), "float32")
    return stops * ops.cast(ops.cumsum(stops, axis=-1) <= 1.0, "float32")
