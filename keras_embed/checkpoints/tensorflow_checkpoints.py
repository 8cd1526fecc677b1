"""ELMo out of TensorFlow checkpoints and TF-Hub modules."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from keras_embed import _backend
from keras_embed._errors import message
from keras_embed.checkpoints import _tensorflow_form
from keras_embed.checkpoints._arrays import Arrays
from keras_embed.checkpoints._elmo_weights import PUBLISHED_SETTINGS, make_backbone
from keras_embed.checkpoints._folders import Place, beside, existing, opened_checkpoint
from keras_embed.checkpoints._mixes import Mixes, make_embedding
from keras_embed.checkpoints.bilm import read_options
from keras_embed.layers import ElmoEmbedding

_OPTIONS = "options.json"
# What DeepPavlov's and what Google's modules call w and gamma.
_SCALARS = re.compile(r"(?:^|/)aggregation/(?:.*_W|weights)$")
_GAMMA = re.compile(r"(?:^|/)aggregation/(?:.*_gamma|scaling)$")


def load_elmo_tf(checkpoint: Place, options: Place | None = None, dropout: float = 0.0, **kwargs: Any) -> ElmoEmbedding:
    """An ELMo out of a TensorFlow checkpoint, by the names of its variables: bilm-tf's, DeepPavlov's or TF-Hub's.

    No graph is run: the variables alone are read, without the optimizer's.

    Args:
        checkpoint: the prefix of a checkpoint's files (`model.ckpt-935588`), or a folder or archive that holds one:
            what bilm-tf saved in training, or a TF-Hub module such as DeepPavlov's Russian ones.
        options: the options file. None: that of the folder; else the settings that the shapes do not tell are those of
            all published models.
        dropout: of `ElmoEmbedding`; the file does not know it.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `layers.ElmoEmbedding` with the module's mix, or a fresh one; `.elmo` is the backbone.

    Raises:
        ValueError: for a checkpoint of something else, of several models, and for arrays that do not fit together.
        OSError: if there is no such file.
    """
    with opened_checkpoint(checkpoint) as (folder, index):
        return _load(index, options, beside(folder, index, _OPTIONS), dropout, kwargs)


def _load(index: Path, options: Place | None, found: Path, dropout: float, kwargs: dict[str, Any]) -> ElmoEmbedding:
    prefix = str(index.with_suffix(""))
    reader = _backend.open_checkpoint(prefix)
    shapes = {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    arrays = Arrays(prefix, shapes, reader.get_tensor, _tensorflow_form.hdf5_names(shapes))
    settings = PUBLISHED_SETTINGS | _tensorflow_form.sizes_of(arrays)
    if options is not None or found.is_file():
        settings |= read_options(found if options is None else existing(options))
    elmo = make_backbone(_tensorflow_form.read(arrays, settings), **kwargs)
    scalars = [name for name in shapes if _SCALARS.search(name)]
    gammas = [name for name in shapes if _GAMMA.search(name)]
    if not scalars or not gammas:
        return make_embedding(elmo, Mixes(), dropout=dropout)
    mix = (np.reshape(reader.get_tensor(scalars[0]), (-1,)), np.reshape(reader.get_tensor(gammas[0]), (1,)))
    if len(mix[0]) != elmo.num_layers + 1:
        raise ValueError(f"{prefix}: {message(f'{elmo.num_layers + 1} numbers in {scalars[0]}', f'{len(mix[0])}')}")
    return make_embedding(elmo, Mixes([mix]), dropout=dropout)
