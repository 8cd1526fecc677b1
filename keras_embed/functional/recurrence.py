"""Steps of recurrent networks, and the highway connection."""

from keras import ops

from keras_embed._types import Tensor


def highway(x: Tensor, gate: Tensor, transform: Tensor) -> Tensor:
    """Computes `y = g relu(t) + (1 - g) x` with `g = sigmoid(gate)` (Srivastava et al. 2015, equation 3).

    A strongly negative gate carries the input `x` over unchanged; a strongly positive one uses the transformed input.

    Args:
        x: the layer's input, `(..., D)`.
        gate: scores of the gate, `(..., D)`.
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


def projected_lstm_step(
    gates: Tensor,
    cell: Tensor,
    projection: Tensor | None = None,
    cell_clip: float | None = None,
    projection_clip: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes one step of an LSTM with a recurrent projection, `(h', c')` (Sak et al. 2014; Peters et al. 2018).

        i, j, f, o = split(z)
        c' = clip(sigmoid(f + 1) c + sigmoid(i) tanh(j))
        h' = clip((sigmoid(o) tanh(c')) P)

    The 1 of the forget gate is added here and is not part of the bias.

    Args:
        gates: z = x W + h R + b, `(..., 4 H)`, in the order input, candidate, forget, output.
        cell: c, `(..., H)`.
        projection: P, `(..., H, D)`; `None`: h' is neither projected nor clipped, and D = H.
        cell_clip: c' is clipped to [-cell_clip, cell_clip]; `None`: not clipped.
        projection_clip: the same for h' after the projection.

    Returns:
        h' `(..., D)` and c' `(..., H)`.

    References:
        Sak et al. 2014, https://arxiv.org/abs/1402.1128; Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> hidden, cell = projected_lstm_step(np.zeros((1, 8), "float32"), np.ones((1, 2), "float32"), cell_clip=0.5)
    >>> np.round(ops.convert_to_numpy(cell), 3).tolist()
    [[0.5, 0.5]]
    """
    i, j, f, o = ops.split(gates, 4, axis=-1)  # (..., H) each
    cell = ops.sigmoid(f + 1.0) * ops.convert_to_tensor(cell) + ops.sigmoid(i) * ops.tanh(j)  # c'
    cell = _clip(cell, cell_clip)
    hidden = ops.sigmoid(o) * ops.tanh(cell)
    if projection is not None:
        hidden = _clip(ops.matmul(hidden, projection), projection_clip)  # h', (..., D)
    return hidden, cell


def _clip(x: Tensor, limit: float | None) -> Tensor:
    return x if limit is None else ops.clip(x, -limit, limit)


def highway_lstm_step(gates: Tensor, carried: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """Computes one step of a highway LSTM, `(h', c')` (He et al. 2017, equations 1 to 10).

        i, f, j, o, r = split(z)
        c' = sigmoid(f) c + sigmoid(i) tanh(j)
        h' = sigmoid(r) sigmoid(o) tanh(c') + (1 - sigmoid(r)) W x

    Args:
        gates: z = x W + h R + b, `(..., 5 H)`, in the order input, forget, candidate, output, highway.
        carried: the projected input W x, `(..., H)`.
        cell: c, `(..., H)`.

    Returns:
        h' and c', `(..., H)`.

    References:
        He et al. 2017, https://aclanthology.org/P17-1044; Zhang et al. 2016, https://arxiv.org/abs/1510.08983.

    Example:
    >>> import numpy as np
    >>> hidden, cell = highway_lstm_step(np.zeros((1, 5), "float32"), np.ones((1, 1), "float32"), ops.zeros((1, 1)))
    >>> ops.convert_to_numpy(hidden).tolist()
    [[0.5]]
    """
    i, f, j, o, r = ops.split(gates, 5, axis=-1)  # (..., H) each
    cell = ops.sigmoid(f) * ops.convert_to_tensor(cell) + ops.sigmoid(i) * ops.tanh(j)  # c'
    open_ = ops.sigmoid(r)
    return open_ * ops.sigmoid(o) * ops.tanh(cell) + (1.0 - open_) * ops.convert_to_tensor(carried), cell
