"""Recurrent decoders with attention: one step for training and for decoding."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import loop
from keras_embed.layers._decoder_steps import DecoderSteps, checked_cells, start
from keras_embed.layers._features import Shape

_PLACES = ("previous", "present")


@keras.saving.register_keras_serializable(package="keras_embed")
class RecurrentDecoder(keras.layers.Layer):
    """Recurrent cells that write a sequence while they look at another one.

    With `attend_with="previous"` the state before the step asks, and what it finds enters the first cell (Bahdanau et
    al. 2015, section 3.1):

        c_t = attention(s_{t-1}, memory)
        s_t = cells([x_t; c_t], s_{t-1})

    With `attend_with="present"` the cells run first, and what has been read enters the *next* step (Luong et al. 2015,
    section 3.3, input feeding):

        s_t = cells([x_t; y_{t-1}], s_{t-1})
        c_t = attention(s_t, memory)

    In both cases `y_t = tanh(W [c_t; s_t])` with an `attentional_dim` (Luong et al., equation 5), else `[c_t; s_t]`.
    Without attention the memory is not looked at, and `y_t = s_t` (Sutskever et al. 2014).

    A training step and a step of a search run the same code. Only what depends on the step before runs in the loop:
    what Keras' own cells make of x is computed before it, W after it unless y is fed back. Without input feeding, an
    attention without a state answers all steps at once.

    Args:
        cells: Keras cells, the first at the bottom: `LSTMCell`, `GRUCell`, `SimpleRNNCell` or your own. Its first state
            asks. Cells must have no dropout of their own: a mask drawn inside of a loop is lost on JAX.
        attention: an attention layer, such as `BahdanauAttention`; None: no attention.
        attend_with: "previous" or "present".
        input_feeding: whether what was read enters the first cell.
        attentional_dim: width of y; None: c and s side by side.
        dropout: rate of variational dropout, one mask for all steps, on the input of each cell and on y.
        seed: makes dropout repeatable.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats `(B, T, E)`, the inputs of all steps: teacher forcing.
        memory: floats `(B, S, M)`; None without attention.
        memory_mask: bool `(B, S)`, True = real; None: no padding.
        initial_state: for each cell a list of its states, `(B, D)`; None: zeros.
        training: drop only if True.
        masks: of dropout, from `draw_masks`, for calls that shall drop the same; None: new ones.

    Returns:
        With attention a pair, outputs `(B, T, D)` and weights, float32 `(B, T, S)`; without, outputs alone.

    Raises:
        ValueError: for no cells, cells with dropout, or arguments outside their range.

    References:
        Sutskever et al. 2014, https://arxiv.org/abs/1409.3215; Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473;
        Luong et al. 2015, https://arxiv.org/abs/1508.04025; Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287.

    Example:
    >>> import numpy as np
    >>> decoder = RecurrentDecoder([keras.layers.GRUCell(4)])
    >>> tuple(decoder(np.ones((2, 5, 3), "float32")).shape)
    (2, 5, 4)
    """

    def __init__(
        self,
        cells: Sequence[keras.layers.Layer],
        attention: keras.layers.Layer | None = None,
        attend_with: str = "previous",
        input_feeding: bool = True,
        attentional_dim: int | None = None,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_one_of("attend_with", attend_with, _PLACES)
        _errors.check_rate("dropout", dropout)
        if attentional_dim is not None:
            _errors.check_positive("attentional_dim", attentional_dim)
        if attend_with == "previous" and not input_feeding:
            expected = '`input_feeding=True` with `attend_with="previous"`, where the context is an input of the cell'
            raise ValueError(_errors.message(expected, input_feeding, 'attend_with="present"'))
        self.cells = checked_cells(cells)
        self.attention: Any = attention
        self.attend_with = attend_with
        self.input_feeding = input_feeding
        self.attentional_dim = attentional_dim
        self.dropout = dropout
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    # === Sizes ===

    @property
    def hidden_dim(self) -> int:
        """Width of the top cell's output."""
        return int(self.cells[-1].output_size)

    def output_dim(self, memory_dim: int | None) -> int:
        """Width of y, for a memory of a width."""
        if self.attentional_dim is not None:
            return self.attentional_dim
        return self.hidden_dim + (0 if self.attention is None else memory_dim or 0)

    def fed_dim(self, memory_dim: int | None) -> int:
        """Width of what enters the first cell beside x."""
        if self.attention is None or not self.input_feeding:
            return 0
        return memory_dim or 0 if self.attend_with == "previous" else self.output_dim(memory_dim)

    @property
    def feeds_output(self) -> bool:
        """Whether y of the step before enters the first cell."""
        return self.attention is not None and self.input_feeding and self.attend_with == "present"

    def asks_inside(self, asked: Any) -> bool:
        """Whether attention of a state `asked` must run step by step: it is fed back, or the state is no empty one."""
        return self.attention is not None and (self.input_feeding or bool(asked))

    def build(self, x_shape: Shape, memory_shape: Shape | None = None) -> None:
        """Builds the cells, the attention and the readout."""
        memory_dim = 0 if self.attention is None or memory_shape is None else int(memory_shape[-1] or 0)
        width = int(x_shape[-1] or 0) + self.fed_dim(memory_dim)
        for cell in self.cells:
            if not cell.built:
                cell.build((None, width))
            width = int(cell.output_size)
        if self.attention is not None and not self.attention.built:
            self.attention.build(query_shape=(None, None, width), values_shape=(None, None, memory_dim))
        if self.attentional_dim is not None:
            shape = (width + memory_dim, self.attentional_dim)
            self.kernel = self.add_weight(shape, "glorot_uniform", name="kernel")
        self.built = True

    # === Dropout ===

    def draw_masks(self, batch: Any, input_dim: int, memory_dim: int | None) -> dict[str, Any]:
        """Masks for one training step, with 1 / (1 - rate) where they keep; none of rate zero.

        Args:
            batch: B.
            input_dim: E.
            memory_dim: M; None without attention.
        """
        if self.dropout == 0.0:
            return {}
        widths = {"input": input_dim, "output": self.output_dim(memory_dim), "fed": self.fed_dim(memory_dim)}
        widths |= {f"cell_{number}": int(cell.output_size) for number, cell in enumerate(self.cells[:-1])}
        ones = {name: ops.ones((batch, 1, width), self.compute_dtype) for name, width in widths.items() if width}
        seed = self.seed_generator
        return {name: keras.random.dropout(one, self.dropout, seed=seed) for name, one in ones.items()}

    # === Training ===

    def call(
        self,
        x: Any,
        memory: Any = None,
        memory_mask: Any = None,
        initial_state: Any = None,
        training: bool = False,
        masks: dict[str, Any] | None = None,
    ) -> Any:
        """All steps under teacher forcing."""
        if masks is None:
            memory_dim = None if memory is None else memory.shape[-1]
            masks = self.draw_masks(ops.shape(x)[0], x.shape[-1], memory_dim) if training else {}
        moving, fixed = self.begin(memory, memory_mask, initial_state, batch=ops.shape(x)[0])
        steps = DecoderSteps(self, fixed, masks)
        given = ops.expand_dims(ops.transpose(steps.given(x), (1, 0, 2)), 2)  # (T, B, 1, G)

        def step(state: Any, inputs: Any) -> Any:
            parts, after = steps(inputs[0], keras.tree.pack_sequence_as(moving, state))
            return parts, tuple(keras.tree.flatten(after))

        parts, _ = loop(step, tuple(keras.tree.flatten(moving)), (given,), steps.specs(x.shape[0], moving[2]))
        outputs, weights = steps.finished([ops.transpose(part[:, :, 0], (1, 0, 2)) for part in parts])
        return outputs if weights is None else (outputs, weights)

    # === Decoding ===

    def begin(
        self, memory: Any = None, memory_mask: Any = None, initial_state: Any = None, beams: int = 1, batch: Any = None
    ) -> tuple[Any, Any]:
        """What a search starts from: `(moving, fixed)`.

        Args:
            memory: as in the call.
            memory_mask: as in the call.
            initial_state: as in the call.
            beams: K.
            batch: B, where neither a memory nor a state says it.

        Returns:
            `moving`, tensors `(B, K, ...)` of each beam's own: states of the cells, what is fed next, the attention's
            state; `fixed`, tensors `(B, ...)`: keys, values, mask.
        """
        return start(self, memory, memory_mask, initial_state, beams, batch)

    def step(self, x: Any, moving: Any, fixed: Any, masks: dict[str, Any] | None = None) -> tuple[Any, Any, Any]:
        """One step of B * K beams.

        Args:
            x: floats (B, K, E).
            moving: of `begin` or of the step before.
            fixed: of `begin`.
            masks: of dropout, from `draw_masks`; None: nothing is dropped.

        Returns:
            y (B, K, D); weights (B, K, S), None without attention; and `moving` after the step.
        """
        steps = DecoderSteps(self, fixed, masks or {})
        parts, moving = steps(steps.given(x), moving)
        return *steps.finished(parts), moving

    # === Keras ===

    def compute_output_spec(self, x: Any, memory: Any = None, *args: Any, **kwargs: Any) -> Any:
        """`(B, T, D)` and, with attention, `(B, T, S)`."""
        dim = None if memory is None else memory.shape[-1]
        outputs = keras.KerasTensor((*x.shape[:2], self.output_dim(dim)), self.compute_dtype)
        if self.attention is None:
            return outputs
        return outputs, keras.KerasTensor((*x.shape[:2], memory.shape[1]), "float32")

    def compute_mask(self, x: Any, previous_mask: Any = None) -> None:
        """Whoever reads the outputs has the mask."""

    def get_config(self) -> dict[str, Any]:
        """The arguments, the layers inside serialised."""
        return {
            **super().get_config(),
            "cells": [keras.layers.serialize(cell) for cell in self.cells],
            "attention": None if self.attention is None else keras.layers.serialize(self.attention),
            "attend_with": self.attend_with,
            "input_feeding": self.input_feeding,
            "attentional_dim": self.attentional_dim,
            "dropout": self.dropout,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "RecurrentDecoder":
        """A decoder of the same shape with fresh weights."""
        cells = [keras.layers.deserialize(cell) for cell in config["cells"]]
        attention = keras.layers.deserialize(config["attention"]) if config["attention"] else None
        return cls(**{**config, "cells": cells, "attention": attention})
