"""Two vectors into one that says how they differ."""

from typing import Any

from keras import ops


def pair_comparison(first: Any, second: Any) -> Any:
    """What a classifier of two sentence vectors reads, `[u; v; |u - v|; u * v]` (Conneau et al. 2017, section 3.1).

    Args:
        first: u, (B, D) floats.
        second: v, (B, D).

    Returns:
        (B, 4 D).

    References:
        Mou et al. 2016, https://aclanthology.org/P16-2022; Conneau et al. 2017, https://aclanthology.org/D17-1070.

    Example:
    >>> ops.convert_to_numpy(pair_comparison(ops.array([[1.0, 2.0]]), ops.array([[3.0, -1.0]]))).tolist()
    [[1.0, 2.0, 3.0, -1.0, 2.0, 3.0, 3.0, -2.0]]
    """
    return ops.concatenate([first, second, ops.abs(first - second), first * second], axis=-1)
