"""Attention over a memory: scores of queries and keys, softmax weights, and the weighted sum of values.

Scores and weights are computed in float32 whatever the input's dtype, because half precision loses small differences
between scores. The scores here take keys that are already projected, since keys are projected once for all queries.
Letters: B batch, H heads, Q or T queries, S memory steps, U projection units, M memory width, d head width.

Masks exclude padding, but its values must be finite: 0 times NaN is NaN.
"""

import math
from collections.abc import Callable

from keras import ops

from keras_embed._types import Tensor

#: Lower than any score, and finite: the gradient of -inf is NaN.
LOWEST = -1e9


def additive_scores(query: Tensor, keys: Tensor, vector: Tensor, gain: Tensor | None = None) -> Tensor:
    """Computes `e = v^T tanh(q + k)`, or `e = g v^T / |v| tanh(q + k)` (Bahdanau et al. 2015, appendix A.1.2).

    With q = W s and k = U h + b this is Bahdanau's alignment model. If W and U are the two halves of one matrix and b
    is zero, it is Luong's "concat", `v^T tanh(W [s; h])` (Luong et al. 2015, equation 8). A gain gives the normalised
    form (Salimans & Kingma 2016, equation 2; Raffel et al. 2017, equation 16).

    Args:
        query: projected queries q, floats `(B, Q, U)`.
        keys: projected keys k, floats `(B, S, U)`, or `(B, Q, S, U)` if each query has its own.
        vector: v, floats `(U,)`.
        gain: g, a scalar; `None`: v is not normalised.

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
    if gain is not None:  # g v / |v|
        vector = vector * ops.cast(gain, "float32") / ops.sqrt(ops.sum(ops.square(vector)))
    keys = keys if len(keys.shape) == 4 else ops.expand_dims(keys, 1)  # (B, 1 or Q, S, U)
    hidden = ops.tanh(ops.expand_dims(query, 2) + keys)  # (B, Q, S, U)
    return ops.squeeze(ops.matmul(hidden, ops.expand_dims(vector, -1)), -1)  # (B, Q, S)


def dot_scores(query: Tensor, keys: Tensor, scale: Tensor | None = None) -> Tensor:
    """Computes `e = g q^T k` (Luong et al. 2015, equation 8).

    With k = h this is Luong's "dot", with k = W h his "general". With g = 1 / sqrt(U) it is the scaled form (Vaswani et
    al. 2017, equation 1).

    Args:
        query: queries q, floats `(B, Q, U)`.
        keys: keys k, floats `(B, S, U)`, or `(B, Q, S, U)` if each query has its own.
        scale: g, a scalar; `None`: 1.

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
    if len(keys.shape) == 4:  # (B, Q, S, U) x (B, Q, U, 1)
        scores = ops.squeeze(ops.matmul(keys, ops.expand_dims(query, -1)), -1)
    else:  # (B, Q, U) x (B, U, S)
        scores = ops.matmul(query, ops.transpose(keys, (0, 2, 1)))
    return scores if scale is None else scores * ops.cast(scale, "float32")


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Computes `a_s = exp(e_s) / sum_r exp(e_r)` over the real steps, 0 elsewhere (Bahdanau et al. 2015, equation 6).

    Args:
        scores: e, floats `(B, Q, S)`.
        mask: bool `(B, S)` or `(B, Q, S)`, True = real.

    Returns:
        float32 `(B, Q, S)`, which sum to one over S; all zero for a query without a real step.

    References:
        Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473.

    Example:
    >>> import numpy as np
    >>> scores, mask = np.array([[[2.0, 2.0, 5.0]]]), np.array([[True, True, False]])
    >>> ops.convert_to_numpy(masked_softmax(scores, mask)).tolist()
    [[[0.5, 0.5, 0.0]]]
    """
    scores, mask = ops.cast(scores, "float32"), of_queries(mask)
    weights = ops.softmax(ops.where(mask, scores, ops.full_like(scores, LOWEST)), axis=-1)
    # A row without a real step came out uniform: the second mask makes it zero.
    return ops.where(mask, weights, ops.zeros_like(weights))


def weighted_sum(weights: Tensor, values: Tensor) -> Tensor:
    """Computes the context `c = sum_s a_s h_s` (Bahdanau et al. 2015, equation 5).

    Args:
        weights: a, floats `(B, Q, S)`.
        values: h, floats `(B, S, M)`.

    Returns:
        `(B, Q, M)` in the dtype of the values.

    References:
        Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473.

    Example:
    >>> import numpy as np
    >>> context = weighted_sum(np.array([[[0.5, 0.5]]], "float32"), np.array([[[1.0, 3.0], [2.0, 5.0]]], "float32"))
    >>> ops.convert_to_numpy(context).tolist()
    [[[1.5, 4.0]]]
    """
    values = ops.convert_to_tensor(values)
    return ops.matmul(ops.cast(weights, values.dtype), values)


def of_queries(mask: Tensor) -> Tensor:
    """Expands a mask of the memory to one for each query: `(B, S)` -> `(B, 1, S)`; `(B, Q, S)` is unchanged."""
    mask = ops.convert_to_tensor(mask, "bool")
    return mask if len(mask.shape) == 3 else ops.expand_dims(mask, 1)


def _identity(weights: Tensor) -> Tensor:
    return weights


def dot_product_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    dropout: Callable[[Tensor], Tensor] = _identity,
) -> tuple[Tensor, Tensor]:
    """Computes `softmax(Q K^T / sqrt(d) + bias) V` for each head (Vaswani et al. 2017, equation 1).

    Args:
        query: Q, floats `(B, H, T, d)`.
        keys: K, floats `(B, H, S, d)`.
        values: V, floats `(B, H, S, d)`.
        mask: bool, broadcast to `(B, H, T, S)`, True = may be attended to. A query that may attend to nothing gets
            zeros.
        bias: floats, broadcast to `(B, H, T, S)`, added to the scores.
        dropout: applied to the weights of the sum; the returned weights are without dropout.

    Returns:
        `(context, weights)`: `(B, H, T, d)`, and float32 `(B, H, T, S)`, which sum to one over S.

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.

    Example:
    >>> import numpy as np
    >>> query, keys, values = np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 3, 2)), np.array([[[[2.0], [4.0], [9.0]]]])
    >>> context, weights = dot_product_attention(query, keys, values, np.array([True, True, False]))
    >>> np.array(context).tolist(), np.array(weights).tolist()
    ([[[[3.0]]]], [[[[0.5, 0.5, 0.0]]]])
    """
    query = ops.convert_to_tensor(query)
    # Scaling the query is cheaper than scaling the scores, and keeps float16 products in range.
    scores = ops.matmul(query * (1 / math.sqrt(query.shape[-1])), ops.swapaxes(keys, -1, -2))  # (B, H, T, S)
    scores = ops.cast(scores, "float32")
    if bias is not None:
        scores = scores + ops.cast(bias, "float32")
    if mask is None:
        weights = ops.softmax(scores, axis=-1)
    else:
        # A finite value: a row of only -inf would give NaN, and so would its gradient.
        weights = ops.softmax(ops.where(mask, scores, LOWEST), axis=-1)
        weights = ops.where(mask, weights, 0.0)
    return ops.matmul(ops.cast(dropout(weights), query.dtype), values), weights
