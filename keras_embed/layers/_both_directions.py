"""A recurrent layer that reads both ways."""

import weakref
from typing import Any

import keras


def both_directions(layer: keras.layers.Layer, **kwargs: Any) -> keras.layers.Layer:
    """`keras.layers.Bidirectional` that stays itself when a model is loaded.

    Keras copies the layer by its config. While a model is loaded, it takes objects of one `id` for one object; were the
    layer freed, its `id` could come again, and what should read backwards would read forwards, or raise.

    Args:
        layer: a recurrent layer.
        **kwargs: of `Bidirectional`.
    """
    wrapper = keras.layers.Bidirectional(layer, **kwargs)
    weakref.finalize(wrapper, lambda _: None, layer)  # so it lives as long, out of sight of what Keras saves
    return wrapper
