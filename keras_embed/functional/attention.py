"""Attention over a memory: scores of query and key, weights, and the sum that they weigh.

All in float32, whatever comes in: half precision cannot tell apart what a softmax can. Keys are projected once for all
queries, so every score here takes them projected already. Letters: B batch, Q queries, S steps of the memory, U units
of a projection, M width of the memory.

Padding is left out by masks, but what stands there must be finite.
"""

from typing import Any

from keras import ops

#: Less than any score, and finite: the gradient of -inf is NaN.
_LOWEST = -1e9


def additive_scores(query: Any, keys: Any, vector: Any, gain: Any = None) -> Any:
    """`v^T tanh(q + k)`, or `g v^T / |v| tanh(q + k)` (Bahdanau et al. 2015, appendix A.1.2).

    With q = W s and k = U h + b this is Bahdanau's alignment model. With W and U the two halves of one matrix and no b
    it is Luong's `v^T tanh(W [s; h])`, "concat" (Luong et al. 2015, equation 8). The gain makes it the normalised form
    (Salimans & Kingma 2016, equation 2; Raffel et al. 2017, equation 16).

    Args:
        query: projected queries q, floats `(B, Q, U)`.
        keys: projected keys k, floats `(B, S, U)`, or `(B, Q, S, U)` where each query has its own.
        vector: v, floats `(U,)`.
        gain: g, a scalar; None: v is taken as it is.

    Returns:
        float32 `(B, Q, S)`.

    References:
        Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473; Luong et al. 2015, https://arxiv.org/abs/1508.04025;
        Salimans & Kingma 2016, https://arxiv.org/abs/1602.07868; Raffel et al. 2017, https://arxiv.org/abs/1704.00784.

    Example:
    >>> import numpy as np
    >>> scores = additive_scores(np.zeros((1, 1, 2)), np.array([[[0.0, 0.0], [9.0, -9.0], [9.0, 9.0]]]), np.ones(2))
    >>> np.round(ops.convert_to_numpy(scores), 3).tolist()
    [[[0.0, 0.0, 2.0]]]
    """
    query, keys, vector = (ops.cast(x, "float32") for x in (query, keys, vector))
    if gain is not None:
        vector = vector * ops.cast(gain, "float32") / ops.sqrt(ops.sum(ops.square(vector)))
    keys = keys if len(keys.shape) == 4 else ops.expand_dims(keys, 1)  # (B, 1 or Q, S, U)
    hidden = ops.tanh(ops.expand_dims(query, 2) + keys)  # (B, Q, S, U)
    return ops.squeeze(ops.matmul(hidden, ops.expand_dims(vector, -1)), -1)


def dot_scores(query: Any, keys: Any, scale: Any = None) -> Any:
    """`g q^T k` (Luong et al. 2015, equation 8).

    With k = h this is Luong's "dot", with k = W h his "general". With g = 1 / sqrt(U) it is the scaled form (Vaswani et
    al. 2017, equation 1).

    Args:
        query: queries q, floats `(B, Q, U)`.
        keys: keys k, floats `(B, S, U)`, or `(B, Q, S, U)` where each query has its own.
        scale: g, a scalar; None: 1.

    Returns:
        float32 `(B, Q, S)`.

    References:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025; Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.

    Example:
    >>> import numpy as np
    >>> scores = dot_scores(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 0.0], [0.0, 1.0]]]), scale=0.5)
    >>> ops.convert_to_numpy(scores).tolist()
    [[[0.5, 1.0]]]
    """
    query, keys = ops.cast(query, "float32"), ops.cast(keys, "float32")
    if len(keys.shape) == 4:
        scores = ops.squeeze(ops.matmul(keys, ops.expand_dims(query, -1)), -1)
    else:
        scores = ops.matmul(query, ops.transpose(keys, (0, 2, 1)))
    return scores if scale is None else scores * ops.cast(scale, "float32")


def masked_softmax(scores: Any, mask: Any) -> Any:
    """`a_s = exp(e_s) / sum_r exp(e_r)` over real steps, 0 at the others (Bahdanau et al. 2015, equation 6).

    Args:
        scores: e, floats `(B, Q, S)`.
        mask: bool `(B, S)` or `(B, Q, S)`, True = real.

    Returns:
        float32 `(B, Q, S)`. They sum to one; all are 0 where nothing is real.

    Example:
    >>> import numpy as np
    >>> scores, mask = np.array([[[2.0, 2.0, 5.0]]]), np.array([[True, True, False]])
    >>> ops.convert_to_numpy(masked_softmax(scores, mask)).tolist()
    [[[0.5, 0.5, 0.0]]]
    """
    scores, mask = ops.cast(scores, "float32"), of_queries(mask)
    weights = ops.softmax(ops.where(mask, scores, ops.full_like(scores, _LOWEST)), axis=-1)
    return ops.where(mask, weights, ops.zeros_like(weights))


def weighted_sum(weights: Any, values: Any) -> Any:
    """`c = sum_s a_s h_s`, the context (Bahdanau et al. 2015, equation 5).

    Args:
        weights: a, floats `(B, Q, S)`.
        values: h, floats `(B, S, M)`.

    Returns:
        `(B, Q, M)` in the dtype of the values.

    Example:
    >>> import numpy as np
    >>> context = weighted_sum(np.array([[[0.5, 0.5]]], "float32"), np.array([[[1.0, 3.0], [2.0, 5.0]]], "float32"))
    >>> ops.convert_to_numpy(context).tolist()
    [[[1.5, 4.0]]]
    """
    values = ops.convert_to_tensor(values)
    return ops.matmul(ops.cast(weights, values.dtype), values)


def of_queries(mask: Any) -> Any:
    """A mask of the memory for each query: `(B, S)` -> `(B, 1, S)`; one that is so already, as it is."""
    mask = ops.convert_to_tensor(mask, "bool")
    return mask if len(mask.shape) == 3 else ops.expand_dims(mask, 1)
