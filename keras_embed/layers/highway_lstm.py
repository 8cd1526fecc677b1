"""An LSTM whose output may be its input, so that many can be stacked."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import loop
from keras_embed.functional.pooling import cleared
from keras_embed.functional.recurrence import highway_lstm_step
from keras_embed.layers._features import Shape

_GATES = 5  # input, forget, candidate, output, highway


@keras.saving.register_keras_serializable(package="keras_embed")
class HighwayLSTM(keras.layers.Layer):
    """An LSTM with a highway past it: `h_t = r_t o_t tanh(c_t) + (1 - r_t) W x_t` (He et al. 2017, equations 1 to 10).

    A gate `r` chooses between the LSTM and the projected input. The state of a step is this `h`. Matrices are
    orthonormal at first, gate by gate; the forget gate's bias is 1.

    Padding is passed over: a state goes on behind it as it was before.

    Args:
        units: H, width of output and state.
        go_backwards: read from the last step to the first. Outputs stay in the order of the inputs.
        recurrent_dropout: rate of dropout on `h`, one mask for all steps (Gal and Ghahramani 2016); what is
            given out is dropped with it.
        seed: makes dropout repeatable.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(B, T, D)`.
        mask: `(B, T)` bool, True = real; None: all are.
        training: drop only if True.

    Returns:
        `(B, T, H)`, zero at padding.

    Raises:
        ValueError: for arguments outside their range.

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
        """Makes the weights."""
        width = _GATES * self.units
        self.kernel = self.add_weight((input_shape[-1], width + self.units), _orthonormal(_GATES + 1), name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, width), _orthonormal(_GATES), name="recurrent_kernel")
        self.bias = self.add_weight((width,), _open_forget_gate, name="bias")
        self.built = True

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Reads step by step; what the inputs add is computed for all steps at once."""
        mask = ops.ones_like(inputs[..., 0], dtype="bool") if mask is None else mask
        x = ops.transpose(ops.matmul(inputs, self.kernel), (1, 0, 2))  # (T, B, 6 H)
        alive = ops.expand_dims(ops.transpose(mask, (1, 0)), -1)  # (T, B, 1)
        if self.go_backwards:
            x, alive = ops.flip(x, axis=0), ops.flip(alive, axis=0)
        kernel, bias, width = ops.convert_to_tensor(self.recurrent_kernel), self.bias, _GATES * self.units
        zeros = ops.zeros_like(x[0, :, : self.units])  # (B, H)
        kept = self._kept(zeros, training)

        def step(state: Any, inputs: Any) -> tuple[Any, Any]:
            (hidden, cell), (x, alive) = state, inputs
            gates = x[:, :width] + ops.matmul(hidden, kernel) + bias
            new, after = highway_lstm_step(gates, x[:, width:], cell)
            hidden = ops.where(alive, new if kept is None else new * kept, hidden)
            return hidden, (hidden, ops.where(alive, after, cell))

        rows = x.shape[1] if isinstance(x.shape[1], int) else None
        outputs, _ = loop(step, (zeros, zeros), (x, alive), (rows, self.units))
        if self.go_backwards:
            outputs = ops.flip(outputs, axis=0)
        return cleared(ops.transpose(outputs, (1, 0, 2)), mask)

    def _kept(self, like: Any, training: bool) -> Any:
        """What dropout multiplies the state with, (B, H); None for nothing."""
        if not training or self.recurrent_dropout == 0:
            return None
        return keras.random.dropout(ops.ones_like(like), self.recurrent_dropout, seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, T, H)`."""
        return (*input_shape[:-1], self.units)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """Masks are arguments."""

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "go_backwards": self.go_backwards,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def _orthonormal(gates: int) -> Any:
    """An initialiser of matrices side by side, each orthonormal."""

    def start(shape: Any, dtype: Any = None) -> Any:
        size = (shape[0], shape[1] // gates)
        return ops.concatenate([keras.initializers.Orthogonal()(size, dtype) for _ in range(gates)], axis=1)

    return start


def _open_forget_gate(shape: Any, dtype: Any = None) -> Any:
    """0, and 1 for the forget gate."""
    return ops.cast(ops.arange(shape[0]) // (shape[0] // _GATES) == 1, dtype)
