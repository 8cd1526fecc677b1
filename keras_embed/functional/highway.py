"""Highway networks."""

from typing import Any

from keras import ops


def highway(x: Any, gate: Any, transform: Any) -> Any:
    """`g relu(t) + (1 - g) x` with `g = sigmoid(gate)` (Srivastava et al. 2015, equation 3).

    The gate opens for the transformed input: a strongly negative one carries `x` over as it is.

    Args:
        x: the layer's input, `(..., D)`.
        gate: the gate's scores, `(..., D)`.
        transform: t, `(..., D)`.

    Returns:
        `(..., D)`.

    References:
        Srivastava et al. 2015, https://arxiv.org/abs/1505.00387.

    Example:
    >>> import numpy as np
    >>> x, transform = np.array([1.0, 1.0], "float32"), np.array([5.0, -5.0], "float32")
    >>> ops.convert_to_numpy(highway(x, np.zeros(2, "float32"), transform)).tolist()
    [3.0, 0.5]
    """
    x, gate = ops.convert_to_tensor(x), ops.sigmoid(gate)
    return gate * ops.relu(transform) + (1.0 - gate) * x
