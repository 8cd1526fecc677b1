"""Attention of a decoder that restricts where it attends: local windows, monotonic attention, and coverage.

Letters: B batch, Q queries (target steps), S memory steps. Positions count the real steps of a row from 0, so padding
changes nothing.
"""

from keras import ops

from keras_embed._backend import compiled, loop
from keras_embed._types import Tensor
from keras_embed.functional.attention import of_queries

# === Local attention (Luong et al. 2015, section 3.2) ===


def real_positions(mask: Tensor) -> Tensor:
    """Computes the position of each real step among the real steps of its row.

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


def predicted_centre(logits: Tensor, mask: Tensor) -> Tensor:
    """Predicts the centre of the window, `p = S sigmoid(v^T tanh(W s))` (Luong et al. 2015, equation 9).

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


def window_mask(centre: Tensor, mask: Tensor, window: int) -> Tensor:
    """Selects the real steps in `[p - D, p + D]` (Luong et al. 2015, section 3.2).

    Args:
        centre: p, floats `(B, Q)`.
        mask: bool `(B, S)`.
        window: D.

    Returns:
        bool `(B, Q, S)`.

    References:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025.

    Example:
    >>> import numpy as np
    >>> mask = np.array([[True, True, True, True, False]])
    >>> ops.convert_to_numpy(window_mask(np.array([[2.5]]), mask, 1)).tolist()
    [[[False, False, True, True, False]]]
    """
    inside = ops.abs(_distances(centre, mask)) <= float(window)
    return ops.logical_and(inside, ops.expand_dims(ops.convert_to_tensor(mask, "bool"), 1))


