"""Presets in half precision."""

from pathlib import Path

import h5py
import keras_hub
import numpy as np

from keras_embed._atomic import atomic_path
from keras_embed._errors import message
from keras_embed._types import PathLike

_WEIGHTS = "model.weights.h5"


def save_half_preset(backbone: keras_hub.models.Backbone, folder: PathLike) -> None:
    """Saves a preset as `backbone.save_to_preset(folder)` does, with weights in half precision, at half the size.

    `from_preset` casts the weights back, so that the compute dtype of the model is unchanged. Every weight is rounded
    to 11 binary digits, with a relative error of at most 1/2048; below 6e-5 the absolute error is at most 3e-8.

    Args:
        backbone: any backbone.
        folder: the preset's folder, which is created if it does not exist.

    Raises:
        ValueError: For a weight beyond 65504, the largest number in half precision.

    Example:
    >>> from keras_embed.backbones import ElmoBackbone
    >>> elmo = ElmoBackbone(hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), char_dim=4, max_characters=10)
    >>> save_half_preset(elmo, "half")
    >>> ElmoBackbone.from_preset("half").compute_dtype
    'float32'
    """
    backbone.save_to_preset(str(folder), max_shard_size=None)
    path = Path(folder) / _WEIGHTS
    with atomic_path(path) as part, h5py.File(path) as old, h5py.File(part, "w") as new:
        _copy_attributes(old, new)
        old.visititems(lambda name, item: _copy(name, item, new))


def _copy(name: str, item: h5py.Group | h5py.Dataset, new: h5py.File) -> None:
    if not hasattr(item, "shape"):  # a group
        _copy_attributes(item, new.require_group(name))
        return
    array = item[()]
    if getattr(array, "dtype", None) == np.float32:
        if np.any(np.abs(array) > np.finfo("float16").max):
            raise ValueError(
                message("weights of at most 65504", f"{np.max(np.abs(array))} in {name}", "save_to_preset")
            )
        array = array.astype("float16")
    new[name] = array
    _copy_attributes(item, new[name])


def _copy_attributes(old: h5py.Group | h5py.Dataset, new: h5py.Group | h5py.Dataset) -> None:
    for key, value in old.attrs.items():
        new.attrs[key] = value
