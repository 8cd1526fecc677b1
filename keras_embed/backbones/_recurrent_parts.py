"""Recurrent layers, cells and attention layers by name, for recurrent backbones."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_embed import _errors, layers
from keras_embed._types import KerasObject, Tensor
from keras_embed.layers.bidirectional import bidirectional as both_directions

CELLS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM, "simple_rnn": keras.layers.SimpleRNN}
_DECODER_CELLS = {
    "gru": keras.layers.GRUCell,
    "lstm": keras.layers.LSTMCell,
    "simple_rnn": keras.layers.SimpleRNNCell,
}


def _additive(units: int, **kwargs: Any) -> keras.layers.Layer:
    return layers.BahdanauAttention(units, **kwargs)


def _normalized(units: int, **kwargs: Any) -> keras.layers.Layer:
    return layers.BahdanauAttention(units, normalize=True, **kwargs)


def _general(units: int, **kwargs: Any) -> keras.layers.Layer:
    return layers.LuongAttention("general", units, **kwargs)


#: Name -> (function from the width of the decoder to the layer, decoder state that is the query)
_ATTENTIONS: dict[str, tuple[Callable[..., keras.layers.Layer], str]] = {
    "bahdanau": (_additive, "previous"),
    "bahdanau_normalized": (_normalized, "previous"),
    "coverage": (lambda units, **kw: layers.CoverageAttention(_additive(units, **kw), **kw), "previous"),
    "local_monotonic": (lambda units, **kw: layers.LocalAttention(_general(units, **kw), "monotonic", **kw), "present"),
    "local_predictive": (lambda units, **kw: layers.LocalAttention(_general(units, **kw), **kw), "present"),
    "location": (lambda units, **kw: layers.LocationSensitiveAttention(_additive(units, **kw), **kw), "previous"),
    "luong_concat": (lambda units, **kw: layers.LuongAttention("concat", units, **kw), "present"),
    "luong_dot": (lambda units, **kw: layers.LuongAttention("dot", **kw), "present"),
    "luong_general": (_general, "present"),
    "luong_scaled": (lambda units, **kw: layers.LuongAttention("scaled_dot", **kw), "present"),
    "monotonic": (lambda units, **kw: layers.MonotonicAttention(_normalized(units, **kw), **kw), "previous"),
}


def readable(mask: Tensor) -> Tensor:
    """Returns the mask `(B, T)` with the first step set in rows without a real step, which cuDNN rejects."""
    empty = ops.logical_not(ops.any(mask, axis=1, keepdims=True))  # (B, 1)
    return ops.concatenate([ops.logical_or(mask[:, :1], empty), mask[:, 1:]], axis=1)


def embedding_layer(vocabulary_size: int, dim: int, dtype: KerasObject, name: str) -> keras.layers.Layer:
    """Creates a reversible embedding.

    A standard deviation of `1 / sqrt(dim)` gives vectors of length one, and logits of unit size.
    """
    initializer = keras.initializers.RandomNormal(stddev=dim**-0.5)
    return keras.layers.ReversibleEmbedding(
        vocabulary_size, dim, embeddings_initializer=initializer, dtype=dtype, name=name
    )


def sequence_layer(
    cell: str, hidden_dim: int, bidirectional: bool, recurrent_dropout: float, dtype: KerasObject, name: str
) -> keras.layers.Layer:
    """Creates a recurrent layer that returns all outputs."""
    layer = CELLS[cell](hidden_dim, return_sequences=True, recurrent_dropout=recurrent_dropout, dtype=dtype, name=name)
    return both_directions(layer, dtype=dtype, name=name) if bidirectional else layer


def encoder_layer(
    cell: str | keras.layers.Layer, hidden_dim: int, bidirectional: bool, dtype: KerasObject, name: str
) -> keras.layers.Layer:
    """Creates a recurrent layer that returns all outputs and its final states."""
    arguments = {"return_sequences": True, "return_state": True, "dtype": dtype, "name": name}
    if isinstance(cell, str):
        layer = CELLS[cell](hidden_dim, **arguments)
    else:
        layer = keras.layers.RNN(new_cell(cell, hidden_dim, dtype, name), **arguments)
    return both_directions(layer, dtype=dtype, name=name) if bidirectional else layer


def new_cell(cell: str | keras.layers.Layer, hidden_dim: int, dtype: KerasObject, name: str) -> keras.layers.Layer:
    """Creates a cell by name, or copies one without its weights."""
    if isinstance(cell, str):
        return _DECODER_CELLS[cell](hidden_dim, dtype=dtype, name=name)
    if int(cell.output_size) != hidden_dim:
        raise ValueError(
            _errors.message(f"a cell of hidden_dim={hidden_dim}", f"output_size={cell.output_size}", "equal sizes")
        )
    return type(cell).from_config({**cell.get_config(), "name": name})


def decoder_attention(
    attention: str | keras.layers.Layer | None, hidden_dim: int, dtype: KerasObject
) -> tuple[keras.layers.Layer | None, str]:
    """Creates the attention layer of a decoder by name, or copies one without its weights.

    Returns:
        The layer, and the decoder state that is its query: "previous" or "present".
    """
    if attention is None:
        return None, "previous"
    if isinstance(attention, str):
        _errors.check_one_of("attention", attention, _ATTENTIONS)
        create, attention_state = _ATTENTIONS[attention]
        return create(hidden_dim, dtype=dtype), attention_state
    present = isinstance(attention, layers.LuongAttention | layers.LocalAttention)
    return type(attention).from_config(attention.get_config()), "present" if present else "previous"
