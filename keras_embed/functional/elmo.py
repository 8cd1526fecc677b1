"""ELMo: mixtures of layers, and sentences with boundary tokens in both reading orders.

Letters: B batch, T tokens, S = T + 2 steps with boundaries, N layers, D width.
"""

from keras import ops

from keras_embed._types import Tensor


def scalar_mix(layers: Tensor, weights: Tensor, gamma: Tensor) -> Tensor:
    """Computes `gamma * sum_j softmax(w)_j x_j` (Peters et al. 2018, equation 1).

    Args:
        layers: x, `(..., N, D)`.
        weights: w, `(N,)`.
        gamma: scalar or `(1,)`.

    Returns:
        `(..., D)`.

    References:
        Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> layers = np.array([[[1.0, 2.0], [3.0, 6.0]]], "float32")
    >>> ops.convert_to_numpy(scalar_mix(layers, np.zeros(2, "float32"), 2.0)).tolist()
    [[4.0, 8.0]]
    """
    # Softmax in float32: a fixed mix has weights of -9e10, which float16 cannot represent.
    layers = ops.convert_to_tensor(layers)
    shares = ops.cast(ops.softmax(ops.cast(weights, "float32")), layers.dtype)
    mixed = ops.sum(layers * ops.expand_dims(shares, -1), axis=-2)  # (..., D)
    return ops.cast(gamma, layers.dtype) * mixed


def normalized_layers(layers: Tensor, mask: Tensor, epsilon: float = 1e-12) -> Tensor:
    """Normalises each layer to mean 0 and variance 1 over all real elements of the batch.

    One mean and one variance for each layer, not for each token, and no learnt scale: this is what the published code
    calls layer normalisation. A token's vector therefore depends on the rest of its batch.

    Args:
        layers: `(B, T, N, D)`.
        mask: bool `(B, T)`, True = real. Without a real token, the result is zero.
        epsilon: added to the variance; 1e-12 in bilm-tf, 1e-13 in AllenNLP.

    Returns:
        `(B, T, N, D)`; padding is `-mean / deviation`, as in the published code.

    References:
        `weight_layers` of https://github.com/allenai/bilm-tf.

    Example:
    >>> import numpy as np
    >>> layers = np.array([[[[1.0, 3.0]], [[9.0, 9.0]]]], "float32")
    >>> ops.convert_to_numpy(normalized_layers(layers, np.array([[True, False]])))[0, 0, 0].tolist()
    [-1.0, 1.0]
    """
    x = ops.cast(layers, "float32")
    real = ops.cast(mask, "float32")[:, :, None, None]  # (B, T, 1, 1)
    count = ops.maximum(ops.sum(real) * ops.shape(x)[-1], 1.0)
    mean = ops.sum(x * real, axis=(0, 1, 3), keepdims=True) / count  # (1, 1, N, 1)
    variance = ops.sum(ops.square((x - mean) * real), axis=(0, 1, 3), keepdims=True) / count
    return ops.cast((x - mean) * ops.rsqrt(variance + epsilon), layers.dtype)


def reading_orders(tokens: Tensor, mask: Tensor, beginning: int, end: int) -> tuple[Tensor, Tensor]:
    """Adds boundary tokens and returns both reading orders, `<S> w1 ... wn </S>` and `</S> wn ... w1 <S>`.

    Each sentence is reversed within its own length. Padding may be anywhere; it is moved to the right.

    Args:
        tokens: int32 `(B, T)`.
        mask: bool `(B, T)`, True = real.
        beginning: id of `<S>`.
        end: id of `</S>`.

    Returns:
        orders: int32 `(B, T + 2, 2)`, forward and backward order, followed by the tokens at padding.
        mask: bool `(B, T + 2)`, True up to and including the last boundary.

    Example:
    >>> import numpy as np
    >>> tokens, mask = np.array([[5, 6, 0]], "int32"), np.array([[True, True, False]])
    >>> orders, long_mask = reading_orders(tokens, mask, beginning=8, end=9)
    >>> ops.convert_to_numpy(orders)[0].T.tolist(), ops.convert_to_numpy(long_mask).tolist()
    ([[8, 5, 6, 9, 0], [9, 6, 5, 8, 0]], [[True, True, True, True, False]])
    """
    one = ops.ones_like(tokens[:, :1])  # (B, 1), not a constant: the batch size may be dynamic
    real = ops.concatenate([one, ops.cast(mask, "int32"), one], axis=1)  # (B, T + 2)
    tokens = ops.concatenate([one * beginning, tokens, one * end], axis=1)
    position = ops.cumsum(ops.ones_like(real), axis=1)  # 1, 2, ... T + 2
    last = position[:, -1:]
    # All sort keys are distinct, so the order is the same with any sorting: real tokens first, then padding.
    forward = ops.argsort(position + (1 - real) * last, axis=1)
    backward = ops.argsort(last - position + (1 - real) * last, axis=1)
    orders = [ops.take_along_axis(tokens, ops.cast(order, "int32"), axis=1) for order in (forward, backward)]
    lengths = ops.sum(real, axis=1, keepdims=True)
    return ops.stack(orders, axis=-1), position <= lengths


def opposite_positions(mask: Tensor) -> Tensor:
    """Computes the position of each step in the opposite reading order: `n - 1 - k` for step k of n, 0 for padding.

    Args:
        mask: bool `(B, S)`, True = real, padding on the right.

    Returns:
        int32 `(B, S)`.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(opposite_positions(np.array([[True, True, True, False]]))).tolist()
    [[2, 1, 0, 0]]
    """
    real = ops.cast(mask, "int32")
    return (ops.sum(real, axis=1, keepdims=True) - ops.cumsum(real, axis=1)) * real


def bounded_positions(mask: Tensor) -> Tensor:
    """Computes the position of each token in the sentence with its boundary token and without padding.

    Args:
        mask: bool `(B, T)`, True = real.

    Returns:
        int32 `(B, T)`, from 1; arbitrary at padding.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(bounded_positions(np.array([[True, False, True]]))).tolist()
    [[1, 1, 2]]
    """
    return ops.cumsum(ops.cast(mask, "int32"), axis=1)


def take_steps(x: Tensor, places: Tensor) -> Tensor:
    """Gathers `x[b, places[b, t]]`.

    Args:
        x: `(B, S, ...)`.
        places: int32 `(B, T)`, within 0 .. S - 1.

    Returns:
        `(B, T, ...)`.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(take_steps(np.array([[1, 2], [3, 4]]), np.array([[1], [0]], "int32"))).tolist()
    [[2], [3]]
    """
    places = ops.cast(places, "int32")
    # One look-up in a flat table: cheaper on all backends than indices as wide as x.
    rows = ops.cumsum(ops.ones_like(places[:, :1]), axis=0) - 1  # (B, 1): 0, 1, ...
    flat = ops.reshape(x, (-1, *ops.shape(x)[2:]))  # (B * S, ...)
    return ops.take(flat, rows * ops.shape(x)[1] + places, axis=0)
