"""ELMo as bilm-tf and AllenNLP publish it: options in JSON beside weights in HDF5."""

import json
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from keras_embed import text
from keras_embed._atomic import atomic_path, write_atomically
from keras_embed._errors import message
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints import _tensorflow_form
from keras_embed.checkpoints._arrays import Arrays
from keras_embed.checkpoints._elmo_weights import ElmoWeights, make_backbone, weights_of
from keras_embed.checkpoints._folders import Place, existing, find_file, opened

_OPTIONS, _WEIGHTS = "options.json", "weights.hdf5"
_NUM_CHARACTERS = 262


def load_bilm(options: Place, weights: Place | None = None, **kwargs: Any) -> ElmoBackbone:
    """An ELMo of the files that bilm-tf and AllenNLP read.

    Args:
        options: `options.json`, with its weights in the next argument; or a folder, a zip or a tar archive that holds
            both, such as those of the NLPL repository.
        weights: the HDF5 file. How many characters it lists is taken from the file, whatever `n_characters` says.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable`, `dtype` and `dropout`.

    Returns:
        `backbones.ElmoBackbone`. Its words are rows of `text.ElmoCharacters(elmo.max_characters)`.

    Raises:
        ValueError: if the files do not fit together, with the name of the array and both shapes.
        OSError: if a file is not there.

    Example:
    >>> elmo = ElmoBackbone(hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), char_dim=4, max_characters=10)
    >>> save_bilm(elmo, "my_elmo")
    >>> load_bilm("my_elmo").hidden_dim
    8
    """
    if weights is None:
        with opened(options) as folder:
            found = find_file(folder, _OPTIONS, "*options*.json"), find_file(folder, "*.hdf5", "*.h5")
            return make_backbone(_read(*found), **kwargs)
    return make_backbone(_read(existing(options), existing(weights)), **kwargs)


def _read(options: Path, weights: Path) -> ElmoWeights:
    settings = read_options(options)
    with h5py.File(weights) as file:
        shapes: dict[str, tuple[int, ...]] = {}
        file.visititems(lambda name, item: shapes.update({name: item.shape} if hasattr(item, "shape") else {}))
        names = _tensorflow_form.hdf5_names(shapes)
        return _tensorflow_form.read(Arrays(weights, shapes, lambda name: file[name][()], names), settings)


def read_options(path: Path) -> dict[str, Any]:
    """The arguments of `ElmoBackbone` that an options file gives.

    Raises:
        ValueError: if the file is no JSON, lacks a setting, or describes a model that `ElmoBackbone` is not.
    """
    try:
        options = json.loads(path.read_bytes())
        lstm, characters = options["lstm"], options["char_cnn"]
        settings = {
            "num_layers": lstm.get("n_layers", 1),
            "hidden_dim": lstm["dim"],
            "projection_dim": lstm["projection_dim"],
            "cell_clip": lstm.get("cell_clip"),
            "projection_clip": lstm.get("proj_clip"),
            "skip_connections": bool(lstm.get("use_skip_connections", False)),
            "filters": [tuple(pair) for pair in characters["filters"]],
            "char_dim": characters["embedding"]["dim"],
            "num_highway": characters.get("n_highway") or 0,
            "activation": characters.get("activation", "relu"),
            "max_characters": characters.get("max_characters_per_token", 50),
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path}: " + message("the options of a character-based bilm-tf model in JSON", repr(error))
        ) from error
    if settings["projection_dim"] > settings["hidden_dim"]:
        received = f"projection_dim {settings['projection_dim']}, dim {settings['hidden_dim']}"
        raise ValueError(f"{path}: " + message("`projection_dim` of at most `dim`", received))
    return settings


def save_bilm(elmo: ElmoBackbone, options: Place, weights: Place | None = None) -> None:
    """Writes a backbone as the two files that bilm-tf and AllenNLP read.

    Every weight is written as it is, in float32. What the files have no place for is left out: the padding word's row
    of characters, which nothing reads, and, with a warning, the state that `warm_start` left.

    Args:
        elmo: the backbone.
        options: the path of the options; or, without `weights`, a folder for `options.json` and `weights.hdf5`, which
            is made where it is missing.
        weights: the path of the weights.

    Raises:
        ValueError: for a backbone that reads other characters than bytes, or words.

    Example:
    >>> elmo = ElmoBackbone(hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), char_dim=4, max_characters=10)
    >>> save_bilm(elmo, "my_elmo")
    """
    config = elmo.get_config()
    bytes_alone = (config["num_characters"], tuple(config["marks"]), config["vocabulary_size"])
    if bytes_alone != (_NUM_CHARACTERS, text.elmo_characters.BYTE_MARKS.as_tuple(), 0):
        raise ValueError(message("an ELMo that reads bytes", f"characters, marks and words {bytes_alone}"))
    if any(np.any(np.asarray(state)) for state in elmo.initial_state(1).values()):
        warnings.warn("The state that `warm_start` left is not written: these files have no place for it", stacklevel=2)
    if weights is None:
        Path(options).mkdir(parents=True, exist_ok=True)
        options, weights = Path(options) / _OPTIONS, Path(options) / _WEIGHTS
    with atomic_path(weights) as part, h5py.File(part, "w") as file:
        for name, array in _tensorflow_form.written(weights_of(elmo)).items():
            file[name] = array
    write_atomically(options, json.dumps(_options(config), indent=2) + "\n")


def _options(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "lstm": {
            "cell_clip": config["cell_clip"],
            "use_skip_connections": config["skip_connections"],
            "n_layers": config["num_layers"],
            "proj_clip": config["projection_clip"],
            "projection_dim": config["projection_dim"],
            "dim": config["hidden_dim"],
        },
        "char_cnn": {
            "embedding": {"dim": config["char_dim"]},
            "filters": [list(pair) for pair in config["filters"]],
            "n_highway": config["num_highway"],
            "n_characters": _NUM_CHARACTERS,
            "max_characters_per_token": config["max_characters"],
            "activation": config["activation"],
        },
    }
