"""Cells of a recurrent decoder, with the input gates of all steps computed before the loop over time."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Tensor

_SPLIT = (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)

#: States of one cell, (N, D) each.
CellState = tuple[Tensor, ...]


def checked_cells(cells: Sequence[keras.layers.Layer]) -> list[keras.layers.Layer]:
    """Returns the cells as a list; raises `ValueError` if there are none, or one has dropout."""
    cells = list(cells)
    if not cells:
        raise ValueError(_errors.message("at least one cell in `cells`", cells, "[keras.layers.LSTMCell(256)]"))
    for cell in cells:
        rates = {name: getattr(cell, name, 0.0) for name in ("dropout", "recurrent_dropout")}
        if any(isinstance(rate, float) and rate > 0.0 for rate in rates.values()):
            received = f"{type(cell).__name__} with {rates}"
            raise ValueError(_errors.message("cells without dropout of their own", received, "the decoder's `dropout`"))
    return cells


def matmul(x: Tensor, kernel: Tensor) -> Tensor:
    """Computes `x W` for x (..., I) as one product of two matrices, which is faster than a batch of small ones."""
    flat = ops.matmul(ops.reshape(x, (-1, x.shape[-1])), ops.cast(kernel, x.dtype))
    return ops.reshape(flat, (-1, *ops.shape(x)[1:-1], kernel.shape[-1]))


def run_cell(cell: keras.layers.Layer, x: Tensor, states: CellState) -> tuple[Tensor, CellState]:
    """Runs one step of any cell, with its states as a tuple."""
    output, states = cell(x, list(states))
    return output, tuple(states) if isinstance(states, list | tuple) else (states,)


class FirstCell:
    """The bottom cell of a decoder, which reads `[x; feedback]`: all x are known before the loop, feedback is not.

    The gates of Keras' own cells are affine in their input, `W [x; y] + b = W_x x + b + W_y y`, so that the first two
    terms can be computed for all steps at once. Other cells run unchanged.

    Create it before the loop: slicing a kernel inside would add a zero-filled gradient of its full size in each step.

    Args:
        cell: the cell, built.
        feedback_dim: F, width of the feedback.
        dtype: dtype of the computation.
    """

    def __init__(self, cell: keras.layers.Layer, feedback_dim: int, dtype: str) -> None:
        self.cell = cell
        # The GRU with reset_after=False multiplies the state by r before its kernel: not covered by `_gru`.
        self.split = type(cell) in _SPLIT and getattr(cell, "reset_after", True)
        if not self.split:
            return
        input_dim = cell.kernel.shape[0] - feedback_dim
        self.input_kernel = ops.cast(cell.kernel, dtype)[:input_dim]
        self.feedback_kernel = ops.cast(cell.kernel, dtype)[input_dim:]
        self.recurrent_kernel = ops.cast(cell.recurrent_kernel, dtype)
        self.bias = self.recurrent_bias = None
        if cell.use_bias:
            bias = ops.cast(cell.bias, dtype)
            two = type(cell) is keras.layers.GRUCell
            self.bias, self.recurrent_bias = (bias[0], bias[1]) if two else (bias, None)

    def input_gates(self, x: Tensor) -> Tensor:
        """Returns `W_x x + b`, (..., E) -> (..., G), or x itself for other cells."""
        if not self.split:
            return x
        gates = matmul(x, self.input_kernel)
        return gates if self.bias is None else gates + self.bias

    def step(self, input_gates: Tensor, feedback: Tensor | None, states: CellState) -> tuple[Tensor, CellState]:
        """Runs one step.

        Args:
            input_gates: floats (N, G), of `input_gates`.
            feedback: floats (N, F), or None.
            states: of the cell, (N, D) each.

        Returns:
            The output (N, D), and the next states.
        """
        if not self.split:
            x = input_gates if feedback is None else ops.concatenate([input_gates, feedback], axis=-1)
            return run_cell(self.cell, x, states)
        if feedback is not None:
            input_gates = input_gates + ops.matmul(feedback, self.feedback_kernel)
        recurrent = ops.matmul(states[0], self.recurrent_kernel)  # (N, G)
        if type(self.cell) is keras.layers.GRUCell:
            return self._gru(input_gates, recurrent, states[0])
        if type(self.cell) is keras.layers.LSTMCell:
            return self._lstm(input_gates + recurrent, states[1])
        hidden = self.cell.activation(input_gates + recurrent)
        return hidden, (hidden,)

    def _lstm(self, gates: Tensor, carry: Tensor) -> tuple[Tensor, CellState]:
        gate, activation = self.cell.recurrent_activation, self.cell.activation
        i, f, g, o = ops.split(gates, 4, axis=-1)  # Keras' order of the gates
        carry = gate(f) * carry + gate(i) * activation(g)
        hidden = gate(o) * activation(carry)
        return hidden, (hidden, carry)

    def _gru(self, input_gates: Tensor, recurrent: Tensor, hidden: Tensor) -> tuple[Tensor, CellState]:
        gate = self.cell.recurrent_activation
        if self.recurrent_bias is not None:
            recurrent = recurrent + self.recurrent_bias
        z, r, g = ops.split(input_gates, 3, axis=-1)
        recurrent_z, recurrent_r, recurrent_g = ops.split(recurrent, 3, axis=-1)
        z = gate(z + recurrent_z)
        # r is applied after the recurrent kernel (reset_after=True).
        hidden = z * hidden + (1 - z) * self.cell.activation(g + gate(r + recurrent_r) * recurrent_g)
        return hidden, (hidden,)
