"""The weights of an ELMo as NumPy arrays: the common form of all file formats."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import keras
import numpy as np

from keras_embed._errors import message
from keras_embed._types import Config
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints._files import FloatArray
from keras_embed.layers import ElmoEmbedding

Dense: TypeAlias = tuple[FloatArray, FloatArray]
"""Kernel and bias."""

#: Settings that all published byte-based models share, for files that do not contain them.
PUBLISHED_SETTINGS: Config = {
    "activation": "relu",
    "cell_clip": 3.0,
    "projection_clip": 3.0,
    "skip_connections": True,
    "max_characters": 50,
}


@dataclass(frozen=True)
class Lstm:
    """The weights of one layer, both directions, forward first. The gate order is input, candidate, forget, output.

    Args:
        input_kernel: (2, D, 4 H).
        recurrent_kernel: (2, D, 4 H).
        bias: (2, 4 H), without the 1 of the forget gate.
        projection: (2, H, D), or None if D = H.
    """

    input_kernel: FloatArray
    recurrent_kernel: FloatArray
    bias: FloatArray
    projection: FloatArray | None


@dataclass(frozen=True)
class ElmoWeights:
    """The weights of an `ElmoBackbone`, for `x @ W`, with padding in row 0 of every table.

    Args:
        settings: arguments of `ElmoBackbone`.
        characters: (characters, E).
        convolutions: pairs of (width, E, number) and (number,).
        gates: pairs of (F, F) and (F,); the gate multiplies the transformed input.
        transforms: pairs of (F, F) and (F,).
        projection: pair of (word_dim + F, D) and (D,), or None.
        words: (words, word_dim), or None.
        lstms: one for each layer.
    """

    settings: Config
    characters: FloatArray
    convolutions: list[Dense]
    gates: list[Dense]
    transforms: list[Dense]
    projection: Dense | None
    words: FloatArray | None
    lstms: list[Lstm]


@dataclass(frozen=True)
class Mixes:
    """The scalar mixes of an ELMo, and the projection after them.

    Args:
        weights: pairs of w, one scalar per layer, and gamma.
        projection: pair of (2 D, width) and (width,), or None.
    """

    weights: list[Dense] = field(default_factory=list)
    projection: Dense | None = None


def make_backbone(weights: ElmoWeights, **kwargs: Any) -> ElmoBackbone:
    """Builds a backbone with these weights; `kwargs` are further arguments, such as `trainable` and `dtype`."""
    elmo = ElmoBackbone(**{**weights.settings, **kwargs})
    for variable, array in _pairs(elmo, weights):
        if tuple(variable.shape) != np.shape(array):  # a bug of a reader: readers check their files
            raise ValueError(message(f"{variable.path} of shape {tuple(variable.shape)}", f"shape {np.shape(array)}"))
        variable.assign(array)
    return elmo


def make_embedding(elmo: ElmoBackbone, mixes: Mixes, **kwargs: Any) -> ElmoEmbedding:
    """Builds an `ElmoEmbedding` with these mixes, or with a newly initialized one if there are none."""
    settings: Config = {"num_mixes": max(1, len(mixes.weights))}
    if mixes.projection is not None:
        settings["projection_dim"] = mixes.projection[0].shape[1]
    embedding = ElmoEmbedding(elmo, **{**settings, **kwargs})
    embedding.build({})  # creates the variables of the mixes
    for mix, (scalars, gamma) in zip(embedding.mixes, mixes.weights, strict=False):
        mix.scalars.assign(scalars)
        mix.gamma.assign(gamma)
    if mixes.projection is not None:
        for layer in embedding.projections:
            layer.kernel.assign(mixes.projection[0])
            layer.bias.assign(mixes.projection[1])
    return embedding


def weights_of(elmo: ElmoBackbone) -> ElmoWeights:
    """Returns the weights of a backbone."""
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


def with_padding_row(table: FloatArray) -> FloatArray:
    """Prepends a row of zeros for padding, so that ids from 0 become ids from 1."""
    return np.concatenate([np.zeros((1, table.shape[1]), table.dtype), table])


def _pairs(elmo: ElmoBackbone, weights: ElmoWeights) -> Iterator[tuple[keras.Variable, FloatArray]]:
    """Yields every variable with its array."""
    encoder = elmo.token_encoder
    yield encoder.embedding.embeddings, weights.characters
    # Layers with a kernel and a bias, in the same order as their arrays.
    layers = [*encoder.convolutions, *encoder.gates, *encoder.transforms]
    arrays = [*weights.convolutions, *weights.gates, *weights.transforms]
    if weights.projection is not None:
        layers, arrays = [*layers, encoder.projection], [*arrays, weights.projection]
    for layer, (kernel, bias) in zip(layers, arrays, strict=True):
        yield layer.kernel, kernel
        yield layer.bias, bias
    if weights.words is not None and encoder.words is not None:
        yield encoder.words.embeddings, weights.words
    for lstm, read in zip(elmo.stack.lstms, weights.lstms, strict=True):
        yield lstm.input_kernel, read.input_kernel
        yield lstm.cell.recurrent_kernel, read.recurrent_kernel
        yield lstm.bias, read.bias
        if read.projection is not None:
            yield lstm.cell.projection, read.projection


def _dense(layer: keras.layers.Layer) -> Dense:
    return _array(layer.kernel), _array(layer.bias)


def _array(variable: keras.Variable) -> FloatArray:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32")))
