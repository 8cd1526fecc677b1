"""Shapes of features with symbolic sizes, for networks exported from JAX."""

from collections.abc import Callable
from typing import Any

from keras_embed._backend import tf
from keras_embed._types import Features

# Symbols of the axes after the first, for JAX: axes of one name have equal sizes. Other features have a second axis
# "time", and further axes of their own.
_AXES = {
    "term_ids": ("terms",),
    "term_weights": ("terms",),
    "char_ids": ("words", "characters"),
    "elmo_ids": ("words", "letters"),
    "elmo_word_ids": ("words",),
    "elmo_cache_ids": ("words",),
    "mask_positions": ("masks",),
    "window_padding_mask": ("windows", "time"),
    "window_segment_ids": ("windows", "time"),
    "window_token_ids": ("windows", "time"),
    "word_mask": ("words",),
    "word_positions": ("words",),
}
_PREFIXES = ("context_", "first_", "question_", "second_")


def feature_axes(features: Callable[..., Features], *specs: Any) -> dict[str, str]:
    """Returns the shape of each feature for JAX, such as "(batch, time)"; sizes known in the graph are numbers.

    Args:
        features: Makes the features from tensors; TensorFlow graph code.
        *specs: `tf.TensorSpec`s of these tensors.
    """
    shapes = tf.function(features, autograph=False).get_concrete_function(*specs).structured_outputs
    return {name: _axes(name, tensor.shape.as_list()) for name, tensor in shapes.items()}


def _axes(name: str, shape: list[int | None]) -> str:
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    feature = name.removeprefix(prefix)
    others = _AXES.get(feature, ("time", *(f"{feature}_{axis}" for axis in range(2, len(shape)))))
    symbols = ("batch", *(prefix + axis for axis in others))
    return "(" + ", ".join(symbols[axis] if size is None else str(size) for axis, size in enumerate(shape)) + ")"
