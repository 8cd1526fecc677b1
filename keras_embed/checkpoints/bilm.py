"""ELMo in the formats of bilm-tf: options in JSON with weights in HDF5, TensorFlow checkpoints, TF-Hub modules."""

import json
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from keras_embed import _backend, text
from keras_embed._atomic import atomic_path, write_atomically
from keras_embed._errors import message
from keras_embed._types import Config, PathLike
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints._elmo_weights import (
    PUBLISHED_SETTINGS,
    Dense,
    ElmoWeights,
    Lstm,
    Mixes,
    make_backbone,
    make_embedding,
    weights_of,
    with_padding_row,
)
from keras_embed.checkpoints._files import Arrays, FloatArray, beside, existing, find_file, opened, opened_checkpoint
from keras_embed.layers import ElmoEmbedding

_OPTIONS, _WEIGHTS = "options.json", "weights.hdf5"
_NUM_CHARACTERS = 262


def load_bilm(options: PathLike, weights: PathLike | None = None, **kwargs: Any) -> ElmoBackbone:
    """Loads an ELMo from files of bilm-tf and AllenNLP.

    Args:
        options: `options.json`, with its weights in the next argument; or a folder, a zip or a tar archive that
            contains both, such as those of the NLPL repository.
        weights: the HDF5 file. The number of characters is taken from its arrays, not from `n_characters`.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable`, `dtype` and `dropout`.

    Returns:
        `backbones.ElmoBackbone`. Its inputs are rows of `text.ElmoCharacters(elmo.max_characters)`.

    Raises:
        ValueError: If the files do not belong together, with the name of the array and both shapes.
        OSError: If a file does not exist.

    Example:
    >>> elmo = ElmoBackbone(hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), char_dim=4, max_characters=10)
    >>> save_bilm(elmo, "my_elmo")
    >>> load_bilm("my_elmo").hidden_dim
    8
    """
    if weights is None:
        with opened(options) as folder:
            found = find_file(folder, _OPTIONS, "*options*.json"), find_file(folder, "*.hdf5", "*.h5")
            return make_backbone(_read_hdf5(*found), **kwargs)
    return make_backbone(_read_hdf5(existing(options), existing(weights)), **kwargs)


def load_elmo_tf(
    checkpoint: PathLike, options: PathLike | None = None, dropout: float = 0.0, **kwargs: Any
) -> ElmoEmbedding:
    """Loads an ELMo from a TensorFlow checkpoint of bilm-tf, DeepPavlov or TF-Hub, by the names of its variables.

    No graph is run; variables of the optimizer are ignored.

    Args:
        checkpoint: the prefix of a checkpoint's files (`model.ckpt-935588`), or a folder or archive that contains one:
            a training checkpoint of bilm-tf, or a TF-Hub module such as DeepPavlov's Russian ones.
        options: the options file. None: the one of the folder; without one, settings that do not follow from the shapes
            are those of all published models.
        dropout: of `ElmoEmbedding`; the file does not contain it.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `layers.ElmoEmbedding` with the module's mix, or a newly initialized one; `.elmo` is the backbone.

    Raises:
        ValueError: For a checkpoint of another model or of several models, and for arrays that do not fit together.
        OSError: If there is no such file.
    """
    with opened_checkpoint(checkpoint) as (folder, index):
        found = beside(folder, index, _OPTIONS) if options is None else existing(options)
        prefix = str(index.with_suffix(""))
        reader = _backend.open_checkpoint(prefix)  # arrays are read one by one
        shapes = {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}
        arrays = Arrays(prefix, shapes, reader.get_tensor, hdf5_names(shapes))
        # Sizes follow from the shapes; an options file overrides them, and contains the other settings.
        settings = PUBLISHED_SETTINGS | _sizes_of(arrays)
        if found.is_file():
            settings |= read_options(found)
        elmo = make_backbone(_read(arrays, settings), **kwargs)
        scalars = [name for name in shapes if _SCALARS.search(name)]
        gammas = [name for name in shapes if _GAMMA.search(name)]
        if not scalars or not gammas:
            return make_embedding(elmo, Mixes(), dropout=dropout)
        mix = (np.reshape(reader.get_tensor(scalars[0]), (-1,)), np.reshape(reader.get_tensor(gammas[0]), (1,)))
        if len(mix[0]) != elmo.num_layers + 1:
            expected = f"{elmo.num_layers + 1} numbers in {scalars[0]}"
            raise ValueError(f"{prefix}: {message(expected, f'{len(mix[0])}')}")
        return make_embedding(elmo, Mixes([mix]), dropout=dropout)


