"""Presets of half the size."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from keras_embed._atomic import atomic_path
from keras_embed._errors import message
from keras_embed.checkpoints._folders import Place

_WEIGHTS = "model.weights.h5"


def save_half_preset(backbone: Any, folder: Place) -> None:
    """`backbone.save_to_preset(folder)` with the weights in half precision: the files are half as large.

    `from_preset` casts them back, so the model computes in the dtype it had. Every weight is rounded to 11 binary
    digits, a relative error of at most 1/2048; below 6e-5 the absolute one is at most 3e-8.

    Args:
        backbone: any backbone.
        folder: the preset's folder, which is made where it is missing.

    Raises:
        ValueError: for a weight beyond 65504, the largest number of half precision.

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


def _copy(name: str, item: Any, new: Any) -> None:
    if not hasattr(item, "shape"):
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


def _copy_attributes(old: Any, new: Any) -> None:
    for key, value in old.attrs.items():
        new.attrs[key] = value
