"""Two texts that read each other: what each position finds in the other text, and how the two compare."""

from typing import Any

from keras import ops

from keras_embed.functional.attention import dot_scores, masked_softmax, weighted_sum


def soft_alignment(first: Any, second: Any, first_mask: Any, second_mask: Any) -> tuple[Any, Any]:
    """For every position of one text the mixture of positions of the other that is most like it.

        e_ij = a_i . b_j
        a'_i = sum_j softmax_j(e_ij) b_j
        b'_j = sum_i softmax_i(e_ij) a_i

    (Parikh et al. 2016, equation 2; Chen et al. 2017, equations 11 to 13.)

    Args:
        first: a, floats `(B, T, D)`.
        second: b, floats `(B, S, D)`.
        first_mask: bool `(B, T)`, True = real.
        second_mask: bool `(B, S)`.

    Returns:
        a' `(B, T, D)` and b' `(B, S, D)`. They are zero where the other text has no real position. What they hold at
        the padding of their own text means nothing.

    References:
        Parikh et al. 2016, https://arxiv.org/abs/1606.01933; Chen et al. 2017, https://arxiv.org/abs/1609.06038.

    Example:
    >>> import numpy as np
    >>> first, second = np.array([[[20.0, 0.0]]]), np.array([[[0.0, 20.0], [20.0, 0.0]]])
    >>> aligned, _ = soft_alignment(first, second, np.ones((1, 1), bool), np.ones((1, 2), bool))
    >>> ops.convert_to_numpy(aligned).tolist()
    [[[20.0, 0.0]]]
    """
    scores = dot_scores(first, second)  # (B, T, S)
    to_second = masked_softmax(scores, second_mask)
    to_first = masked_softmax(ops.transpose(scores, (0, 2, 1)), first_mask)  # (B, S, T)
    return weighted_sum(to_second, second), weighted_sum(to_first, first)


def compared(x: Any, aligned: Any) -> Any:
    """`[x; x'; x - x'; x * x']`, to make agreement and contradiction plain (Chen et al. 2017, equations 14 and 15).

    Args:
        x: floats `(..., D)`.
        aligned: x', floats `(..., D)`.

    Returns:
        `(..., 4 D)`.

    References:
        Chen et al. 2017, https://arxiv.org/abs/1609.06038.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(compared(np.array([2.0]), np.array([3.0]))).tolist()
    [2.0, 3.0, -1.0, 6.0]
    """
    x, aligned = ops.convert_to_tensor(x), ops.convert_to_tensor(aligned)
    return ops.concatenate([x, aligned, x - aligned, x * aligned], axis=-1)