def save_bilm(elmo: ElmoBackbone, options: PathLike, weights: PathLike | None = None) -> None:
    """Writes a backbone as the two files that bilm-tf and AllenNLP read.

    All weights are written in float32. The format cannot store the row of characters of the padding word, which is
    never read, and, with a warning, the state that `warm_start` left.

    Args:
        elmo: the backbone.
        options: the path of the options; or, without `weights`, a folder for `options.json` and `weights.hdf5`, which
            is created if it does not exist.
        weights: the path of the weights.

    Raises:
        ValueError: For a backbone whose inputs are not bytes, or include word ids.

    Example:
    >>> elmo = ElmoBackbone(hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), char_dim=4, max_characters=10)
    >>> save_bilm(elmo, "my_elmo")
    """
    config = elmo.get_config()
    inputs = (config["num_characters"], tuple(config["marks"]), config["vocabulary_size"])
    if inputs != (_NUM_CHARACTERS, text.elmo_characters.BYTE_MARKS.as_tuple(), 0):
        raise ValueError(message("an ELMo that reads bytes", f"characters, special characters and words {inputs}"))
    if any(np.any(np.asarray(state)) for state in elmo.initial_state(1).values()):
        warnings.warn("The state that `warm_start` left is not saved: the format cannot store it", stacklevel=2)
    if weights is None:
        Path(options).mkdir(parents=True, exist_ok=True)
        options, weights = Path(options) / _OPTIONS, Path(options) / _WEIGHTS
    with atomic_path(weights) as part, h5py.File(part, "w") as file:
        for name, array in hdf5_arrays(weights_of(elmo)).items():
            file[name] = array
    write_atomically(options, json.dumps(_options(config), indent=2) + "\n")


# --- options ---


def read_options(path: Path) -> Config:
    """Reads the arguments of `ElmoBackbone` from an options file.

    Raises:
        ValueError: If the file is not JSON, lacks a setting, or describes a model that `ElmoBackbone` does not support.
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
        expected = "the options of a character-based bilm-tf model in JSON"
        raise ValueError(f"{path}: {message(expected, repr(error))}") from error
    if settings["projection_dim"] > settings["hidden_dim"]:
        received = f"projection_dim {settings['projection_dim']}, dim {settings['hidden_dim']}"
        raise ValueError(f"{path}: {message('`projection_dim` of at most `dim`', received)}")
    return settings


def _options(config: Config) -> Config:
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


# --- arrays: `x @ W`, gate order i, j, f, o; the forget gate adds 1 to its bias ---

_NUM_BYTE_CHARACTERS = 261  # 256 bytes and 5 special characters, without padding
_DIRECTIONS = (0, 1)
_ENCODER = re.compile(r"(?:^|/)(char_embed|CNN/[Wb]_cnn_\d+|CNN_high_\d+/[Wb]_(?:carry|transform)|CNN_proj/[Wb]_proj)$")
# The names of a one-layer model have no index of the cell. The end of the pattern excludes variables of the optimizer.
_LSTM = re.compile(r"(?:^|/)RNN_(\d)/(?:.*[Cc]ell_?(\d+)/)?.*(?:lstm_cell|LSTMCell)/([^/]+(?:/kernel)?)$")
_LSTM_PARTS = {"kernel": "W_0", "bias": "B", "projection/kernel": "W_P_0", "W_0": "W_0", "B": "B", "W_P_0": "W_P_0"}
# Names of w and gamma in the modules of DeepPavlov and of Google.
_SCALARS = re.compile(r"(?:^|/)aggregation/(?:.*_W|weights)$")
_GAMMA = re.compile(r"(?:^|/)aggregation/(?:.*_gamma|scaling)$")


def hdf5_names(names: Iterable[str]) -> dict[str, str]:
    """Maps names in an HDF5 file of several layers to the given names, for all weights of the model.

    Checkpoints and TF-Hub modules call the same arrays `lm/...` or `bilm/...`, and use other names for LSTMs.
    """
    found: dict[str, str] = {}
    for name in names:
        if encoder := _ENCODER.search(name):
            short = encoder[1]
        elif (lstm := _LSTM.search(name)) and lstm[3] in _LSTM_PARTS:
            short = _lstm_name(int(lstm[1]), int(lstm[2] or 0), _LSTM_PARTS[lstm[3]])
        else:
            continue
        if short in found:
            raise ValueError(message("the weights of one language model", f"two arrays, {found[short]} and {name}"))
        found[short] = name
    return found


def hdf5_arrays(weights: ElmoWeights) -> dict[str, FloatArray]:
    """Returns the arrays of an HDF5 file by name."""
    found = {"char_embed": weights.characters[1:]}  # without the row of padding
    for index, (kernel, bias) in enumerate(weights.convolutions):
        found |= {f"CNN/W_cnn_{index}": kernel[None], f"CNN/b_cnn_{index}": bias}
    for name, layers in (("carry", weights.gates), ("transform", weights.transforms)):
        for index, (kernel, bias) in enumerate(layers):
            found |= {f"CNN_high_{index}/W_{name}": kernel, f"CNN_high_{index}/b_{name}": bias}
    if weights.projection is not None:
        found |= {"CNN_proj/W_proj": weights.projection[0], "CNN_proj/b_proj": weights.projection[1]}
    for layer, lstm in enumerate(weights.lstms):
        for direction in _DIRECTIONS:
            kernel = np.concatenate([lstm.input_kernel[direction], lstm.recurrent_kernel[direction]])  # (2 D, 4 H)
            parts = {"W_0": kernel, "B": lstm.bias[direction]}
            if lstm.projection is not None:
                parts["W_P_0"] = lstm.projection[direction]
            found |= {_lstm_name(direction, layer, part, len(weights.lstms)): array for part, array in parts.items()}
    return found


def _lstm_name(direction: int, layer: int, part: str, num_layers: int = 2) -> str:
    """Returns the name of an LSTM's array in an HDF5 file; `part` is W_0, B or W_P_0."""
    cell = f"MultiRNNCell/Cell{layer}/" if num_layers > 1 else ""
    return f"RNN_{direction}/RNN/{cell}LSTMCell/{part}"


