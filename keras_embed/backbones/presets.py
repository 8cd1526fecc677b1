"""Presets that are part of the package."""

import difflib
from pathlib import Path
from typing import Any, Self

import keras_hub

from keras_embed._errors import message
from keras_embed._types import PathLike
from keras_embed.backbones._frozen import FreezableBackbone

#: Contains a folder for each preset, as written by `save_to_preset`.
ROOT = Path(__file__).resolve().parents[1] / "presets"


class ShippedBackbone(FreezableBackbone):
    """A backbone whose `from_preset` also accepts the presets of the package."""

    @classmethod
    def from_preset(cls, preset: PathLike, load_weights: bool = True, **kwargs: Any) -> Self:
        """Loads a backbone from a preset.

        Args:
            preset: The name of a preset of the package, or any preset that Keras Hub accepts: a folder, or a handle
                such as "hf://user/model".
            load_weights: If False, leaves the weights as initialised.
            **kwargs: Arguments of the backbone that differ from the preset's, such as `trainable` and `dtype`.

        Raises:
            ValueError: If the name is unknown.
        """
        return super().from_preset(resolve(preset), load_weights=load_weights, **kwargs)


def shipped() -> list[str]:
    """Returns the names of the presets of the package, sorted."""
    return sorted(path.parent.name for path in ROOT.glob("*/config.json"))


def resolve(preset: PathLike) -> str:
    """Returns the folder of a preset of the package; other presets of Keras Hub are returned unchanged.

    Raises:
        ValueError: If the name is unknown.
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
