"""Backbones that can be frozen when they are made."""

from typing import Any

import keras_hub


class FreezableBackbone(keras_hub.models.Backbone):
    """A backbone whose `trainable=False` reaches the layers inside.

    Keras sets it on a Functional model before the model has layers; so of a frozen model that is loaded as a part of
    another, all weights would be trained. On TensorFlow, saying it once more changes nothing.

    Args:
        *args: of `keras_hub.models.Backbone`.
        trainable: of the backbone and all of its layers.
        **kwargs: of `keras_hub.models.Backbone`.
    """

    def __init__(self, *args: Any, trainable: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not trainable:
            self.trainable = False
