"""A bidirectional wrapper that survives loading."""

import weakref
from typing import Any

import keras


def bidirectional(layer: keras.layers.Layer, **kwargs: Any) -> keras.layers.Layer:
    """Returns `keras.layers.Bidirectional(layer)` and keeps `layer` alive as long as the wrapper.

    `Bidirectional` copies `layer` from its config. While a model is being loaded, Keras identifies objects by `id`. If
    `layer` were garbage-collected, its `id` could be reused, and a backward layer would be mistaken for a forward one.

    Args:
        layer: A recurrent layer.
        **kwargs: Arguments of `keras.layers.Bidirectional`.
    """
    wrapper = keras.layers.Bidirectional(layer, **kwargs)
    # The finalizer holds a reference to `layer` that Keras does not track, so it is not saved.
    weakref.finalize(wrapper, lambda _: None, layer)
    return wrapper
