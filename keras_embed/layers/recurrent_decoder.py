"""Recurrent decoders with attention: one step for training and for decoding."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import loop
from keras_embed._types import Config, Shape, Tensor
from keras_embed.layers._decoder_cells import CellState, FirstCell, checked_cells, matmul, run_cell

_ATTEND_WITH = ("previous", "present")

#: Dropout masks by name, (B, 1, width) each.
Masks = dict[str, Tensor]
#: `(cell states, feedback, attention state)` of each beam, tensors (B, K, ...).
BeamState = tuple[tuple[CellState, ...], Any, tuple[Tensor, ...]]
#: `(keys, values, mask)` of the memory, tensors (B, ...); `()` without attention.
Memory = tuple[Tensor, ...]


@keras.saving.register_keras_serializable(package="keras_embed")
class RecurrentDecoder(keras.layers.Layer):
    """Stack of recurrent cells that generates a sequence with attention to a memory.

    With `attend_with="previous"` the query is the state of the previous step, and the context is an input of the first
    cell (Bahdanau et al. 2015, section 3.1):

        c_t = attention(s_{t-1}, memory)
        s_t = cells([x_t; c_t], s_{t-1})

    With `attend_with="present"` the cells run first, and the output is an input of the *next* step (Luong et al. 2015,
    section 3.3, input feeding):

        s_t = cells([x_t; y_{t-1}], s_{t-1})
        c_t = attention(s_t, memory)

    In both cases `y_t = tanh(W [c_t; s_t])` with an `attentional_dim` (Luong et al., equation 5), else `[c_t; s_t]`.
    Without attention, `y_t = s_t` (Sutskever et al. 2014).

    A training step and a step of a search run the same code. Only what depends on the previous step runs in the loop:
    the input gates of Keras' own cells are computed before it, and W is applied after it unless y is fed back. Without
    input feeding, a stateless attention runs for all steps at once.

    Args:
        cells: Keras cells, the first at the bottom: `LSTMCell`, `GRUCell`, `SimpleRNNCell` or your own. The first state
            of the top cell is the query. Cells must not have dropout: a mask drawn inside of a loop is lost on JAX.
        attention: an attention layer, such as `BahdanauAttention`; None: no attention.
        attend_with: "previous" or "present".
        input_feeding: feed the context, or the output, to the first cell.
        attentional_dim: width of y; None: c and s are concatenated.
        dropout: rate of variational dropout, one mask for all steps, of the input of each cell and of y.
        seed: seed of dropout.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats `(B, T, E)`, the inputs of all steps (teacher forcing).
        memory: floats `(B, S, M)`; None without attention.
        memory_mask: bool `(B, S)`, True = real; None: no padding.
        initial_state: for each cell a list of its states, `(B, D)`; None: zeros.
        training: apply dropout only if True.
        masks: dropout masks of `draw_masks`, to share them between calls; None: new ones.

    Returns:
        With attention a pair, outputs `(B, T, D)` and weights, float32 `(B, T, S)`; without, outputs alone.

    Raises:
        ValueError: If there are no cells, a cell has dropout, or an argument is out of range.

    Example:
    >>> import numpy as np
    >>> decoder = RecurrentDecoder([keras.layers.GRUCell(4)])
    >>> tuple(decoder(np.ones((2, 5, 3), "float32")).shape)
    (2, 5, 4)

    References:
        Sutskever et al. 2014, https://arxiv.org/abs/1409.3215; Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473;
        Luong et al. 2015, https://arxiv.org/abs/1508.04025; Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287.
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
        _errors.check_one_of("attend_with", attend_with, _ATTEND_WITH)
        _errors.check_rate("dropout", dropout)
        if attentional_dim is not None:
            _errors.check_positive("attentional_dim", attentional_dim)
        # Without the context as input, c_t would not reach s_t at all.
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
        """Width of the output of the top cell."""
        return int(self.cells[-1].output_size)

    def output_dim(self, memory_dim: int | None) -> int:
        """Returns the width of y for a memory of width `memory_dim`."""
        if self.attentional_dim is not None:
            return self.attentional_dim
        return self.hidden_dim + (0 if self.attention is None else memory_dim or 0)

    def feedback_dim(self, memory_dim: int | None) -> int:
        """Returns the width of the input of the first cell beside x: that of c or y, 0 without input feeding."""
        if self.attention is None or not self.input_feeding:
            return 0
        return memory_dim or 0 if self.attend_with == "previous" else self.output_dim(memory_dim)

    @property
    def feeds_output(self) -> bool:
        """True if y of the previous step is an input of the first cell."""
        return self.attention is not None and self.input_feeding and self.attend_with == "present"

    def attends_in_loop(self, attention_state: tuple[Tensor, ...]) -> bool:
        """Returns True if the attention must run step by step: it is fed back, or has a state."""
        return self.attention is not None and (self.input_feeding or bool(attention_state))

    def build(self, x_shape: Shape, memory_shape: Shape | None = None) -> None:
        memory_dim = 0 if self.attention is None or memory_shape is None else int(memory_shape[-1] or 0)
        width = int(x_shape[-1] or 0) + self.feedback_dim(memory_dim)
        for cell in self.cells:
            if not cell.built:
                cell.build((None, width))
            width = int(cell.output_size)  # each cell reads the output of the cell below
        if self.attention is not None and not self.attention.built:
            self.attention.build(query_shape=(None, None, width), values_shape=(None, None, memory_dim))
        if self.attentional_dim is not None:
            shape = (width + memory_dim, self.attentional_dim)
            self.kernel = self.add_weight(shape, "glorot_uniform", name="kernel")
        self.built = True

    # === Dropout ===

    def draw_masks(self, batch: int | Tensor, input_dim: int, memory_dim: int | None) -> Masks:
        """Draws the dropout masks of one training step, scaled by 1 / (1 - rate); none for a rate of zero.

        Masks are drawn before the loop: a random op inside of it would leak tracers on JAX.

        Args:
            batch: B.
            input_dim: E.
            memory_dim: M; None without attention.
        """
        if self.dropout == 0.0:
            return {}
        widths = {
            "input": input_dim,
            "output": self.output_dim(memory_dim),
            "feedback": self.feedback_dim(memory_dim),
        }
        # The output of the top cell has no mask of its own: it is part of y.
        widths |= {f"cell_{index}": int(cell.output_size) for index, cell in enumerate(self.cells[:-1])}
        ones = {name: ops.ones((batch, 1, width), self.compute_dtype) for name, width in widths.items() if width}
        seed = self.seed_generator
        return {name: keras.random.dropout(one, self.dropout, seed=seed) for name, one in ones.items()}

    # === Training ===

    def call(
        self,
        x: Tensor,
        memory: Tensor = None,
        memory_mask: Tensor = None,
        initial_state: Sequence[Any] | None = None,
        training: bool = False,
        masks: Masks | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        if masks is None:
            memory_dim = None if memory is None else memory.shape[-1]
            masks = self.draw_masks(ops.shape(x)[0], x.shape[-1], memory_dim) if training else {}
        beam_state, encoded = self.begin(memory, memory_mask, initial_state, batch=ops.shape(x)[0])
        steps = _Steps(self, encoded, masks)
        # (B, T, G) -> (T, B, 1, G): the loop runs over the first axis, and training has one "beam".
        input_gates = ops.expand_dims(ops.transpose(steps.input_gates(x), (1, 0, 2)), 2)

        def step(state: Any, inputs: tuple[Tensor]) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
            parts, after = steps(inputs[0], keras.tree.pack_sequence_as(beam_state, state))
            return parts, tuple(keras.tree.flatten(after))

        specs = steps.specs(x.shape[0], beam_state[2])
        parts, _ = loop(step, tuple(keras.tree.flatten(beam_state)), (input_gates,), specs)
        # (T, B, 1, ...) -> (B, T, ...)
        outputs, weights = steps.finish([ops.transpose(part[:, :, 0], (1, 0, 2)) for part in parts])
        return outputs if weights is None else (outputs, weights)

    # === Decoding ===

    def begin(
        self,
        memory: Tensor = None,
        memory_mask: Tensor = None,
        initial_state: Sequence[Any] | None = None,
        beams: int = 1,
        batch: int | Tensor | None = None,
    ) -> tuple[BeamState, Memory]:
        """Returns the state before the first step, `(beam_state, memory)`.

        Args:
            memory: as in the call.
            memory_mask: as in the call.
            initial_state: as in the call.
            beams: K.
            batch: B, needed if there is neither a memory nor an initial state.

        Returns:
            `beam_state`, tensors `(B, K, ...)` of each beam: states of the cells, the next feedback, the attention
            state. `memory`, tensors `(B, ...)` shared by the beams of a row: keys, values, mask.
        """
        known = [part for part in keras.tree.flatten((memory, initial_state)) if part is not None]
        batch = ops.shape(known[0])[0] if known else batch
        if initial_state is None:
            initial_state = [cell.get_initial_state(batch_size=batch) for cell in self.cells]

        def on_beams(part: Tensor) -> Tensor:
            part = ops.expand_dims(ops.cast(part, self.compute_dtype), 1)
            return part if beams == 1 else ops.repeat(part, beams, axis=1)  # (B, D) -> (B, K, D)

        # GRU and simple cells have one state, LSTM cells two: a tuple for each cell.
        states = [part if isinstance(part, list | tuple) else (part,) for part in initial_state]
        cells = tuple(tuple(map(on_beams, parts)) for parts in states)
        if self.attention is None:
            return (cells, (), ()), ()
        memory = ops.cast(memory, self.compute_dtype)
        if memory_mask is None:
            memory_mask = ops.ones(ops.shape(memory)[:2], "bool")
        keys = self.attention.project(memory)  # (B, S, U), once for all steps
        attention_state = tuple(self.attention.initial_state(keys, memory_mask, beams))
        feedback: Any = ()
        if self.feeds_output:
            # y_0 = 0, (B, K, D)
            feedback = ops.zeros((batch, beams, self.output_dim(memory.shape[-1])), self.compute_dtype)
        return (cells, feedback, attention_state), (keys, memory, memory_mask)

    def step(
        self, x: Tensor, beam_state: BeamState, memory: Memory, masks: Masks | None = None
    ) -> tuple[Tensor, Tensor | None, BeamState]:
        """Runs one step of B * K beams.

        Args:
            x: floats (B, K, E).
            beam_state: of `begin` or of the previous step.
            memory: of `begin`.
            masks: dropout masks of `draw_masks`; None: no dropout.

        Returns:
            y (B, K, D); weights (B, K, S), None without attention; and the next `beam_state`.
        """
        steps = _Steps(self, memory, masks or {})
        parts, beam_state = steps(steps.input_gates(x), beam_state)
        return *steps.finish(parts), beam_state

    # === Keras ===

    def compute_output_spec(
        self, x: Tensor, memory: Tensor = None, *args: Any, **kwargs: Any
    ) -> Tensor | tuple[Tensor, Tensor]:
        dim = None if memory is None else memory.shape[-1]
        outputs = keras.KerasTensor((*x.shape[:2], self.output_dim(dim)), self.compute_dtype)
        if self.attention is None:
            return outputs
        return outputs, keras.KerasTensor((*x.shape[:2], memory.shape[1]), "float32")

    def compute_mask(self, x: Tensor, previous_mask: Tensor = None) -> None:
        """Returns None: the layers after the decoder take the mask as an argument."""

    def get_config(self) -> Config:
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
    def from_config(cls, config: Config) -> "RecurrentDecoder":
        cells = [keras.layers.deserialize(cell) for cell in config["cells"]]
        attention = keras.layers.deserialize(config["attention"]) if config["attention"] else None
        return cls(**{**config, "cells": cells, "attention": attention})


class _Steps:
    """The step of a `RecurrentDecoder`, split around the loop over time.

    `input_gates` runs before the loop and `finish` after it, for all steps at once; only `__call__` depends on the
    previous step. Q is 1 in training, and the number of beams in a search.

    Args:
        decoder: the decoder, built.
        memory: keys, values and mask; empty without attention.
        masks: of dropout; a missing name means no dropout there.
    """

    def __init__(self, decoder: RecurrentDecoder, memory: Memory, masks: Masks) -> None:
        self.decoder = decoder
        self.memory = memory
        self.masks = masks
        feedback_dim = decoder.feedback_dim(memory[1].shape[-1] if memory else 0)
        self.first = FirstCell(decoder.cells[0], feedback_dim, decoder.compute_dtype)

    def input_gates(self, x: Tensor) -> Tensor:
        """Computes the share of x in the gates of the first cell, (B, Q, E) -> (B, Q, G)."""
        return self.first.input_gates(self._dropout(ops.cast(x, self.decoder.compute_dtype), "input"))

    def __call__(self, input_gates: Tensor, beam_state: BeamState) -> tuple[tuple[Tensor, ...], BeamState]:
        """Returns the arguments of `finish`, each (B, Q, ...), and the next state.

        They are `(y, weights)` if y is fed back, `(s,)` if attention runs after the loop or not at all, and
        `(s, c, weights)` otherwise.
        """
        cells, feedback, attention_state = beam_state
        decoder = self.decoder
        # Bahdanau: c_t = attention(s_{t-1}), s_t = cells([x_t; c_t], s_{t-1})
        if decoder.attention is not None and decoder.attend_with == "previous":
            context, weights, attention_state = self._attend(cells[-1][0], attention_state)
            hidden, cells = self._run_cells(input_gates, context, cells)
            return (hidden, context, weights), (cells, feedback, attention_state)
        # Luong: s_t = cells([x_t; y_{t-1}], s_{t-1}), c_t = attention(s_t)
        hidden, cells = self._run_cells(input_gates, feedback if decoder.feeds_output else None, cells)
        if not decoder.attends_in_loop(attention_state):
            return (hidden,), (cells, feedback, attention_state)
        context, weights, attention_state = self._attend(hidden, attention_state)
        if not decoder.feeds_output:
            return (hidden, context, weights), (cells, feedback, attention_state)
        feedback = self._readout(context, hidden)
        return (feedback, weights), (cells, feedback, attention_state)

    def finish(self, parts: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
        """Returns outputs (B, Q, D) and weights (B, Q, S), None without attention; Q may be all time steps."""
        weights = None
        if self.decoder.attention is None:
            outputs = self._readout(None, parts[0])
        elif len(parts) == 2:  # y, computed in the loop
            outputs, weights = parts
        elif len(parts) == 1:  # a stateless attention without feedback: all steps are queries of one call
            context, weights, _ = self._attend(parts[0], ())
            outputs = self._readout(context, parts[0])
        else:
            hidden, context, weights = parts
            outputs = self._readout(context, hidden)
        return self._dropout(outputs, "output"), weights

    def specs(self, rows: int | Tensor, attention_state: tuple[Tensor, ...]) -> list[tuple[Shape, str]]:
        """Returns shapes (B, 1, ...) and dtypes of what `__call__` returns for `finish`, which the loop needs."""
        decoder = self.decoder
        first = (rows if isinstance(rows, int) else None, 1)
        if not decoder.attends_in_loop(attention_state):
            return [((*first, decoder.hidden_dim), decoder.compute_dtype)]
        steps, dim = self.memory[1].shape[1:]
        weights = ((*first, steps if isinstance(steps, int) else None), "float32")
        dims = (decoder.output_dim(dim),) if decoder.feeds_output else (decoder.hidden_dim, dim)
        return [*(((*first, width), decoder.compute_dtype) for width in dims), weights]

    def _attend(self, query: Tensor, attention_state: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        keys, values, mask = self.memory
        context, weights, attention_state = self.decoder.attention(
            query, values, keys, mask=mask, state=attention_state
        )
        return ops.cast(context, self.decoder.compute_dtype), ops.cast(weights, "float32"), tuple(attention_state)

    def _run_cells(
        self, input_gates: Tensor, feedback: Tensor | None, states: Sequence[CellState]
    ) -> tuple[Tensor, tuple[CellState, ...]]:
        """Returns the output of the top cell (B, Q, D), and the next states of all cells."""
        queries = ops.shape(input_gates)[1]

        def flat(x: Tensor) -> Tensor:
            return ops.reshape(x, (-1, x.shape[-1]))  # (B, Q, D) -> (B * Q, D), as cells take it

        def unflat(x: Tensor) -> Tensor:
            return ops.reshape(x, (-1, queries, x.shape[-1]))  # (B * Q, D) -> (B, Q, D)

        hidden, after = input_gates, []
        for index, (cell, before) in enumerate(zip(self.decoder.cells, states, strict=True)):
            before = tuple(map(flat, before))
            if index == 0:
                feedback = None if feedback is None else flat(self._dropout(feedback, "feedback"))
                hidden, new = self.first.step(flat(input_gates), feedback, before)
            else:
                hidden, new = run_cell(cell, flat(self._dropout(hidden, f"cell_{index - 1}")), before)
            hidden = unflat(hidden)
            after.append(tuple(map(unflat, new)))
        return hidden, tuple(after)

    def _readout(self, context: Tensor | None, hidden: Tensor) -> Tensor:
        """Computes y of Luong et al. 2015, equation 5."""
        y = hidden if context is None else ops.concatenate([context, hidden], axis=-1)
        return y if self.decoder.attentional_dim is None else ops.tanh(matmul(y, self.decoder.kernel))

    def _dropout(self, x: Tensor, name: str) -> Tensor:
        return x * self.masks[name] if name in self.masks else x
