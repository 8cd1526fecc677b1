"""Several layers as one: a weighted sum with learnt weights."""

from typing import Any

from keras import ops


def scalar_mix(layers: Any, weights: Any, gamma: Any) -> Any:
    """`gamma * sum_j softmax(w)_j x_j` (Peters et al. 2018, equation 1).

    Args:
        layers: `(..., N, D)`, N layers.
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
    # Softmax in float32: a fixed mix is written as weights of -9e10, which float16 cannot hold.
    layers = ops.convert_to_tensor(layers)
    shares = ops.cast(ops.softmax(ops.cast(weights, "float32")), layers.dtype)
    mixed = ops.sum(layers * ops.expand_dims(shares, -1), axis=-2)
    return ops.cast(gamma, layers.dtype) * mixed


def normalized_layers(layers: Any, mask: Any, epsilon: float = 1e-12) -> Any:
    """Each layer with mean 0 and variance 1, of all real elements of the whole batch together.

    One mean and one variance for each layer, not for each token, and no learnt scale: what the published code means
    by "layer norm". So a token's vector depends on the batch around it.

    Args:
        layers: `(B, T, N, D)`.
        mask: bool `(B, T)`, True = real. Without a real token, everything is zero.
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
