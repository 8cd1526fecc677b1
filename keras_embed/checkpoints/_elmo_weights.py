"""The weights of an ELMo outside of Keras: what every file format is read into, and written from."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_embed._errors import message
from keras_embed.backbones import ElmoBackbone

#: What all published models of bytes have in common, for files that do not say it.
PUBLISHED_SETTINGS: dict[str, Any] = {
    "activation": "relu",
    "cell_clip": 3.0,
    "projection_clip": 3.0,
    "skip_connections": True,
    "max_characters": 50,
}


@dataclass(frozen=True)
class Lstm:
    """One layer, both directions, forward first. Gates stand in the order input, candidate, forget, output.

    Args:
        input_kernel: (2, D, 4 H).
        recurrent_kernel: (2, D, 4 H).
        bias: (2, 4 H), without the 1 of the forget gate.
        projection: (2, H, D), or None where D = H.
    """

    input_kernel: Any
    recurrent_kernel: Any
    bias: Any
    projection: Any | None


@dataclass(frozen=True)
class ElmoWeights:
    """Arrays as `ElmoBackbone` holds them: `x @ W`, padding in row 0 of every table.

    Args:
        settings: arguments of `ElmoBackbone`.
        characters: (characters, E).
        convolutions: pairs of (width, E, number) and (number,).
        gates: pairs of (F, F) and (F,); a positive score opens for the transformed input.
        transforms: pairs of (F, F) and (F,).
        projection: pair of (word_dim + F, D) and (D,), or None.
        words: (words, word_dim), or None.
        lstms: one for each layer.
    """

    settings: dict[str, Any]
    characters: Any
    convolutions: list[tuple[Any, Any]]
    gates: list[tuple[Any, Any]]
    transforms: list[tuple[Any, Any]]
    projection: tuple[Any, Any] | None
    words: Any | None
    lstms: list[Lstm]


def make_backbone(weights: ElmoWeights, **kwargs: Any) -> ElmoBackbone:
    """A backbone of these weights; `kwargs` are further arguments, such as `trainable` and `dtype`."""
    elmo = ElmoBackbone(**{**weights.settings, **kwargs})
    for variable, array in _pairs(elmo, weights):
        if tuple(variable.shape) != np.shape(array):  # every reader has checked its file
            raise ValueError(message(f"{variable.path} of shape {tuple(variable.shape)}", f"shape {np.shape(array)}"))
        variable.assign(array)
    return elmo


def weights_of(elmo: ElmoBackbone) -> ElmoWeights:
    """The weights of a backbone as NumPy arrays."""
    encoder = elmo.token_encoder
    lstms = [
        Lstm(
            _array(lstm.input_kernel),
            _array(lstm.cell.recurrent_kernel),
            _array(lstm.bias),
            None if lstm.cell.projection is None else _array(lstm.cell.projection),
        )
        for lstm in elmo.stack.lstms
    ]
    return ElmoWeights(
        elmo.get_config(),
        _array(encoder.embedding.embeddings),
        [_dense(layer) for layer in encoder.convolutions],
        [_dense(layer) for layer in encoder.gates],
        [_dense(layer) for layer in encoder.transforms],
        None if encoder.projection is None else _dense(encoder.projection),
        None if encoder.words is None else _array(encoder.words.embeddings),
        lstms,
    )


def with_padding_row(table: Any) -> Any:
    """A table of ids that count from 0, for ids that count from 1: 0 is padding."""
    return np.concatenate([np.zeros((1, table.shape[1]), table.dtype), table])


def _pairs(elmo: ElmoBackbone, weights: ElmoWeights) -> list[tuple[Any, Any]]:
    encoder = elmo.token_encoder
    pairs = [(encoder.embedding.embeddings, weights.characters)]
    layers = [*encoder.convolutions, *encoder.gates, *encoder.transforms]
    arrays = [*weights.convolutions, *weights.gates, *weights.transforms]
    if weights.projection is not None:
        layers, arrays = [*layers, encoder.projection], [*arrays, weights.projection]
    for layer, (kernel, bias) in zip(layers, arrays, strict=True):
        pairs += [(layer.kernel, kernel), (layer.bias, bias)]
    if weights.words is not None and encoder.words is not None:
        pairs.append((encoder.words.embeddings, weights.words))
    for lstm, read in zip(elmo.stack.lstms, weights.lstms, strict=True):
        pairs += [
            (lstm.input_kernel, read.input_kernel),
            (lstm.cell.recurrent_kernel, read.recurrent_kernel),
            (lstm.bias, read.bias),
        ]
        if read.projection is not None:
            pairs.append((lstm.cell.projection, read.projection))
    return pairs


def _dense(layer: Any) -> tuple[Any, Any]:
    return _array(layer.kernel), _array(layer.bias)


def _array(variable: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32")))
