"""What backbones over embedding layers share: their inputs, and the vectors of all embeddings side by side."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors


def feature_inputs(embeddings: Sequence[keras.layers.Layer]) -> dict[str, Any]:
    """One `keras.Input` for each feature that any embedding reads, and the padding mask.

    Args:
        embeddings: layers from a feature dict to `(B, T, D)`, each with a property `features`, feature name -> shape
            of a row.

    Raises:
        ValueError: for no layers, a layer without `features`, or layers that do not agree on a feature.
    """
    if not embeddings:
        raise ValueError(
            _errors.message("at least one layer in `embeddings`", embeddings, "embeddings=[WordEmbedding(...)]")
        )
    shapes: dict[str, tuple[int | None, ...]] = {}
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


def side_by_side(embeddings: Sequence[keras.layers.Layer], inputs: dict[str, Any], dtype: Any) -> Any:
    """The vectors of all embeddings, concatenated, (B, T, D).

    Raises:
        ValueError: for a layer that wants to be put elsewhere.
    """
    vectors = placed_vectors(embeddings, inputs)
    if vectors["output"]:
        received = f"{[layer.name for layer in embeddings if 'output' in _places(layer)]} with a place at the output"
        raise ValueError(_errors.message("embeddings at the input", received, "RecurrentBackbone, or places=None"))
    return joined(vectors["input"], dtype, "vectors")


def placed_vectors(embeddings: Sequence[keras.layers.Layer], inputs: dict[str, Any]) -> dict[str, list[Any]]:
    """The vectors of all embeddings, each (B, T, D), by the place where a backbone puts them, "input" or "output".

    A layer with an attribute `places` has one for each of its outputs; any other stands at the input.

    Raises:
        ValueError: for nothing at the input, or vectors of other steps than the tokens.
    """
    found: dict[str, list[Any]] = {"input": [], "output": []}
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


def joined(vectors: Sequence[Any], dtype: Any, name: str) -> Any:
    """Vectors side by side, (B, T, D); one alone as it is."""
    return vectors[0] if len(vectors) == 1 else keras.layers.Concatenate(dtype=dtype, name=name)(vectors)


def hidden_stack(x: Any, hidden_dims: Sequence[int], activation: Any, dropout: float, dtype: Any) -> Any:
    """Dropout and a dense layer, as often as there are widths. (B, D) to (B, last width)."""
    for number, dim in enumerate(hidden_dims):
        x = keras.layers.Dropout(dropout, dtype=dtype, name=f"hidden_dropout_{number}")(x)
        x = keras.layers.Dense(dim, activation=activation, dtype=dtype, name=f"hidden_{number}")(x)
    return x


def check_hidden(hidden_dims: Sequence[int], dropout: float) -> tuple[int, ...]:
    """The widths as a tuple; raises `ValueError` for one that is none, or a rate that is none."""
    if isinstance(hidden_dims, int):
        raise ValueError(_errors.message("`hidden_dims` to be a sequence of widths", hidden_dims, f"({hidden_dims},)"))
    for dim in hidden_dims:
        _errors.check_positive("hidden_dims", dim)
    _errors.check_rate("dropout", dropout)
    return tuple(hidden_dims)
