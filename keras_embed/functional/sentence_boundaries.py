"""Sentences with a beginning and an end, in the two orders in which a language model reads them."""

from typing import Any

from keras import ops


def reading_orders(tokens: Any, mask: Any, beginning: Any, end: Any) -> tuple[Any, Any]:
    """`<S> w1 ... wn </S>`, and the same from its end to its beginning.

    Each sentence is reversed within its own length. Padding may stand anywhere: it is moved to the right.

    Args:
        tokens: int32 `(B, T)`.
        mask: bool `(B, T)`, True = real.
        beginning: the token that stands for `<S>`.
        end: the token that stands for `</S>`.

    Returns:
        orders: int32 `(B, T + 2, 2)`, the forward and the backward order, filled up with padding's tokens.
        mask: bool `(B, T + 2)`, True up to and with the last boundary.

    Example:
    >>> import numpy as np
    >>> tokens, mask = np.array([[5, 6, 0]], "int32"), np.array([[True, True, False]])
    >>> orders, long_mask = reading_orders(tokens, mask, beginning=8, end=9)
    >>> ops.convert_to_numpy(orders)[0].T.tolist(), ops.convert_to_numpy(long_mask).tolist()
    ([[8, 5, 6, 9, 0], [9, 6, 5, 8, 0]], [[True, True, True, True, False]])
    """
    one = ops.ones_like(tokens[:, :1])  # (B, 1), not a constant: the batch may be of any size
    real = ops.concatenate([one, ops.cast(mask, "int32"), one], axis=1)  # (B, T + 2)
    tokens = ops.concatenate([one * beginning, tokens, one * end], axis=1)
    places = ops.cumsum(ops.ones_like(real), axis=1)  # 1, 2, ... T + 2
    last = places[:, -1:]
    # Keys are all different, so that any sorting gives the one order: real tokens first, padding behind.
    forward = ops.argsort(places + (1 - real) * last, axis=1)
    backward = ops.argsort(last - places + (1 - real) * last, axis=1)
    orders = [ops.take_along_axis(tokens, ops.cast(order, "int32"), axis=1) for order in (forward, backward)]
    lengths = ops.sum(real, axis=1, keepdims=True)
    return ops.stack(orders, axis=-1), places <= lengths


def opposite_places(mask: Any) -> Any:
    """Where a step of one reading order stands in the other: `n - 1 - k` for step k of n, 0 for padding.

    Args:
        mask: bool `(B, S)`, True = real, padding on the right.

    Returns:
        int32 `(B, S)`.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(opposite_places(np.array([[True, True, True, False]]))).tolist()
    [[2, 1, 0, 0]]
    """
    real = ops.cast(mask, "int32")
    return (ops.sum(real, axis=1, keepdims=True) - ops.cumsum(real, axis=1)) * real


def bounded_places(mask: Any) -> Any:
    """Where each token stands once its sentence has a beginning, and no padding inside.

    Args:
        mask: bool `(B, T)`, True = real.

    Returns:
        int32 `(B, T)`, from 1; what stands at padding means nothing.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(bounded_places(np.array([[True, False, True]]))).tolist()
    [[1, 1, 2]]
    """
    return ops.cumsum(ops.cast(mask, "int32"), axis=1)


def take_steps(x: Any, places: Any) -> Any:
    """`x[b, places[b, t]]`.

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
    # One look-up in a flat table: cheaper everywhere than indices as wide as x.
    rows = ops.cumsum(ops.ones_like(places[:, :1]), axis=0) - 1  # (B, 1): 0, 1, ...
    flat = ops.reshape(x, (-1, *ops.shape(x)[2:]))
    return ops.take(flat, rows * ops.shape(x)[1] + places, axis=0)