def gaussian_factors(centre: Tensor, mask: Tensor, window: int) -> Tensor:
    """Computes `exp(-(s - p)^2 / (2 sigma^2))` with `sigma = D / 2` (Luong et al. 2015, equation 10).

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


def _distances(centre: Tensor, mask: Tensor) -> Tensor:
    """Computes `s - p` for each query and step, `(B, Q, S)`."""
    return ops.expand_dims(real_positions(mask), 1) - ops.expand_dims(ops.cast(centre, "float32"), -1)


# === Monotonic attention (Raffel et al. 2017) ===
#
# At output i attention starts at the step where it stopped at output i - 1. At each step j it stops with probability
# p_ij = sigmoid(e_ij), else it moves on to the next. With q the probability of reaching a step,
#
#     q_ij = (1 - p_i,j-1) q_i,j-1 + a_i-1,j,     a_ij = p_ij q_ij          (equations 13 and 14)
#
# Weights sum to at most one: the rest ran past the end. Nothing stops at padding. Before the first output all weight
# is on the first step.


@compiled()
def recursive_weights(scores: Tensor, previous: Tensor, mask: Tensor) -> Tensor:
    """Computes the expected monotonic attention weights by their recursion, a loop of length S.

        q_j = (1 - p_(j-1)) q_(j-1) + a'_j,     a_j = p_j q_j,     p_j = sigmoid(e_j)

    Args:
        scores: e, floats `(B, Q, S)`.
        previous: a', the weights of the previous output, floats `(B, Q, S)`.
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
    stops = ops.where(mask, ops.sigmoid(scores), ops.zeros_like(scores))  # p, 0 at padding
    goes_on = ops.where(mask, ops.sigmoid(-scores), ops.ones_like(scores))  # 1 - p, exact where p is near 1
    inputs = tuple(ops.moveaxis(x, -1, 0) for x in (stops, goes_on, ops.cast(previous, "float32")))  # (S, B, Q)

    def step(state: tuple[Tensor], inputs: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        stop, go_on, before = inputs
        reached = state[0] + before  # q_j; the state is (1 - p_(j-1)) q_(j-1)
        return stop * reached, (go_on * reached,)

    initial = ops.zeros_like(scores[:, :, 0])  # (B, Q)
    weights, _ = loop(step, (initial,), inputs, initial.shape)  # (S, B, Q)
    return ops.moveaxis(weights, 0, -1)


def parallel_weights(scores: Tensor, previous: Tensor, mask: Tensor) -> Tensor:
    """Computes the weights of `recursive_weights` without a loop.

        a_j = p_j sum_{k <= j} a'_k prod_{k <= l < j} (1 - p_l)

    The products are sums of logarithms, one for each pair of steps, so nothing is divided and nothing overflows; the
    paper's form (equation 15) divides by a product that vanishes in long memories. Memory is S^2 for each query.

    Args:
        scores: e, floats `(B, Q, S)`.
        previous: a', the weights of the previous output, floats `(B, Q, S)`.
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
    stops = ops.where(mask, ops.sigmoid(scores), ops.zeros_like(scores))  # p
    goes_on = ops.where(mask, -ops.softplus(scores), ops.zeros_like(scores))  # log(1 - p)
    # The product for j covers the steps before it: shifted, entry j holds log(1 - p_(j-1)).
    goes_on = ops.concatenate([ops.zeros_like(goes_on[..., :1]), goes_on[..., :-1]], axis=-1)
    order = ops.cumsum(ops.ones_like(scores[0, 0]))  # (S,)
    after = ops.expand_dims(order, 1) < order  # (S, S): k < j
    # Row k accumulates sum_{k <= l < j} log(1 - p_l) along j; its exponential is the product.
    products = ops.cumsum(ops.where(after, ops.expand_dims(goes_on, 2), 0.0), axis=-1)  # (B, Q, S, S)
    products = ops.where(ops.expand_dims(order, 1) <= order, ops.exp(products), 0.0)
    reached = ops.matmul(ops.expand_dims(ops.cast(previous, "float32"), 2), products)  # q, (B, Q, 1, S)
    return stops * ops.squeeze(reached, 2)


def hard_weights(scores: Tensor, previous: Tensor, mask: Tensor) -> Tensor:
    """Selects one step: the first with a positive score, from the previous one on (Raffel et al. 2017, section 2.3).

    Args:
        scores: e, floats `(B, Q, S)`.
        previous: the weights of the previous output, floats `(B, Q, S)`, a single 1 or only zeros.
        mask: bool `(B, S)`, True = real.

    Returns:
        float32 `(B, Q, S)`, a single 1, or only zeros once attention has run past the end; it stays there.

    References:
        Raffel et al. 2017, https://arxiv.org/abs/1704.00784, algorithm 1.

    Example:
    >>> import numpy as np
    >>> scores, mask = np.array([[[3.0, -1.0, 2.0, 5.0]]]), np.array([[True, True, True, True]])
    >>> ops.convert_to_numpy(hard_weights(scores, np.array([[[0.0, 1.0, 0.0, 0.0]]]), mask)).tolist()
    [[[0.0, 0.0, 1.0, 0.0]]]
    """
    reached = ops.cumsum(ops.cast(previous, "float32"), axis=-1) > 0.0  # the previous step and all after it
    stops = ops.logical_and(ops.cast(scores, "float32") > 0.0, of_queries(mask))
    stops = ops.cast(ops.logical_and(stops, reached), "float32")
    return stops * ops.cast(ops.cumsum(stops, axis=-1) <= 1.0, "float32")  # the first of them only


# === Coverage ===


def fertility(logits: Tensor, most: float) -> Tensor:
    """Computes `Phi_s = N sigmoid(u^T h_s)`, the attention that a step should receive in total.

    Args:
        logits: `u^T h`, floats `(B, S)`.
        most: N, the maximum for one step.

    Returns:
        float32 `(B, S)`.

    References:
        Tu et al. 2016, https://arxiv.org/abs/1601.04811, equation 9.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(fertility(np.zeros((1, 2), "float32"), 2.0)).tolist()
    [[1.0, 1.0]]
    """
    return most * ops.sigmoid(ops.cast(logits, "float32"))


def coverage_loss(weights: Tensor, mask: Tensor) -> Tensor:
    """Computes `sum_s min(a_ts, c_ts)`, `c_t = sum_{t' < t} a_t'`, a penalty for attending to the same step repeatedly.

    Args:
        weights: a, floats `(B, T, S)`, 0 at padding of the memory.
        mask: bool `(B, T)`, the real steps of the target.

    Returns:
        float32 `(B, T)`, at most 1, and 0 at padding.

    References:
        See et al. 2017, https://arxiv.org/abs/1704.04368, equations 10 and 12.

    Example:
    >>> import numpy as np
    >>> weights = np.array([[[1.0, 0.0], [0.25, 0.75], [0.0, 1.0]]])
    >>> ops.convert_to_numpy(coverage_loss(weights, np.array([[True, True, True]]))).tolist()
    [[0.0, 0.25, 0.75]]
    """
    weights = ops.cast(weights, "float32")
    coverage = ops.cumsum(weights, axis=1) - weights  # c_t excludes a_t itself
    losses = ops.sum(ops.minimum(weights, coverage), axis=-1)  # (B, T)
    return ops.where(ops.convert_to_tensor(mask, "bool"), losses, ops.zeros_like(losses))
