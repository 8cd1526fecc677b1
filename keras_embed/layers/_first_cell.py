"""The first cell of a decoder: what the tokens add to its gates is computed for all steps before the loop."""

from typing import Any

import keras
from keras import ops

_SPLIT = (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)


def matmul(x: Any, kernel: Any) -> Any:
    """`x W` for x (..., I), as one product of two matrices: a batch of small ones is slow."""
    flat = ops.matmul(ops.reshape(x, (-1, x.shape[-1])), ops.cast(kernel, x.dtype))
    return ops.reshape(flat, (-1, *ops.shape(x)[1:-1], kernel.shape[-1]))


def run(cell: Any, x: Any, states: Any) -> tuple[Any, tuple[Any, ...]]:
    """One step of any cell, its states as a tuple."""
    output, states = cell(x, list(states))
    return output, tuple(states) if isinstance(states, list | tuple) else (states,)


class FirstCell:
    """A cell that reads `[x; fed]`, where all x are known and what is fed is not.

    The gates of Keras' own cells are a sum over the parts of their input, so the share of x can be had for all steps at
    once. Any other cell is run as it is.

    Made before a loop, and for it alone: cutting a matrix inside would cost a matrix of zeros in each step's gradient.

    Args:
        cell: it, built.
        fed_dim: F, width of what is fed.
        dtype: to compute in.
    """

    def __init__(self, cell: Any, fed_dim: int, dtype: str) -> None:
        self.cell = cell
        self.split = type(cell) in _SPLIT and getattr(cell, "reset_after", True)
        if not self.split:
            return
        input_dim = cell.kernel.shape[0] - fed_dim
        self.input_kernel = ops.cast(cell.kernel, dtype)[:input_dim]
        self.fed_kernel = ops.cast(cell.kernel, dtype)[input_dim:]
        self.recurrent_kernel = ops.cast(cell.recurrent_kernel, dtype)
        self.bias = self.recurrent_bias = None
        if cell.use_bias:
            bias = ops.cast(cell.bias, dtype)
            two = type(cell) is keras.layers.GRUCell
            self.bias, self.recurrent_bias = (bias[0], bias[1]) if two else (bias, None)

    def share(self, x: Any) -> Any:
        """What x (..., E) adds to the gates, (..., G); x itself where it cannot be told apart."""
        if not self.split:
            return x
        gates = matmul(x, self.input_kernel)
        return gates if self.bias is None else gates + self.bias

    def step(self, given: Any, fed: Any, states: Any) -> tuple[Any, tuple[Any, ...]]:
        """One step.

        Args:
            given: (N, G), of `share`.
            fed: (N, F), or None.
            states: of the cell, each (N, D).

        Returns:
            the output (N, D) and the new states.
        """
        if not self.split:
            return run(self.cell, given if fed is None else ops.concatenate([given, fed], axis=-1), states)
        if fed is not None:
            given = given + ops.matmul(fed, self.fed_kernel)
        inner = ops.matmul(states[0], self.recurrent_kernel)
        if type(self.cell) is keras.layers.GRUCell:
            return self._gru(given, inner, states[0])
        if type(self.cell) is keras.layers.LSTMCell:
            return self._lstm(given + inner, states[1])
        hidden = self.cell.activation(given + inner)
        return hidden, (hidden,)

    def _lstm(self, gates: Any, memory: Any) -> tuple[Any, tuple[Any, ...]]:
        gate, activation = self.cell.recurrent_activation, self.cell.activation
        i, f, g, o = ops.split(gates, 4, axis=-1)
        memory = gate(f) * memory + gate(i) * activation(g)
        hidden = gate(o) * activation(memory)
        return hidden, (hidden, memory)

    def _gru(self, given: Any, inner: Any, hidden: Any) -> tuple[Any, tuple[Any, ...]]:
        gate = self.cell.recurrent_activation
        if self.recurrent_bias is not None:
            inner = inner + self.recurrent_bias
        z, r, g = ops.split(given, 3, axis=-1)
        inner_z, inner_r, inner_g = ops.split(inner, 3, axis=-1)
        z = gate(z + inner_z)
        hidden = z * hidden + (1 - z) * self.cell.activation(g + gate(r + inner_r) * inner_g)
        return hidden, (hidden,)
