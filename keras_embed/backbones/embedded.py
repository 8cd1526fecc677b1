"""Shared parts of backbones over embedding layers: inputs of one or several texts, and the embeddings' outputs.

An embedding layer maps a dict of features to vectors `(B, T, D)`, and has a property `features`: names and per-row
shapes of the features that it reads.
"""

from collections.abc import Sequence

import keras

from keras_embed import _errors
from keras_embed._types import Features, KerasObject, Shape, Tensor


def feature_inputs(embeddings: Sequence[keras.layers.Layer]) -> dict[str, keras.KerasTensor]:
    """Creates a `keras.Input` for each feature that the embeddings read, and one for the padding mask.

    Args:
        embeddings: Embedding layers.

    Raises:
        ValueError: If there are no layers, a layer has no property `features`, or two layers disagree on the shape of a
            feature.
    """
    if not embeddings:
        raise ValueError(
            _errors.message("at least one layer in `embeddings`", embeddings, "embeddings=[WordEmbedding(...)]")
        )
    shapes: dict[str, Shape] = {}
    for layer in embeddings:
        if not hasattr(layer, "features"):
            raise ValueError(
                _errors.message(
                    "every layer in `embeddings` to have a property `features`, feature name -> shape of a row",
                    f"{type(layer).__name__}",
                    "WordEmbedding instead of keras.layers.Embedding, or add the property to your own layer",
                )
            )
        for name, shape in layer.features.items():
            if shapes.setdefault(name, tuple(shape)) != tuple(shape):
                raise ValueError(
                    _errors.message(
                        f"embeddings to agree on the shape of feature `{name}`",
                        f"{shapes[name]} and {tuple(shape)} (layer {layer.name})",
                    )
                )
    inputs = {name: keras.Input(shape, dtype="int32", name=name) for name, shape in shapes.items()}
    inputs["padding_mask"] = keras.Input((None,), dtype="bool", name="padding_mask")
    return inputs


def prefixed_inputs(embeddings: Sequence[keras.layers.Layer], prefixes: Sequence[str]) -> dict[str, keras.KerasTensor]:
    """Creates the inputs of several texts that are read by the same embeddings.

    Args:
        embeddings: Embedding layers.
        prefixes: One prefix for each text: "first" creates `first_token_ids`, `first_padding_mask` ...

    Raises:
        ValueError: See `feature_inputs`.
    """
    return prefixed_like(feature_inputs(embeddings), prefixes)


def prefixed_like(inputs: dict[str, keras.KerasTensor], prefixes: Sequence[str]) -> dict[str, keras.KerasTensor]:
    """Creates inputs of the same shape and dtype for each of several texts.

    Args:
        inputs: Inputs of a model of one text, by name.
        prefixes: One prefix for each text.
    """
    return {
        f"{prefix}_{name}": keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=f"{prefix}_{name}")
        for prefix in prefixes
        for name, tensor in inputs.items()
    }


def of_prefix(features: Features, prefix: str) -> Features:
    """Returns the features of one text, without the prefix in their names."""
    start = f"{prefix}_"
    return {name.removeprefix(start): tensor for name, tensor in features.items() if name.startswith(start)}


def side_by_side(embeddings: Sequence[keras.layers.Layer], inputs: Features, dtype: KerasObject) -> Tensor:
    """Concatenates the vectors of all embeddings, `(B, T, D)`.

    Raises:
        ValueError: If a layer has vectors for the output of the backbone.
    """
    vectors = placed_vectors(embeddings, inputs)
    if vectors["output"]:
        received = f"{[layer.name for layer in embeddings if 'output' in _places(layer)]} with a place at the output"
        raise ValueError(_errors.message("embeddings at the input", received, "RecurrentBackbone, or places=None"))
    return joined(vectors["input"], dtype, "vectors")


def placed_vectors(embeddings: Sequence[keras.layers.Layer], inputs: Features) -> dict[str, list[Tensor]]:
    """Computes the vectors of all embeddings, each `(B, T, D)`, grouped by their place, "input" or "output".

    A layer with an attribute `places` has one place for each of its outputs; other layers belong to the input.

    Raises:
        ValueError: If there are no vectors for the input, or vectors include sentence boundaries.
    """
    found: dict[str, list[Tensor]] = {"input": [], "output": []}
    for layer in embeddings:
        if getattr(layer, "keep_boundaries", False):
            received = f"{layer.name} with keep_boundaries=True"
            raise ValueError(_errors.message("embeddings of the tokens alone", received, "keep_boundaries=False"))
        vectors = layer({name: inputs[name] for name in layer.features})
        for place, x in zip(_places(layer), vectors if isinstance(vectors, list) else [vectors], strict=True):
            found[place].append(x)
    if not found["input"]:
        received = f"{[layer.name for layer in embeddings]}, all at the output"
        raise ValueError(_errors.message("at least one embedding at the input", received))
    return found


def _places(layer: keras.layers.Layer) -> tuple[str, ...]:
    return tuple(getattr(layer, "places", ("input",)))


def joined(vectors: Sequence[Tensor], dtype: KerasObject, name: str) -> Tensor:
    """Concatenates vectors, `(B, T, D)`; a single one is returned as it is."""
    return vectors[0] if len(vectors) == 1 else keras.layers.Concatenate(dtype=dtype, name=name)(vectors)


def hidden_stack(
    x: Tensor, hidden_dims: Sequence[int], activation: KerasObject, dropout: float, dtype: KerasObject
) -> Tensor:
    """Applies dropout and a dense layer for each width, `(B, D)` to `(B, last width)`."""
    for index, dim in enumerate(hidden_dims):
        x = keras.layers.Dropout(dropout, dtype=dtype, name=f"hidden_dropout_{index}")(x)
        x = keras.layers.Dense(dim, activation=activation, dtype=dtype, name=f"hidden_{index}")(x)
    return x


def check_hidden(hidden_dims: Sequence[int], dropout: float) -> tuple[int, ...]:
    """Returns the widths as a tuple.

    Raises:
        ValueError: If a width is not a positive integer, or the rate is not in [0, 1).
    """
    if isinstance(hidden_dims, int):
        raise ValueError(_errors.message("`hidden_dims` to be a sequence of widths", hidden_dims, f"({hidden_dims},)"))
    for dim in hidden_dims:
        _errors.check_positive("hidden_dims", dim)
    _errors.check_rate("dropout", dropout)
    return tuple(hidden_dims)
