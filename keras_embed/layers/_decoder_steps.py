"""The step of a recurrent decoder, the same for training and for a search."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._first_cell import FirstCell, matmul, run


def checked_cells(cells: Sequence[Any]) -> list[Any]:
    """The cells as a list; raises `ValueError` for none, or one with dropout."""
    cells = list(cells)
    if not cells:
        raise ValueError(_errors.message("at least one cell in `cells`", cells, "[keras.layers.LSTMCell(256)]"))
    for cell in cells:
        rates = {name: getattr(cell, name, 0.0) for name in ("dropout", "recurrent_dropout")}
        if any(isinstance(rate, float) and rate > 0.0 for rate in rates.values()):
            received = f"{type(cell).__name__} with {rates}"
            raise ValueError(_errors.message("cells without dropout of their own", received, "the decoder's `dropout`"))
    return cells


def start(
    decoder: Any, memory: Any, memory_mask: Any, initial_state: Any, beams: int, batch: Any
) -> tuple[tuple[Any, Any, Any], tuple[Any, ...]]:
    """See `RecurrentDecoder.begin`."""
    known = [part for part in keras.tree.flatten((memory, initial_state)) if part is not None]
    batch = ops.shape(known[0])[0] if known else batch
    if initial_state is None:
        initial_state = [cell.get_initial_state(batch_size=batch) for cell in decoder.cells]

    def on_beams(part: Any) -> Any:
        part = ops.expand_dims(ops.cast(part, decoder.compute_dtype), 1)
        return part if beams == 1 else ops.repeat(part, beams, axis=1)  # (B, K, D)

    states = [part if isinstance(part, list | tuple) else (part,) for part in initial_state]
    cells = tuple(tuple(map(on_beams, parts)) for parts in states)
    if decoder.attention is None:
        return (cells, (), ()), ()
    memory = ops.cast(memory, decoder.compute_dtype)
    if memory_mask is None:
        memory_mask = ops.ones(ops.shape(memory)[:2], "bool")
    keys = decoder.attention.project(memory)
    asked = tuple(decoder.attention.initial_state(keys, memory_mask, beams))
    fed: Any = ()
    if decoder.feeds_output:
        fed = ops.zeros((batch, beams, decoder.output_dim(memory.shape[-1])), decoder.compute_dtype)
    return (cells, fed, asked), (keys, memory, memory_mask)


class DecoderSteps:
    """What a `RecurrentDecoder` does in one call, apart from the loop over time.

    A step has three parts, and only the second must wait for the step before: `given`, what x adds to the first cell;
    `__call__`, the step; `finished`, what is made of its parts. Q stands for one row in training and for the beams of a
    search.

    Args:
        decoder: a `RecurrentDecoder`, built.
        fixed: keys, values and mask; empty without attention.
        masks: of dropout, (B, 1, width) by name; a name that is missing drops nothing.
    """

    def __init__(self, decoder: Any, fixed: Any, masks: dict[str, Any]) -> None:
        self.decoder = decoder
        self.fixed = fixed
        self.masks = masks
        self.first = FirstCell(
            decoder.cells[0], decoder.fed_dim(fixed[1].shape[-1] if fixed else 0), decoder.compute_dtype
        )

    def given(self, x: Any) -> Any:
        """What x (B, Q, E) adds to the first cell, (B, Q, G)."""
        return self.first.share(self._dropped(ops.cast(x, self.decoder.compute_dtype), "input"))

    def __call__(self, given: Any, moving: Any) -> tuple[tuple[Any, ...], Any]:
        """Parts for `finished`, each (B, Q, ...), and the state after the step."""
        cells, fed, asked = moving
        decoder = self.decoder
        if decoder.attention is not None and decoder.attend_with == "previous":
            context, weights, asked = self._attend(cells[-1][0], asked)
            hidden, cells = self._run_cells(given, context, cells)
            return (hidden, context, weights), (cells, fed, asked)
        hidden, cells = self._run_cells(given, fed if decoder.feeds_output else None, cells)
        if not decoder.asks_inside(asked):
            return (hidden,), (cells, fed, asked)
        context, weights, asked = self._attend(hidden, asked)
        if not decoder.feeds_output:
            return (hidden, context, weights), (cells, fed, asked)
        fed = self._readout(context, hidden)
        return (fed, weights), (cells, fed, asked)

    def finished(self, parts: Sequence[Any]) -> tuple[Any, Any]:
        """Outputs (B, Q, D) and weights (B, Q, S), None without attention; Q may be all steps of time."""
        weights = None
        if self.decoder.attention is None:
            outputs = self._readout(None, parts[0])
        elif len(parts) == 2:  # read out already
            outputs, weights = parts
        elif len(parts) == 1:
            context, weights, _ = self._attend(parts[0], ())
            outputs = self._readout(context, parts[0])
        else:
            hidden, context, weights = parts
            outputs = self._readout(context, hidden)
        return self._dropped(outputs, "output"), weights

    def specs(self, rows: Any, asked: Any) -> list[tuple[Any, str]]:
        """Shapes (B, 1, ...) and dtypes of the parts, for the loop; rows B and an attention's state as it starts."""
        decoder = self.decoder
        first = (rows if isinstance(rows, int) else None, 1)
        if not decoder.asks_inside(asked):
            return [((*first, decoder.hidden_dim), decoder.compute_dtype)]
        steps, dim = self.fixed[1].shape[1:]
        weights = ((*first, steps if isinstance(steps, int) else None), "float32")
        dims = (decoder.output_dim(dim),) if decoder.feeds_output else (decoder.hidden_dim, dim)
        return [*(((*first, width), decoder.compute_dtype) for width in dims), weights]

    def _attend(self, query: Any, asked: Any) -> tuple[Any, Any, tuple[Any, ...]]:
        keys, values, mask = self.fixed
        context, weights, asked = self.decoder.attention(query, keys, values, mask=mask, state=asked)
        return ops.cast(context, self.decoder.compute_dtype), ops.cast(weights, "float32"), tuple(asked)

    def _run_cells(self, given: Any, fed: Any, states: Any) -> tuple[Any, Any]:
        """The output of the top cell (B, Q, D) and the states of all."""
        queries = ops.shape(given)[1]

        def flat(x: Any) -> Any:
            return ops.reshape(x, (-1, x.shape[-1]))

        def on_queries(x: Any) -> Any:
            return ops.reshape(x, (-1, queries, x.shape[-1]))

        hidden, after = given, []
        for number, (cell, before) in enumerate(zip(self.decoder.cells, states, strict=True)):
            before = tuple(map(flat, before))
            if number == 0:
                fed = None if fed is None else flat(self._dropped(fed, "fed"))
                hidden, new = self.first.step(flat(given), fed, before)
            else:
                hidden, new = run(cell, flat(self._dropped(hidden, f"cell_{number - 1}")), before)
            hidden = on_queries(hidden)
            after.append(tuple(map(on_queries, new)))
        return hidden, tuple(after)

    def _readout(self, context: Any, hidden: Any) -> Any:
        """Luong et al. 2015, equation 5."""
        y = hidden if context is None else ops.concatenate([context, hidden], axis=-1)
        return y if self.decoder.attentional_dim is None else ops.tanh(matmul(y, self.decoder.kernel))

    def _dropped(self, x: Any, name: str) -> Any:
        return x * self.masks[name] if name in self.masks else x
