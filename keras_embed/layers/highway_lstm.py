"""An LSTM with a highway connection, for deep stacks."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import loop
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional.pooling import cleared
from keras_embed.functional.recurrence import highway_lstm_step

_GATES = 5  # input, forget, candidate, output, highway


@keras.saving.register_keras_serializable(package="keras_embed")
class HighwayLSTM(keras.layers.Layer):
    """LSTM with a highway connection from its input (He et al. 2017, equations 1-10).

        h_t = r_t o_t tanh(c_t) + (1 - r_t) W x_t

    The gate `r_t` interpolates between the LSTM and the projected input. The recurrent state is this `h_t`. Matrices
    are initialised orthonormal, gate by gate; the bias of the forget gate is 1.

    Padding is skipped: the state after a masked step is the state before it.

    Args:
        units: H, width of the output and the state.
        go_backwards: If True, reads from the last step to the first. Outputs keep the order of the inputs.
        recurrent_dropout: Dropout rate of `h`, with one mask for all steps (Gal and Ghahramani 2016). The outputs are
            dropped by the same mask.
        seed: Seed of the dropout.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Float tensor of shape `(B, T, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real. `None`: all positions are real.
        training: If True, applies dropout.

    Returns:
        Float tensor of shape `(B, T, H)`, zero at padding.

    Raises:
        ValueError: If `units` or `recurrent_dropout` is out of range.

    References:
        He et al. 2017, https://aclanthology.org/P17-1044; Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287.

    Example:
    >>> import numpy as np
    >>> tuple(HighwayLSTM(4)(np.ones((2, 5, 3))).shape)
    (2, 5, 4)
    """

    def __init__(
        self,
        units: int,
        go_backwards: bool = False,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("units", units)
        _errors.check_rate("recurrent_dropout", recurrent_dropout)
        self.units = units
        self.go_backwards = go_backwards
        self.recurrent_dropout = recurrent_dropout
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Shape) -> None:
        width = _GATES * self.units
        # The last H columns of the kernel are W, the projection of the input.
        self.kernel = self.add_weight((input_shape[-1], width + self.units), _orthonormal(_GATES + 1), name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, width), _orthonormal(_GATES), name="recurrent_kernel")
        # Gate order: input, forget, candidate, output, highway.
        self.bias = self.add_weight((width,), _forget_gate_bias, name="bias")
        self.built = True

    def call(self, inputs: Tensor, mask: Tensor | None = None, training: bool = False) -> Tensor:
        mask = ops.ones_like(inputs[..., 0], dtype="bool") if mask is None else mask
        # The products with the inputs, for all steps at once.
        x = ops.transpose(ops.matmul(inputs, self.kernel), (1, 0, 2))  # (T, B, 6 H)
        real = ops.expand_dims(ops.transpose(mask, (1, 0)), -1)  # (T, B, 1)
        if self.go_backwards:
            x, real = ops.flip(x, axis=0), ops.flip(real, axis=0)
        kernel, bias, width = ops.convert_to_tensor(self.recurrent_kernel), self.bias, _GATES * self.units
        zeros = ops.zeros_like(x[0, :, : self.units])  # (B, H)
        # Drawn outside of the loop: one mask for all steps.
        dropout_mask = self._dropout_mask(zeros, training)

        def step(state: Sequence[Tensor], inputs: Sequence[Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
            (hidden, cell), (x, real) = state, inputs
            gates = x[:, :width] + ops.matmul(hidden, kernel) + bias  # (B, 5 H)
            # Equations 1-10: gates, candidate, c_t and h_t.
            new_hidden, new_cell = highway_lstm_step(gates, x[:, width:], cell)
            if dropout_mask is not None:
                new_hidden = new_hidden * dropout_mask
            # A masked step leaves the state unchanged.
            hidden = ops.where(real, new_hidden, hidden)
            return hidden, (hidden, ops.where(real, new_cell, cell))

        rows = x.shape[1] if isinstance(x.shape[1], int) else None
        outputs, _ = loop(step, (zeros, zeros), (x, real), (rows, self.units))  # (T, B, H)
        if self.go_backwards:
            outputs = ops.flip(outputs, axis=0)
        return cleared(ops.transpose(outputs, (1, 0, 2)), mask)

    def _dropout_mask(self, like: Tensor, training: bool) -> Tensor | None:
        """Returns the factors of the state (B, H), 0 or 1 / (1 - rate), or None if there is no dropout."""
        if not training or self.recurrent_dropout == 0:
            return None
        return keras.random.dropout(ops.ones_like(like), self.recurrent_dropout, seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> None:
        """Returns None: masks are call arguments."""

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "units": self.units,
            "go_backwards": self.go_backwards,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def _orthonormal(gates: int) -> Callable[..., Tensor]:
    """Returns an initializer of `gates` orthonormal matrices, concatenated along the last axis."""

    def initializer(shape: tuple[int, int], dtype: str | None = None) -> Tensor:
        size = (shape[0], shape[1] // gates)
        return ops.concatenate([keras.initializers.Orthogonal()(size, dtype) for _ in range(gates)], axis=1)

    return initializer


def _forget_gate_bias(shape: tuple[int], dtype: str | None = None) -> Tensor:
    """Initializes the bias with 1 for the forget gate, the second one, and 0 elsewhere."""
    return ops.cast(ops.arange(shape[0]) // (shape[0] // _GATES) == 1, dtype)
