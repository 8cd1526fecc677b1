"""Names for the axes of features whose sizes are not known before a request comes."""

from collections.abc import Callable
from typing import Any

from keras_embed._backend import tf

#: Symbols of the dynamic axes behind the first, for JAX. Axes of one name are equal.
_AXES = {
    "term_ids": ("terms",),
    "term_weights": ("terms",),
    "char_ids": ("words", "characters"),
    "elmo_ids": ("words", "letters"),
    "elmo_word_ids": ("words",),
    "elmo_cache_ids": ("words",),
    "subword_ids": ("time", "subwords"),
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
    names = ("batch", *_AXES.get(name, ("time",)))
    return "(" + ", ".join(names[axis] if size is None else str(size) for axis, size in enumerate(shape)) + ")"