def _read_hdf5(options: Path, weights: Path) -> ElmoWeights:
    settings = read_options(options)
    with h5py.File(weights) as file:
        shapes: dict[str, tuple[int, ...]] = {}
        file.visititems(lambda name, item: shapes.update({name: item.shape} if hasattr(item, "shape") else {}))
        return _read(Arrays(weights, shapes, lambda name: file[name][()], hdf5_names(shapes)), settings)


def _sizes_of(arrays: Arrays) -> Config:
    """Returns the settings that follow from the shapes."""
    char_dim = arrays.shape("char_embed")[1]
    kernels = [arrays.shape(f"CNN/W_cnn_{index}") for index in range(arrays.number("CNN/W_cnn_{}"))]
    first = _lstm_name(0, 0, "B")
    hidden = arrays.shape(first)[0] // 4  # four gates
    projection = _lstm_name(0, 0, "W_P_0")
    return {
        "char_dim": char_dim,
        "filters": [(kernel[1], kernel[3]) for kernel in kernels],
        "num_highway": arrays.number("CNN_high_{}/W_carry"),
        "num_layers": arrays.number(first.replace("Cell0", "Cell{}")),
        "hidden_dim": hidden,
        "projection_dim": arrays.shape(projection)[1] if projection in arrays else hidden,
    }


def _read(arrays: Arrays, settings: Config) -> ElmoWeights:
    """Reads the weights of a model with these settings.

    Raises:
        ValueError: If an array is missing, has another shape, or is left over.
    """
    char_dim, filters, dim = settings["char_dim"], settings["filters"], settings["projection_dim"]
    total = sum(count for _, count in filters)

    def dense(folder: str, name: str, *shape: int) -> Dense:
        return arrays.take(f"{folder}/W_{name}", shape), arrays.take(f"{folder}/b_{name}", shape[-1:])

    convolutions = []
    for index, (width, count) in enumerate(filters):
        kernel, bias = dense("CNN", f"cnn_{index}", 1, width, char_dim, count)  # (1, width, E, count)
        convolutions.append((kernel[0], bias))
    highways = [f"CNN_high_{index}" for index in range(settings["num_highway"])]
    weights = ElmoWeights(
        settings,
        _characters(arrays, char_dim),
        convolutions,
        [dense(highway, "carry", total, total) for highway in highways],  # "carry" gates the transformed input
        [dense(highway, "transform", total, total) for highway in highways],
        dense("CNN_proj", "proj", total, dim) if total != dim else None,
        None,
        [_lstm(arrays, settings["hidden_dim"], dim, layer) for layer in range(settings["num_layers"])],
    )
    arrays.check_all_taken()
    return weights


def _lstm(arrays: Arrays, hidden: int, dim: int, layer: int) -> Lstm:
    kernel = np.stack([arrays.take(_lstm_name(d, layer, "W_0"), (2 * dim, 4 * hidden)) for d in _DIRECTIONS])
    bias = np.stack([arrays.take(_lstm_name(d, layer, "B"), (4 * hidden,)) for d in _DIRECTIONS])
    # An LSTM without projection has states of the same width as its outputs.
    projection = None
    if dim < hidden:
        projection = np.stack([arrays.take(_lstm_name(d, layer, "W_P_0"), (hidden, dim)) for d in _DIRECTIONS])
    # One matrix (2 D, 4 H) multiplies [input; state].
    return Lstm(kernel[:, :dim], kernel[:, dim:], bias, projection)


def _characters(arrays: Arrays, dim: int) -> FloatArray:
    rows = arrays.shape("char_embed")[0]
    if rows not in (_NUM_BYTE_CHARACTERS, _NUM_BYTE_CHARACTERS + 1):
        expected = "char_embed of 261 rows, or of 262 with a row for padding"
        raise ValueError(f"{arrays.source}: {message(expected, f'{rows} rows')}")
    table = arrays.take("char_embed", (rows, dim))
    if rows == _NUM_BYTE_CHARACTERS:
        return with_padding_row(table)
    # 262 rows: either the first is padding, all zeros, or the last is unused, since training with the n_characters of
    # inference allocates one row too many.
    return table if not table[0].any() else with_padding_row(table[:_NUM_BYTE_CHARACTERS])
