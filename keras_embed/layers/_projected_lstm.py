"""LSTMs with a recurrent projection: several that do not mix, in one loop."""

import math
from typing import Any

import keras
from keras import ops

from keras_embed._backend import loop
from keras_embed.functional import recurrence

#: A block of steps of the loop that passes padding over: long enough that the product of its inputs is a great one.
_BLOCK = 8
#: How many numbers of rows such a block may have, so that compilers build few programs.
_LEVELS = 4


def glorot(fan_in: int, fan_out: int) -> keras.initializers.Initializer:
    """Glorot and Bengio's uniform initialiser for a matrix that shares its array with others."""
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return keras.initializers.RandomUniform(-limit, limit)


class ProjectedLSTM(keras.layers.Layer):
    """G LSTMs side by side, each with its own weights and its own sequences.

    Weights are in TensorFlow's orientation and gate order (input, candidate, forget, output), so that published files
    fit as they are: their `W_0` is `input_kernel` above `recurrent_kernel`.

    Args:
        hidden_dim: H, width of the cell.
        dim: D, width of the output. Below H, a projection makes it; else it must be H.
        streams: G.
        cell_clip: see `functional.recurrence.projected_lstm_step`.
        projection_clip: the same.
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, hidden_dim, dim, streams, cell_clip=None, projection_clip=None, **kwargs):
        super().__init__(**kwargs)
        self.streams = streams
        self.clips = (cell_clip, projection_clip)
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.cell = _Cell(hidden_dim, dim, streams, **inner, name="cell")

    def build(self, input_shape):
        """Makes all weights for inputs `(T, G, B, I)`."""
        dim, width = input_shape[-1], 4 * self.cell.hidden_dim
        # W_0 of the published code is one matrix, so its initialiser sees the input and the state together.
        limits = glorot(dim + self.cell.dim, width)
        self.input_kernel = self.add_weight((self.streams, dim, width), limits, name="input_kernel")
        self.bias = self.add_weight((self.streams, width), "zeros", name="bias")
        self.cell.build_weights(limits)
        self.built = True

    def call(self, x, state, lengths=None):
        """From x `(T, G, B, I)` and a state `(G, B, D), (G, B, H)`, or a row of it, to `(T, G, B, D)` and the last.

        With `lengths` `(B,)`, a row's last state is that after so many steps; outputs behind them mean nothing.
        """
        alive = None if lengths is None else _alive(ops.shape(x)[0], lengths)
        return self._read(x, alive, _for_rows(x, state))

    def falling(self, x, state, lengths):
        """The same of rows that stand by falling length. No time goes into padding.

        The rows that a block of steps still has stand first, so the block computes these alone. Meant for inference:
        the gradient of a choice keeps what all of its branches would need.
        """
        steps, _, batch, _ = ops.shape(x)
        if not (_is_number(steps) and _is_number(batch)):  # a symbol of an exporter, which cannot be compared
            return self.call(x, state, lengths)
        blocks = -(-steps // _BLOCK)
        block = -(-steps // blocks)
        alive = _alive(blocks * block, lengths)
        x = ops.pad(x, ((0, blocks * block - steps), (0, 0), (0, 0), (0, 0)))
        in_blocks = [ops.reshape(part, (blocks, block, *ops.shape(part)[1:])) for part in (x, alive)]
        few = -(-batch // _LEVELS)
        rows = ops.sum(ops.cast(in_blocks[1][:, 0, :, 0], "int32"), axis=1)  # (blocks,), that have a step there

        def reader(number):
            return lambda x, alive, *state: self._first_rows(number, x, alive, state)

        # Rows of each level; the last one is never short of a row.
        readers = [reader(level * few if level < _LEVELS else batch) for level in range(1, _LEVELS + 1)]

        def step(state, inputs):
            x, alive, level = inputs
            outputs, *state = ops.switch(level, [self._no_rows, *readers], x, alive, *state)
            return outputs, tuple(state)

        outputs, state = loop(step, _for_rows(x, state), (*in_blocks, -(-rows // few)), self._shape(x.shape[2], block))
        return ops.reshape(outputs, (blocks * block, *ops.shape(outputs)[2:]))[:steps], state

    def _no_rows(self, x, alive, *state):
        return ops.zeros_like(x[..., :1]) + ops.zeros((self.cell.dim,), x.dtype), *state

    def _first_rows(self, number, x, alive, state):
        """One block of steps, the same of its first rows alone."""
        outputs, first = self._read(x[:, :, :number], alive[:, :number], [part[:, :number] for part in state])
        missing = ops.shape(x)[2] - ops.shape(outputs)[2]
        outputs = ops.pad(outputs, ((0, 0), (0, 0), (0, missing), (0, 0)))
        whole = [ops.concatenate([new, old[:, number:]], axis=1) for new, old in zip(first, state, strict=True)]
        return outputs, *whole

    def _read(self, x, alive, state):
        """All steps of all rows. Products are made stream by stream: most libraries are slow at batches of them."""
        numbers = range(self.streams)
        gates = [self._gates(x[:, number], number) for number in numbers]
        kernels = [self.cell.recurrent_kernel[number] for number in numbers]
        projections = [None if self.cell.projection is None else self.cell.projection[number] for number in numbers]

        def step(states, inputs):
            after: list[Any] = []
            for number in numbers:
                hidden, cell = states[2 * number : 2 * number + 2]  # (B, D), (B, H)
                scores = inputs[number] + ops.matmul(hidden, kernels[number])
                new: Any = recurrence.projected_lstm_step(scores, cell, projections[number], *self.clips)
                if alive is not None:
                    new = tuple(ops.where(inputs[-1], *pair) for pair in zip(new, (hidden, cell), strict=True))
                after += new
            return ops.stack(after[::2]), tuple(after)

        states = tuple(part[number] for number in numbers for part in state)
        outputs, states = loop(
            step, states, tuple(gates) if alive is None else (*gates, alive), self._shape(x.shape[2])
        )
        return outputs, (ops.stack(states[::2]), ops.stack(states[1::2]))

    def _shape(self, rows, *block):
        """Of an output of the loop; None for what is known only when it runs."""
        known = [size if isinstance(size, int) else None for size in (*block, self.streams, rows, self.cell.dim)]
        return tuple(known)

    def _gates(self, x, number):
        """What the input adds to the gates, for all steps at once: the loop is left with half of the products."""
        steps, rows, dim = ops.shape(x)
        flat = ops.matmul(ops.reshape(x, (steps * rows, dim)), self.input_kernel[number]) + self.bias[number]
        return ops.reshape(flat, (steps, rows, ops.shape(flat)[-1]))  # (T, B, 4 H)


def _for_rows(x, state):
    """A state of B rows, or of one for all, as one of B rows."""
    zeros = ops.zeros_like(x[0, :, :, :1])  # (G, B, 1)
    return tuple(ops.cast(part, x.dtype) + zeros for part in state)


def _alive(steps, lengths):
    """Which rows have a step there, (T, B, 1)."""
    return (ops.arange(steps, dtype="int32")[:, None] < ops.cast(lengths, "int32")[None])[..., None]


def _is_number(size):
    return isinstance(size, int) or ops.is_tensor(size)


class _Cell(keras.layers.Layer):
    """The weights of a step."""

    def __init__(self, hidden_dim, dim, streams, **kwargs):
        super().__init__(**kwargs)
        self.hidden_dim = hidden_dim
        self.dim = dim
        self.streams = streams
        self.projection = None

    def build_weights(self, limits):
        shape = (self.streams, self.dim, 4 * self.hidden_dim)
        self.recurrent_kernel = self.add_weight(shape, limits, name="recurrent_kernel")
        if self.dim < self.hidden_dim:
            shape = (self.streams, self.hidden_dim, self.dim)
            self.projection = self.add_weight(shape, glorot(self.hidden_dim, self.dim), name="projection")
        self.built = True
