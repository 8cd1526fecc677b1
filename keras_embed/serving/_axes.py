"""Names for the axes of features whose sizes are not known before a request comes."""

from collections.abc import Callable
from typing import Any

from keras_embed._backend import tf

#: What stands in front of the names of features, where a text is one of several.
_PREFIXES = ("context_", "first_", "question_", "second_")
#: Symbols of the dynamic axes behind the first, for JAX. Axes of one name are equal.
_AXES = {
    "term_ids": ("terms",),
    "term_weights": ("terms",),
    "char_ids": ("words", "characters"),
    "elmo_ids": ("words", "letters"),
    "elmo_word_ids": ("words",),
    "elmo_cache_ids": ("words",),
    "mask_positions": ("masks",),
    "subword_ids": ("time", "subwords"),
    "window_padding_mask": ("windows", "time"),
    "window_segment_ids": ("windows", "time"),
    "window_token_ids": ("windows", "time"),
    "word_mask": ("words",),
    "word_positions": ("words",),
}


def feature_axes(features: Callable[..., dict[str, Any]], *specs: Any) -> dict[str, str]:
    """Feature -> its shape, such as "(batch, time)"; sizes that a trace of the graph tells stand there as numbers.

    Args:
        features: from tensors to features, in TensorFlow graph code.
        *specs: `tf.TensorSpec`s of these tensors.
    """
    shapes = tf.function(features, autograph=False).get_concrete_function(*specs).structured_outputs
    return {name: _symbols(name, tensor.shape.as_list()) for name, tensor in shapes.items()}


def _symbols(name: str, shape: list[int | None]) -> str:
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    names = ("batch", *(prefix + axis for axis in _AXES.get(name.removeprefix(prefix), ("time",))))
    return "(" + ", ".join(names[axis] if size is None else str(size) for axis, size in enumerate(shape)) + ")"
