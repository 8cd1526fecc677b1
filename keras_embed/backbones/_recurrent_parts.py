"""What recurrent backbones are put together from."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed import layers as house
from keras_embed.layers._both_directions import both_directions

CELLS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM, "simple_rnn": keras.layers.SimpleRNN}
_DECODER_CELLS = {
    "gru": keras.layers.GRUCell,
    "lstm": keras.layers.LSTMCell,
    "simple_rnn": keras.layers.SimpleRNNCell,
}
#: name -> (makes the layer from the width of the decoder, the state that asks)
_ATTENTIONS: dict[str, tuple[Any, str]] = {
    "bahdanau": (house.BahdanauAttention, "previous"),
    "bahdanau_normalized": (lambda units, **kw: _normalised(units, **kw), "previous"),
    "coverage": (lambda units, **kw: house.CoverageAttention(_additive(units, **kw), **kw), "previous"),
    "local_monotonic": (lambda units, **kw: house.LocalAttention(_general(units, **kw), "monotonic", **kw), "present"),
    "local_predictive": (lambda units, **kw: house.LocalAttention(_general(units, **kw), **kw), "present"),
    "location": (lambda units, **kw: house.LocationSensitiveAttention(_additive(units, **kw), **kw), "previous"),
    "luong_concat": (lambda units, **kw: house.LuongAttention("concat", units, **kw), "present"),
    "luong_dot": (lambda units, **kw: house.LuongAttention("dot", **kw), "present"),
    "luong_general": (lambda units, **kw: _general(units, **kw), "present"),
    "luong_scaled": (lambda units, **kw: house.LuongAttention("scaled_dot", **kw), "present"),
    "monotonic": (lambda units, **kw: house.MonotonicAttention(_normalised(units, **kw), **kw), "previous"),
}


def _additive(units: int, **policy: Any) -> keras.layers.Layer:
    return house.BahdanauAttention(units, **policy)


def _normalised(units: int, **policy: Any) -> keras.layers.Layer:
    return house.BahdanauAttention(units, normalize=True, **policy)


def _general(units: int, **policy: Any) -> keras.layers.Layer:
    return house.LuongAttention("general", units, **policy)


def readable(mask: Any) -> Any:
    """The mask `(B, T)`, with the first step opened in rows that have no real step: cuDNN refuses such rows."""
    none = ops.logical_not(ops.any(mask, axis=1, keepdims=True))  # (B, 1)
    return ops.concatenate([ops.logical_or(mask[:, :1], none), mask[:, 1:]], axis=1)


def embedding_layer(vocabulary_size: int, dim: int, dtype: Any, name: str) -> keras.layers.Layer:
    """An embedding that can be reversed; `1 / sqrt(dim)` gives vectors of length one, and so logits of unit size."""
    start = keras.initializers.RandomNormal(stddev=dim**-0.5)
    return keras.layers.ReversibleEmbedding(vocabulary_size, dim, embeddings_initializer=start, dtype=dtype, name=name)


def sequence_layer(
    cell: str, hidden_dim: int, bidirectional: bool, recurrent_dropout: float, dtype: Any, name: str
) -> keras.layers.Layer:
    """A recurrent layer that gives out all outputs."""
    layer = CELLS[cell](hidden_dim, return_sequences=True, recurrent_dropout=recurrent_dropout, dtype=dtype, name=name)
    return both_directions(layer, dtype=dtype, name=name) if bidirectional else layer


def encoder_layer(cell: Any, hidden_dim: int, bidirectional: bool, dtype: Any, name: str) -> keras.layers.Layer:
    """A recurrent layer that gives out all outputs and its last states."""
    arguments = {"return_sequences": True, "return_state": True, "dtype": dtype, "name": name}
    if isinstance(cell, str):
        layer = CELLS[cell](hidden_dim, **arguments)
    else:
        layer = keras.layers.RNN(new_cell(cell, hidden_dim, dtype, name), **arguments)
    return both_directions(layer, dtype=dtype, name=name) if bidirectional else layer


def new_cell(cell: Any, hidden_dim: int, dtype: Any, name: str) -> keras.layers.Layer:
    """A cell by name, or a copy of one with weights of its own."""
    if isinstance(cell, str):
        return _DECODER_CELLS[cell](hidden_dim, dtype=dtype, name=name)
    if int(cell.output_size) != hidden_dim:
        raise ValueError(
            _errors.message(f"a cell of hidden_dim={hidden_dim}", f"output_size={cell.output_size}", "equal sizes")
        )
    return type(cell).from_config({**cell.get_config(), "name": name})


def decoder_attention(attention: Any, hidden_dim: int, dtype: Any) -> tuple[Any, str]:
    """An attention layer of a decoder, and the state that asks: "previous" or "present"."""
    if attention is None:
        return None, "previous"
    if isinstance(attention, str):
        _errors.check_one_of("attention", attention, _ATTENTIONS)
        make, asks = _ATTENTIONS[attention]
        return make(hidden_dim, dtype=dtype), asks
    present = isinstance(attention, house.LuongAttention | house.LocalAttention)
    return type(attention).from_config(attention.get_config()), "present" if present else "previous"
