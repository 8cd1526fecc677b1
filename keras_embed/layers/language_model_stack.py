"""The recurrent layers of a bidirectional language model: projected LSTMs in two directions."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import loop
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import recurrence

_DIRECTIONS = 2
#: Time steps of a block in `ProjectedLSTM.falling`: enough to make the product with the inputs a large one.
_BLOCK = 8
#: Number of distinct row counts of such a block, so that compilers build few programs.
_LEVELS = 4

State = tuple[Tensor, ...]
"""Hidden and cell state."""


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModelStack(keras.layers.Layer):
    """Stacked projected LSTMs in two independent reading directions (Peters et al. 2018, section 3.1).

    For each direction,

        y_0 = LSTM_0(drop(x)),    y_l = LSTM_l(x_l) + x_l,    x_l = drop(y_{l-1})

    The recurrent state of a layer is the output of its LSTM, before the sum. Both directions run in one loop, and the
    products of the inputs with the gates are computed before it for all steps.

    Both streams are in reading order: the caller reverses the backward stream, and padding is on the right.

    Args:
        num_layers: Number of layers.
        hidden_dim: H, width of the cell.
        projection_dim: D, width of the inputs and outputs of a layer. If it equals H, there is no projection.
        cell_clip: Clips the cells to [-cell_clip, cell_clip] in every step. `None`: no clipping.
        projection_clip: The same for the projected outputs.
        skip_connections: If True, adds the input of a layer to its output, from the second layer on.
        dropout: Dropout rate of the input of each layer and of the output of the last, drawn for each step.
        seed: Seed of the dropout.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        streams: Float tensor of shape `(B, T, 2, D)`, forward and backward.
        mask: Bool tensor of shape `(B, T)`, True = real, padded on the right. `None`: no padding.
        initial_state: Pair of float tensors, hidden `(B, num_layers, 2, D)` and cell `(B, num_layers, 2, H)`, or one
            row of each for the whole batch. `None`: zeros. No gradient flows through it.
        return_state: If True, also returns the state after the last real step of each row.
        training: If True, applies dropout.

    Returns:
        Float tensor of shape `(B, T, num_layers, 2, D)`, zero at padding; with `return_state`, a pair of this and the
        state.

    Raises:
        ValueError: If `projection_dim` is greater than `hidden_dim`, or an argument is out of range.

    References:
        Peters et al. 2018, https://arxiv.org/abs/1802.05365; Sak et al. 2014, https://arxiv.org/abs/1402.1128.

    Example:
    >>> import numpy as np
    >>> stack = LanguageModelStack(num_layers=2, hidden_dim=8, projection_dim=3)
    >>> outputs, (hidden, cell) = stack(np.zeros((1, 5, 2, 3), "float32"), return_state=True)
    >>> tuple(outputs.shape), tuple(hidden.shape), tuple(cell.shape)
    ((1, 5, 2, 2, 3), (1, 2, 2, 3), (1, 2, 2, 8))
    """

    def __init__(
        self,
        num_layers: int,
        hidden_dim: int,
        projection_dim: int,
        cell_clip: float | None = 3.0,
        projection_clip: float | None = 3.0,
        skip_connections: bool = True,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_layers", num_layers)
        _errors.check_positive("hidden_dim", hidden_dim)
        _errors.check_positive("projection_dim", projection_dim)
        _errors.check_rate("dropout", dropout)
        if projection_dim > hidden_dim:
            raise ValueError(
                _errors.message(
                    "`projection_dim` of at most `hidden_dim`, so that all layers are equally wide",
                    f"projection_dim={projection_dim}, hidden_dim={hidden_dim}",
                    f"projection_dim={hidden_dim}",
                )
            )
        self.num_layers = num_layers
        self.hidden_dim = hidden_dim
        self.projection_dim = projection_dim
        self.cell_clip = cell_clip
        self.projection_clip = projection_clip
        self.skip_connections = skip_connections
        self.seed = seed
        # Keras does not propagate `trainable=False` of the constructor to sublayers.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        clips = (cell_clip, projection_clip)
        self.lstms = [
            ProjectedLSTM(hidden_dim, projection_dim, _DIRECTIONS, *clips, **inner, name=f"lstm_{layer}")
            for layer in range(num_layers)
        ]
        # Without a seed, dropout on PyTorch uses a global generator that no checkpoint saves.
        dropout_seed = random.randint(1, 2**31 - 1) if seed is None else seed
        self.dropout = keras.layers.Dropout(dropout, seed=dropout_seed, dtype=self.dtype_policy, name="dropout")
        self.supports_masking = True

    def build(self, streams_shape: Shape) -> None:
        for lstm in self.lstms:
            lstm.build((None, _DIRECTIONS, None, self.projection_dim))
        self.built = True

    def call(
        self,
        streams: Tensor,
        mask: Tensor | None = None,
        initial_state: State | None = None,
        return_state: bool = False,
        training: bool = False,
    ) -> Tensor | tuple[Tensor, State]:
        state = self.zero_state(1) if initial_state is None else initial_state
        state = tuple(ops.stop_gradient(part) for part in state)
        if mask is None:
            outputs, final = self._run_layers(streams, state, None, training)
        elif training:  # dropout and gradients: no sorting by length
            outputs, final = self._run_layers(streams, state, _lengths(mask), training)
        else:
            outputs, final = self._run_sorted(streams, state, _lengths(mask))
        if mask is not None:
            # (B, T, N, 2, D), zero at padding
            outputs = ops.where(mask[:, :, None, None, None], outputs, ops.zeros_like(outputs))
        return (outputs, final) if return_state else outputs

    def _run_sorted(self, streams: Tensor, state: State, lengths: Tensor) -> tuple[Tensor, State]:
        """Runs the layers on the rows sorted by decreasing length, and restores their order."""
        order = ops.argsort(-lengths)
        inverse = ops.argsort(order)
        shared = state[0].shape[0] == 1  # one state for all rows
        state = tuple(part if shared else ops.take(part, order, axis=0) for part in state)
        streams, lengths = ops.take(streams, order, axis=0), ops.take(lengths, order, axis=0)
        result = self._run_layers(streams, state, lengths, training=False, sorted_rows=True)
        return keras.tree.map_structure(lambda part: ops.take(part, inverse, axis=0), result)

    def _run_layers(
        self, streams: Tensor, state: State, lengths: Tensor | None, training: bool, sorted_rows: bool = False
    ) -> tuple[Tensor, State]:
        """Returns outputs (B, T, N, 2, D) and the final state."""
        x = ops.transpose(streams, (1, 2, 0, 3))  # (T, 2, B, D)
        outputs, states = [], []
        x = self.dropout(x, training=training)  # x_0
        for index, lstm in enumerate(self.lstms):
            before = tuple(ops.transpose(part[:, index], (1, 0, 2)) for part in state)  # (2, B, D), (2, B, H)
            y, after = (lstm.falling if sorted_rows else lstm)(x, before, lengths)  # (T, 2, B, D)
            if index > 0 and self.skip_connections:
                y = y + x  # y_l = LSTM_l(x_l) + x_l
            x = self.dropout(y, training=training)  # x_{l+1}
            outputs.append(x if index == self.num_layers - 1 else y)
            states.append(after)
        stacked = ops.transpose(ops.stack(outputs), (3, 1, 0, 2, 4))  # (N, T, 2, B, D) to (B, T, N, 2, D)
        # (N, 2, B, D) to (B, N, 2, D), and the same for the cell.
        return stacked, tuple(ops.transpose(ops.stack(part), (2, 0, 1, 3)) for part in zip(*states, strict=True))

    def zero_state(self, batch_size: int | Tensor) -> tuple[Tensor, Tensor]:
        """Returns the zero state, hidden `(B, num_layers, 2, D)` and cell `(B, num_layers, 2, H)`."""
        shape = (batch_size, self.num_layers, _DIRECTIONS)
        return tuple(ops.zeros((*shape, dim), self.compute_dtype) for dim in (self.projection_dim, self.hidden_dim))

    def compute_output_spec(
        self,
        streams: keras.KerasTensor,
        mask: Tensor | None = None,
        initial_state: State | None = None,
        return_state: bool = False,
        training: bool = False,
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, State]:
        batch, steps = streams.shape[:2]
        dims = (self.projection_dim, self.hidden_dim)
        outputs = keras.KerasTensor((batch, steps, self.num_layers, _DIRECTIONS, dims[0]), self.compute_dtype)
        if not return_state:
            return outputs
        return outputs, tuple(
            keras.KerasTensor((batch, self.num_layers, _DIRECTIONS, dim), self.compute_dtype) for dim in dims
        )

    def compute_mask(self, streams: Tensor, previous_mask: Tensor | None = None) -> None:
        """Returns None: callers pass the mask on themselves."""

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "hidden_dim": self.hidden_dim,
            "projection_dim": self.projection_dim,
            "cell_clip": self.cell_clip,
            "projection_clip": self.projection_clip,
            "skip_connections": self.skip_connections,
            "dropout": self.dropout.rate,
            "seed": self.seed,
        }


class ProjectedLSTM(keras.layers.Layer):
    """G independent LSTMs with recurrent projection in one loop.

    Weights have TensorFlow's orientation and gate order (input, candidate, forget, output), so that published files fit
    unchanged: their `W_0` is `input_kernel` above `recurrent_kernel`.

    Args:
        hidden_dim: H, width of the cell.
        dim: D, width of the output. If it is below H, a projection is added; otherwise it must be H.
        streams: G.
        cell_clip: See `functional.recurrence.projected_lstm_step`.
        projection_clip: See `functional.recurrence.projected_lstm_step`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: Float tensor of shape `(T, G, B, I)`.
        state: Pair of float tensors `(G, B, D)` and `(G, B, H)`, or one row of each for the whole batch.
        lengths: Int tensor of shape `(B,)`: the final state of a row is the one after that many steps, and later
            outputs are undefined. `None`: all steps are real.

    Returns:
        Outputs `(T, G, B, D)` and the final state.
    """

    def __init__(
        self,
        hidden_dim: int,
        dim: int,
        streams: int,
        cell_clip: float | None = None,
        projection_clip: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.streams = streams
        self.clips = (cell_clip, projection_clip)
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.cell = _Cell(hidden_dim, dim, streams, **inner, name="cell")

    def build(self, input_shape: Shape) -> None:
        dim: Any = input_shape[-1]
        width = 4 * self.cell.hidden_dim
        # In the published code W_0 is one matrix: its initializer sees the input and the state together.
        initializer = _glorot(dim + self.cell.dim, width)
        self.input_kernel = self.add_weight((self.streams, dim, width), initializer, name="input_kernel")
        self.bias = self.add_weight((self.streams, width), "zeros", name="bias")
        self.cell.build_weights(initializer)
        self.built = True

    def call(self, x: Tensor, state: State, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        active = None if lengths is None else _active(ops.shape(x)[0], lengths)
        return self._run(x, active, _broadcast_state(x, state))

    def falling(self, x: Tensor, state: State, lengths: Tensor) -> tuple[Tensor, State]:
        """Computes `call` for rows sorted by decreasing length, skipping the padding.

        The rows that are active in a block of steps come first, so a block computes only those. For inference: the
        gradient of a `switch` would store the intermediate values of all branches.
        """
        steps, _, batch, _ = ops.shape(x)
        if not (_is_number(steps) and _is_number(batch)):  # an exporter's symbol, which cannot be compared
            return self.call(x, state, lengths)
        blocks = -(-steps // _BLOCK)
        block = -(-steps // blocks)  # steps of a block
        active = _active(blocks * block, lengths)  # (T', B, 1), T' = blocks * block
        x = ops.pad(x, ((0, blocks * block - steps), (0, 0), (0, 0), (0, 0)))  # (T', G, B, I)
        in_blocks = [ops.reshape(part, (blocks, block, *ops.shape(part)[1:])) for part in (x, active)]
        level_rows = -(-batch // _LEVELS)
        # Rows are sorted, so those active in the first step of a block include all that are active later in it.
        rows = ops.sum(ops.cast(in_blocks[1][:, 0, :, 0], "int32"), axis=1)  # (blocks,)

        def reader(count: int) -> Callable[..., tuple[Tensor, ...]]:
            return lambda x, active, *state: self._run_first_rows(count, x, active, state)

        # One branch for each level; the last one covers the whole batch.
        readers = [reader(level * level_rows if level < _LEVELS else batch) for level in range(1, _LEVELS + 1)]

        def step(state: tuple[Tensor, ...], inputs: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
            x, active, level = inputs
            outputs, *state = ops.switch(level, [self._run_no_rows, *readers], x, active, *state)
            return outputs, tuple(state)

        levels = -(-rows // level_rows)  # (blocks,)
        shape = self._output_shape(x.shape[2], block)
        outputs, state = loop(step, _broadcast_state(x, state), (*in_blocks, levels), shape)
        return ops.reshape(outputs, (blocks * block, *ops.shape(outputs)[2:]))[:steps], state  # (T, G, B, D)

    def _run_no_rows(self, x: Tensor, active: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        return ops.zeros_like(x[..., :1]) + ops.zeros((self.cell.dim,), x.dtype), *state

    def _run_first_rows(self, count: int, x: Tensor, active: Tensor, state: State) -> tuple[Tensor, ...]:
        """Runs a block of steps on its first `count` rows; the other rows keep their state."""
        outputs, first = self._run(x[:, :, :count], active[:, :count], tuple(part[:, :count] for part in state))
        missing = ops.shape(x)[2] - ops.shape(outputs)[2]
        outputs = ops.pad(outputs, ((0, 0), (0, 0), (0, missing), (0, 0)))
        # Rows above `count` have ended before this block.
        whole = [ops.concatenate([new, old[:, count:]], axis=1) for new, old in zip(first, state, strict=True)]
        return outputs, *whole

    def _run(self, x: Tensor, active: Tensor | None, state: State) -> tuple[Tensor, State]:
        """Runs all steps of all rows.

        Products are computed stream by stream, because most libraries are slow at batched products.
        """
        streams = range(self.streams)
        gates = [self._input_gates(x[:, g], g) for g in streams]  # (T, B, 4 H) each
        kernels = [self.cell.recurrent_kernel[g] for g in streams]  # (D, 4 H) each
        projections = [None if self.cell.projection is None else self.cell.projection[g] for g in streams]

        def step(states: State, inputs: Sequence[Tensor]) -> tuple[Tensor, State]:
            after: list[Tensor] = []
            for g in streams:
                hidden, cell = states[2 * g : 2 * g + 2]  # (B, D), (B, H)
                scores = inputs[g] + ops.matmul(hidden, kernels[g])  # (B, 4 H)
                new: Tensor = recurrence.projected_lstm_step(scores, cell, projections[g], *self.clips)
                if active is not None:
                    # A row that has ended keeps its state.
                    new = tuple(ops.where(inputs[-1], *pair) for pair in zip(new, (hidden, cell), strict=True))
                after += new
            return ops.stack(after[::2]), tuple(after)  # (G, B, D)

        states = tuple(part[g] for g in streams for part in state)
        inputs = tuple(gates) if active is None else (*gates, active)
        # One loop for all streams: (T, G, B, D).
        outputs, states = loop(step, states, inputs, self._output_shape(x.shape[2]))
        return outputs, (ops.stack(states[::2]), ops.stack(states[1::2]))

    def _output_shape(self, rows: int | None, *block: int) -> Shape:
        """Returns the static shape of an output of the loop, None for dynamic sizes."""
        sizes = (*block, self.streams, rows, self.cell.dim)
        return tuple(size if isinstance(size, int) else None for size in sizes)

    def _input_gates(self, x: Tensor, g: int) -> Tensor:
        """Computes `x W + b` for all steps at once, which leaves half of the products to the loop."""
        steps, rows, dim = ops.shape(x)
        flat = ops.matmul(ops.reshape(x, (steps * rows, dim)), self.input_kernel[g]) + self.bias[g]  # (T B, 4 H)
        return ops.reshape(flat, (steps, rows, ops.shape(flat)[-1]))  # (T, B, 4 H)


class _Cell(keras.layers.Layer):
    """The recurrent weights of `ProjectedLSTM`."""

    def __init__(self, hidden_dim: int, dim: int, streams: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden_dim = hidden_dim
        self.dim = dim
        self.streams = streams
        self.projection = None

    def build_weights(self, initializer: keras.initializers.Initializer) -> None:
        shape = (self.streams, self.dim, 4 * self.hidden_dim)  # (G, D, 4 H)
        self.recurrent_kernel = self.add_weight(shape, initializer, name="recurrent_kernel")
        if self.dim < self.hidden_dim:
            shape = (self.streams, self.hidden_dim, self.dim)  # (G, H, D)
            self.projection = self.add_weight(shape, _glorot(self.hidden_dim, self.dim), name="projection")
        self.built = True


def _lengths(mask: Tensor) -> Tensor:
    return ops.sum(ops.cast(mask, "int32"), axis=1)


def _active(steps: int | Tensor, lengths: Tensor) -> Tensor:
    """Returns True where a step is before the end of its row, (T, B, 1)."""
    return (ops.arange(steps, dtype="int32")[:, None] < ops.cast(lengths, "int32")[None])[..., None]


def _broadcast_state(x: Tensor, state: State) -> State:
    """Broadcasts a state of one row to the B rows of x."""
    zeros = ops.zeros_like(x[0, :, :, :1])  # (G, B, 1)
    return tuple(ops.cast(part, x.dtype) + zeros for part in state)


def _is_number(size: int | Tensor) -> bool:
    return isinstance(size, int) or ops.is_tensor(size)


def _glorot(fan_in: int, fan_out: int) -> keras.initializers.Initializer:
    """Returns the Glorot uniform initializer for a matrix that is part of a larger weight."""
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return keras.initializers.RandomUniform(-limit, limit)
