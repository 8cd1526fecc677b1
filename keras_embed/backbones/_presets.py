"""Presets that come with the package."""

import difflib
from pathlib import Path
from typing import Any

import keras_hub

from keras_embed._errors import message
from keras_embed.backbones._frozen import FreezableBackbone

#: A folder for each preset, as `save_to_preset` writes it.
ROOT = Path(__file__).resolve().parents[1] / "presets"


class ShippedBackbone(FreezableBackbone):
    """A backbone whose `from_preset` also knows the presets that come with the package."""

    @classmethod
    def from_preset(cls, preset: Any, load_weights: bool = True, **kwargs: Any) -> Any:
        """A backbone of a preset.

        Args:
            preset: the name of a preset that comes with the package, or what Keras Hub takes: a folder, or a handle
                such as "hf://user/model".
            load_weights: False leaves the weights as they start.
            **kwargs: arguments of the backbone that differ from the preset's, such as `trainable` and `dtype`.

        Raises:
            ValueError: for an unknown name.
        """
        return super().from_preset(resolve(preset), load_weights=load_weights, **kwargs)


def shipped() -> list[str]:
    """The names of the presets that come with the package, sorted."""
    return sorted(path.parent.name for path in ROOT.glob("*/config.json"))


def resolve(preset: Any) -> Any:
    """The folder of a shipped preset; what Keras Hub takes stays as it is.

    Raises:
        ValueError: for a name that neither knows.
    """
    name = str(preset)
    if name in shipped():
        return str(ROOT / name)
    elsewhere = "://" in name or Path(name).exists() or name in keras_hub.models.Backbone.presets
    if not elsewhere:
        near = difflib.get_close_matches(name, shipped(), n=1)
        expected = f"a preset among {shipped()}, a folder, or a handle such as 'hf://user/model'"
        raise ValueError(message(expected, repr(name), repr(near[0]) if near else None))
    return name
