"""Backbones that can be frozen when they are made."""

from typing import Any

import keras
import keras_hub

from keras_embed._errors import check_known, message


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
        check_known(type(self), kwargs, ("inputs", "outputs", "name", "dtype"))
        super().__init__(*args, **kwargs)
        if not trainable:
            self.trainable = False

    def enable_lora(self, rank: int, target_layer_names: Any = None) -> None:
        """Freezes the backbone, and lets a product of two narrow matrices learn beside the kernels of some layers.

        Args:
            rank: width of the matrices.
            target_layer_names: names of layers of Keras that can do so, such as `Dense`. `None`: those that
                `default_lora_layer_names()` says.

        Raises:
            ValueError: where no layer has such a name, for all would be frozen then and nothing learn.

        References:
            Hu et al. 2022, https://openreview.net/forum?id=nZeVKeeFYf9.
        """
        names = self.default_lora_layer_names() if target_layer_names is None else list(target_layer_names)
        able = {layer.name for layer in self._flatten_layers() if layer.weights and hasattr(layer, "enable_lora")}
        if not able & set(names):
            expected = f"names of layers that can learn at low rank, {sorted(able)}"
            raise ValueError(message(expected, names, "target_layer_names=" if able else "trainable=True"))
        super().enable_lora(rank, target_layer_names)


class EmbeddedBackbone(FreezableBackbone):
    """A backbone over embedding layers, `self.embeddings`, which its config holds serialised."""

    embeddings: Any

    def get_config(self) -> dict[str, Any]:
        """The arguments, the embedding layers serialised."""
        return {**super().get_config(), "embeddings": [keras.layers.serialize(layer) for layer in self.embeddings]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A backbone of the same shape with fresh weights."""
        embeddings = [keras.layers.deserialize(layer) for layer in config["embeddings"]]
        return super().from_config({**config, "embeddings": embeddings})
