"""Base classes of backbones that can be created frozen."""

from collections.abc import Sequence
from typing import Any, Self

import keras
import keras_hub

from keras_embed._errors import check_known, message
from keras_embed._types import Config


class FreezableBackbone(keras_hub.models.Backbone):
    """A backbone whose `trainable=False` applies to all of its layers.

    Keras sets `trainable` on a Functional model before the model has layers. If a frozen backbone was loaded as a part
    of another model, all of its weights would be trained. This class sets it again at the end.

    Args:
        *args: Arguments of `keras_hub.models.Backbone`.
        trainable: `trainable` of the backbone and all of its layers.
        **kwargs: Arguments of `keras_hub.models.Backbone`.
    """

    def __init__(self, *args: Any, trainable: bool = True, **kwargs: Any) -> None:
        check_known(type(self), kwargs, ("inputs", "outputs", "name", "dtype"))
        super().__init__(*args, **kwargs)
        if not trainable:
            self.trainable = False

    def enable_lora(self, rank: int, target_layer_names: Sequence[str] | None = None) -> None:
        """Freezes the backbone and trains low-rank updates of the kernels of some layers.

        Args:
            rank: Rank of the updates.
            target_layer_names: Names of Keras layers that support it, such as `Dense`. `None`: those of
                `default_lora_layer_names()`.

        Raises:
            ValueError: If no layer has such a name, since nothing would be trained.

        References:
            Hu et al. 2022, https://openreview.net/forum?id=nZeVKeeFYf9.
        """
        names = self.default_lora_layer_names() if target_layer_names is None else list(target_layer_names)
        able = {layer.name for layer in self._flatten_layers() if layer.weights and hasattr(layer, "enable_lora")}
        if not able & set(names):
            expected = f"names of layers that support low-rank updates, {sorted(able)}"
            raise ValueError(message(expected, names, "target_layer_names=" if able else "trainable=True"))
        super().enable_lora(rank, target_layer_names)


class EmbeddedBackbone(FreezableBackbone):
    """A backbone over the embedding layers `self.embeddings`, which are serialized in its config."""

    embeddings: list[keras.layers.Layer]

    def get_config(self) -> Config:
        return {**super().get_config(), "embeddings": [keras.layers.serialize(layer) for layer in self.embeddings]}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        embeddings = [keras.layers.deserialize(layer) for layer in config["embeddings"]]
        return super().from_config({**config, "embeddings": embeddings})
