"""Where a token stands, for attention, which by itself does not see any order."""

import math
from typing import Any

from keras import ops

from keras_embed._errors import message


def sinusoidal_encoding(positions: Any, dim: int) -> Any:
    """Sines and cosines of rising wavelengths (Vaswani et al. 2017, section 3.5).

    `PE(p, 2i) = sin(p / 10000^(2i / D))` and `PE(p, 2i + 1) = cos(p / 10000^(2i / D))`.

    Angles are float32 whatever the dtype of the model: in bfloat16, neighbouring positions would coincide.

    Args:
        positions: integers or floats of any shape (...), 0 first.
        dim: D, even.

    Returns:
        float32 (..., D).

    Raises:
        ValueError: for an odd width.

    References:
        https://arxiv.org/abs/1706.03762

    Example:
    >>> import numpy as np
    >>> from keras_embed.functional.positions import sinusoidal_encoding
    >>> np.round(np.array(sinusoidal_encoding(np.array([0, 1]), 2)), 3).tolist()
    [[0.0, 1.0], [0.8410000205039978, 0.5400000214576721]]
    """
    angles = _angles(positions, dim)  # (..., D / 2)
    pairs = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)  # (..., D / 2, 2)
    return ops.reshape(pairs, (*ops.shape(angles)[:-1], dim))


def rotary(x: Any, positions: Any) -> Any:
    """Turns each pair of coordinates by an angle that grows with the position (Su et al. 2021, eq. 34).

    `(x_2i, x_2i+1)` is turned by `p / 10000^(2i / D)`. The product of a turned query and a turned key depends on their
    vectors and on the distance of their positions alone.

    Args:
        x: floats (..., T, D), queries or keys of a head, D even.
        positions: (T,) integers, or a scalar for one position of all.

    Returns:
        as `x`.

    Raises:
        ValueError: for an odd width.

    References:
        https://arxiv.org/abs/2104.09864

    Example:
    >>> import math, numpy as np
    >>> from keras_embed.functional.positions import rotary
    >>> np.round(np.array(rotary(np.array([[1.0, 0.0]], "float32"), np.array([math.pi]))), 3).tolist()
    [[-1.0, -0.0]]
    """
    dim = x.shape[-1]
    angles = _angles(positions, dim)  # (T, D / 2), or (D / 2,)
    cos, sin = (ops.cast(part, x.dtype) for part in (ops.cos(angles), ops.sin(angles)))
    pairs = ops.reshape(x, (*ops.shape(x)[:-1], dim // 2, 2))
    first, second = pairs[..., 0], pairs[..., 1]  # (..., T, D / 2)
    turned = ops.stack([first * cos - second * sin, second * cos + first * sin], axis=-1)
    return ops.reshape(turned, ops.shape(x))


def relative_buckets(distances: Any, num_buckets: int = 32, max_distance: int = 128, both_ways: bool = True) -> Any:
    """Numbers for distances between tokens: one each for the near ones, wider and wider bins for the far (T5).

    Half of the numbers count single tokens, the other half bins whose borders grow as a geometric series up to
    `max_distance`; all that is farther shares the last. With `both_ways`, half of the numbers is for what follows.

    Args:
        distances: integers of any shape, position of the key minus position of the query.
        num_buckets: how many numbers.
        max_distance: from here on all distances are one.
        both_ways: False where keys never follow their query, as in a decoder: what follows is 0 then.

    Returns:
        int32 of the shape of `distances`, below `num_buckets`.

    References:
        Raffel et al. 2020, section 2.1, https://arxiv.org/abs/1910.10683

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
    near = num_buckets // 2
    ratio = ops.cast(ops.maximum(distances, 1), "float32") / near
    far = near + ops.cast(ops.log(ratio) / math.log(max_distance / near) * (num_buckets - near), "int32")
    return ops.cast(start, "int32") + ops.where(distances < near, distances, ops.minimum(far, num_buckets - 1))


def _angles(positions: Any, dim: int) -> Any:
    """float32 (..., D / 2)."""
    if dim % 2:
        raise ValueError(message("an even width, for pairs of coordinates", f"{dim}", f"{dim + 1}"))
    rates = ops.exp(ops.arange(0, dim, 2, dtype="float32") * (-math.log(10000.0) / dim))
    return ops.expand_dims(ops.cast(positions, "float32"), -1) * rates
