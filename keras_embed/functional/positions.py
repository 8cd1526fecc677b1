"""Positional encodings for attention, which by itself does not depend on the order of tokens."""

import math

from keras import ops

from keras_embed._errors import message
from keras_embed._types import Tensor


def sinusoidal_encoding(positions: Tensor, dim: int) -> Tensor:
    """Computes sinusoidal encodings, `PE(p, 2i) = sin(p / 10000^(2i / D))`, `PE(p, 2i + 1) = cos(p / 10000^(2i / D))`.

    Angles are float32 whatever the dtype of the model: in bfloat16, neighbouring positions would coincide.

    Args:
        positions: p, integers or floats of any shape (...), from 0.
        dim: D, even.

    Returns:
        float32 (..., D).

    Raises:
        ValueError: If `dim` is odd.

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5.

    Example:
    >>> import numpy as np
    >>> from keras_embed.functional.positions import sinusoidal_encoding
    >>> np.round(np.array(sinusoidal_encoding(np.array([0, 1]), 2)), 3).tolist()
    [[0.0, 1.0], [0.8410000205039978, 0.5400000214576721]]
    """
    angles = _angles(positions, dim)  # (..., D / 2)
    pairs = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)  # (..., D / 2, 2)
    return ops.reshape(pairs, (*ops.shape(angles)[:-1], dim))


def rotary(x: Tensor, positions: Tensor) -> Tensor:
    """Rotates each pair of coordinates `(x_2i, x_2i+1)` by the angle `p / 10000^(2i / D)`.

    The dot product of a rotated query and a rotated key depends only on the vectors and the distance of their
    positions.

    Args:
        x: floats (..., T, D), queries or keys of a head, D even.
        positions: p, (T,) integers, or a scalar if all have the same position.

    Returns:
        A tensor of the shape and dtype of `x`.

    Raises:
        ValueError: If D is odd.

    References:
        Su et al. 2021, https://arxiv.org/abs/2104.09864, equation 34.

    Example:
    >>> import math, numpy as np
    >>> from keras_embed.functional.positions import rotary
    >>> np.round(np.array(rotary(np.array([[1.0, 0.0]], "float32"), np.array([math.pi]))), 3).tolist()
    [[-1.0, -0.0]]
    """
    dim = x.shape[-1]
    angles = _angles(positions, dim)  # (T, D / 2), or (D / 2,)
    # The angles are float32; only their cosines and sines, at most 1, are cast.
    cos, sin = (ops.cast(part, x.dtype) for part in (ops.cos(angles), ops.sin(angles)))
    pairs = ops.reshape(x, (*ops.shape(x)[:-1], dim // 2, 2))
    first, second = pairs[..., 0], pairs[..., 1]  # (..., T, D / 2)
    # [[cos, -sin], [sin, cos]] applied to each pair
    rotated = ops.stack([first * cos - second * sin, second * cos + first * sin], axis=-1)  # (..., T, D / 2, 2)
    return ops.reshape(rotated, ops.shape(x))


def relative_buckets(
    distances: Tensor, num_buckets: int = 32, max_distance: int = 128, both_ways: bool = True
) -> Tensor:
    """Maps distances between tokens to buckets: one for each small distance, logarithmically growing ones after (T5).

    Half of the buckets hold a single distance each, the other half ranges that grow geometrically up to
    `max_distance`; all larger distances share the last one. With `both_ways`, half of the buckets are for keys after
    their query.

    Args:
        distances: integers of any shape, position of the key minus position of the query.
        num_buckets: number of buckets.
        max_distance: distance from which on all share the last bucket.
        both_ways: False if keys never follow their query, as in a decoder; positive distances are in bucket 0 then.

    Returns:
        int32 of the shape of `distances`, below `num_buckets`.

    References:
        Raffel et al. 2020, https://arxiv.org/abs/1910.10683, section 2.1.

    Example:
    >>> import numpy as np
    >>> from keras_embed.functional.positions import relative_buckets
    >>> np.array(relative_buckets(np.array([-100, -2, 0, 2, 100]), 8, 16)).tolist()
    [3, 2, 0, 6, 7]
    """
    distances = ops.cast(distances, "int32")
    start = ops.zeros_like(distances)
    if both_ways:
        num_buckets //= 2
        start = ops.where(distances > 0, num_buckets, 0)
        distances = ops.abs(distances)
    else:
        distances = ops.maximum(-distances, 0)
    near = num_buckets // 2  # number of single-distance buckets
    ratio = ops.cast(ops.maximum(distances, 1), "float32") / near
    # near + (b - near) * log(d / near) / log(max / near): geometric ranges up to max_distance
    far = near + ops.cast(ops.log(ratio) / math.log(max_distance / near) * (num_buckets - near), "int32")
    return ops.cast(start, "int32") + ops.where(distances < near, distances, ops.minimum(far, num_buckets - 1))


def _angles(positions: Tensor, dim: int) -> Tensor:
    """Computes the angles p / 10000^(2i / D), float32 (..., D / 2)."""
    if dim % 2:
        raise ValueError(message("an even width, for pairs of coordinates", f"{dim}", f"{dim + 1}"))
    rates = ops.exp(ops.arange(0, dim, 2, dtype="float32") * (-math.log(10000.0) / dim))
    return ops.expand_dims(ops.cast(positions, "float32"), -1) * rates
