"""The recurrent layers of a language model that reads in both directions."""

import random
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._features import Shape
from keras_embed.layers._projected_lstm import ProjectedLSTM

_DIRECTIONS = 2


def _lengths(mask: Any) -> Any:
    return ops.sum(ops.cast(mask, "int32"), axis=1)


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModelStack(keras.layers.Layer):
    """Projected LSTMs, layer upon layer, for two reading directions that never meet (Peters et al. 2018, section 3.1).

    For each direction: `y_0 = LSTM_0(drop(x))`, then `y_l = LSTM_l(x_l) + x_l` with `x_l = drop(y_{l-1})`. What a layer
    hands to its next step is the LSTM's own output, without the sum. Both directions run in one loop, and what the
    inputs add to the gates is computed before it for all steps.

    Both streams stand in their reading order: the caller reverses what the second direction reads, and padding stands
    on the right.

    Args:
        num_layers: number of layers.
        hidden_dim: H, width of a cell.
        projection_dim: D, width of a layer's input and output. Equal to H, there is no projection.
        cell_clip: cells are cut to [-cell_clip, cell_clip] in every step; None: not at all.
        projection_clip: the same of the projected outputs.
        skip_connections: add a layer's input to its output, from the second layer on.
        dropout: rate, in training, on the input of each layer and on the output of the last, anew for each step.
        seed: makes dropout repeatable.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        streams: floats `(B, T, 2, D)`, forward and backward.
        mask: bool `(B, T)`, True = real, padding on the right; None: no padding.
        initial_state: pair of floats, hidden `(B, num_layers, 2, D)` and cell `(B, num_layers, 2, H)`, or one row of
            each for the whole batch; None: zeros. No gradient goes through it.
        return_state: also give the state after each row's last real step, to go on with.
        training: drop only if True.

    Returns:
        Floats `(B, T, num_layers, 2, D)`, zero at padding; with `return_state` a pair of this and the state.

    Raises:
        ValueError: for a `projection_dim` above `hidden_dim`.

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
        # Keras does not hand a constructor's trainable=False down to the layers inside.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        clips = (cell_clip, projection_clip)
        self.lstms = [
            ProjectedLSTM(hidden_dim, projection_dim, _DIRECTIONS, *clips, **inner, name=f"lstm_{layer}")
            for layer in range(num_layers)
        ]
        # A seed is always given: without one, PyTorch's dropout takes a global generator that no checkpoint holds.
        drawn = random.randint(1, 2**31 - 1) if seed is None else seed
        self.dropout = keras.layers.Dropout(dropout, seed=drawn, dtype=self.dtype_policy, name="dropout")
        self.supports_masking = True

    def build(self, streams_shape: Shape) -> None:
        """Builds all layers."""
        for lstm in self.lstms:
            lstm.build((None, _DIRECTIONS, None, self.projection_dim))
        self.built = True

    def call(
        self,
        streams: Any,
        mask: Any = None,
        initial_state: Any = None,
        return_state: bool = False,
        training: bool = False,
    ) -> Any:
        """Runs the layers one after the other, each over all steps."""
        state = self.zero_state(1) if initial_state is None else initial_state
        state = [ops.stop_gradient(part) for part in state]
        if mask is None:
            outputs, after = self._run_layers(streams, state, None, training)
        elif training:
            outputs, after = self._run_layers(streams, state, _lengths(mask), training)
        else:
            outputs, after = self._falling(streams, state, _lengths(mask))
        if mask is not None:
            outputs = ops.where(mask[:, :, None, None, None], outputs, ops.zeros_like(outputs))
        return (outputs, after) if return_state else outputs

    def _falling(self, streams: Any, state: Any, lengths: Any) -> Any:
        """As `_run_layers`, with the longest sentence first meanwhile."""
        order = ops.argsort(-lengths)
        back = ops.argsort(order)
        one_for_all = state[0].shape[0] == 1
        state = [part if one_for_all else ops.take(part, order, axis=0) for part in state]
        answer = self._run_layers(
            ops.take(streams, order, axis=0), state, ops.take(lengths, order, axis=0), False, True
        )
        return keras.tree.map_structure(lambda part: ops.take(part, back, axis=0), answer)

    def _run_layers(self, streams: Any, state: Any, lengths: Any, training: bool, falling: bool = False) -> Any:
        """Outputs `(B, T, N, 2, D)` and the state after them."""
        x = ops.transpose(streams, (1, 2, 0, 3))  # (T, 2, B, D)
        outputs, states = [], []
        x = self.dropout(x, training=training)
        for number, lstm in enumerate(self.lstms):
            before = tuple(ops.transpose(part[:, number], (1, 0, 2)) for part in state)
            y, after = (lstm.falling if falling else lstm)(x, before, lengths)
            if number > 0 and self.skip_connections:
                y = y + x
            x = self.dropout(y, training=training)
            outputs.append(x if number == self.num_layers - 1 else y)
            states.append(after)
        answer = ops.transpose(ops.stack(outputs), (3, 1, 0, 2, 4))  # (B, T, N, 2, D)
        return answer, tuple(ops.transpose(ops.stack(part), (2, 0, 1, 3)) for part in zip(*states, strict=True))

    def zero_state(self, batch_size: Any) -> tuple[Any, Any]:
        """The state before any text, hidden `(B, num_layers, 2, D)` and cell `(B, num_layers, 2, H)`."""
        shape = (batch_size, self.num_layers, _DIRECTIONS)
        dims = (self.projection_dim, self.hidden_dim)
        return tuple(ops.zeros((*shape, dim), self.compute_dtype) for dim in dims)

    def compute_output_spec(
        self,
        streams: Any,
        mask: Any = None,
        initial_state: Any = None,
        return_state: bool = False,
        training: bool = False,
    ) -> Any:
        """`(B, T, num_layers, 2, D)`, and the state's shapes where it is asked for."""
        batch, steps = streams.shape[:2]
        dims = (self.projection_dim, self.hidden_dim)
        outputs = keras.KerasTensor((batch, steps, self.num_layers, _DIRECTIONS, dims[0]), self.compute_dtype)
        if not return_state:
            return outputs
        return outputs, tuple(
            keras.KerasTensor((batch, self.num_layers, _DIRECTIONS, dim), self.compute_dtype) for dim in dims
        )

    def compute_mask(self, streams: Any, previous_mask: Any = None) -> None:
        """Whoever reads the outputs has the mask."""

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
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
