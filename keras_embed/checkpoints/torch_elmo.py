"""ELMo from PyTorch state dicts: models of AllenNLP and ELMoForManyLangs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from keras_embed import text
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
    with_padding_row,
)
from keras_embed.checkpoints._files import Arrays, FloatArray, existing, find_file, is_archive, opened
from keras_embed.checkpoints._torch_pickle import StateDict, load_state_dict
from keras_embed.checkpoints.bilm import read_options
from keras_embed.layers import ElmoEmbedding
from keras_embed.layers.token_encoder import PUBLISHED_FILTERS


@dataclass(frozen=True)
class _Names:
    """The names of the arrays in the files of a library.

    Args:
        characters: the table of characters.
        convolution: the convolution of an index, without `.weight` and `.bias`.
        highway: the highway layer of an index.
        projection: the layer after the convolutions.
        lstm: the layer of a direction and an index.
        words: the table of words, if the library has one.
        padding_row: True if the tables have a first row for padding.
    """

    characters: str
    convolution: str
    highway: str
    projection: str
    lstm: str
    words: str = ""
    padding_row: bool = False


_ALLENNLP = _Names(
    characters="_token_embedder._char_embedding_weights",
    convolution="_token_embedder.char_conv_{}",
    highway="_token_embedder._highways._layers.{}",
    projection="_token_embedder._projection",
    lstm="_elmo_lstm.{}_layer_{}",
    padding_row=True,
)
_MANY_LANGS = _Names(
    characters="char_emb_layer.embedding.weight",
    convolution="convolutions.{}",
    highway="highways._layers.{}",
    projection="projection",
    lstm="{}_layer_{}",
    words="word_emb_layer.embedding.weight",
)


# --- AllenNLP ---

_MODEL = "_elmo_lstm."
_CHARACTERS = _MODEL + _ALLENNLP.characters


def load_allennlp(
    weights: PathLike,
    options: PathLike | None = None,
    prefix: str | None = None,
    dropout: float = 0.5,
    **kwargs: Any,
) -> ElmoEmbedding:
    """Loads the ELMo of a model that AllenNLP trained, with its mixes: an `Elmo` module or the whole model of a task.

    The file is read without PyTorch, and no code in it is run.

    Args:
        weights: a state dict such as `best.th` or `weights.th`, or a folder, zip or tar archive (`model.tar.gz`) that
            contains one.
        options: the options file of its language model. None: settings that do not follow from the shapes are those of
            all published models.
        prefix: the prefix of the names of the module's arrays, including the last ".", if the file contains several
            ELMos.
        dropout: of `ElmoEmbedding`; the file does not contain it.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `layers.ElmoEmbedding` with as many mixes as the file has; `.elmo` is the backbone.

    Raises:
        ValueError: For a file of another kind or without an ELMo, and for arrays that do not fit together.
        OSError: If there is no such file.
    """
    path = existing(weights)
    # Newer state dicts are zip files themselves; only other suffixes are taken for archives of a model.
    if path.is_dir() or (is_archive(path) and path.suffix != ".th"):
        with opened(path) as folder:
            path = find_file(folder, "weights.th", "best.th", "*.th")
            state = load_state_dict(path)
    else:
        state = load_state_dict(path)
    prefix = _prefix(state, path) if prefix is None else prefix
    arrays = _arrays(path, state, prefix + _MODEL)
    settings = PUBLISHED_SETTINGS | _sizes_of(arrays, _ALLENNLP)
    if options is not None:
        settings |= read_options(existing(options))
    elmo = make_backbone(_read(arrays, _ALLENNLP, settings), **kwargs)
    return make_embedding(elmo, _mixes(state, path, prefix, elmo), dropout=dropout)


def _prefix(state: StateDict, path: Path) -> str:
    found = sorted(name.removesuffix(_CHARACTERS) for name in state if name.endswith(_CHARACTERS))
    if len(found) != 1:
        received = f"{len(found)} in {path}" + (f", with the prefixes {', '.join(map(repr, found))}" if found else "")
        raise ValueError(message("one ELMo", received, "`prefix`" if found else None))
    return found[0]


def _mixes(state: StateDict, path: Path, prefix: str, elmo: ElmoBackbone) -> Mixes:
    arrays = _arrays(path, state, prefix)
    weights = []
    for index in range(arrays.number("scalar_mix_{}.gamma")):
        name = f"scalar_mix_{index}."
        scalars = [arrays.take(f"{name}scalar_parameters.{layer}", (1,)) for layer in range(elmo.num_layers + 1)]
        weights.append((np.concatenate(scalars), arrays.take(f"{name}gamma", (1,))))
    # The projection belongs to the token embedder that contains the module.
    outer = _arrays(path, state, prefix.removesuffix("_elmo."))
    if prefix.endswith("_elmo.") and "_projection.weight" in outer:
        width = outer.shape("_projection.weight")[0]
        kernel = outer.take("_projection.weight", (width, 2 * elmo.projection_dim))
        return Mixes(weights, (kernel.T, outer.take("_projection.bias", (width,))))
    return Mixes(weights)


# --- ELMoForManyLangs ---

_IDEOGRAPHIC_SPACE = "\u3000"
#: The defaults of the library, with which all models but one were trained.
_PUBLISHED: Config = {
    "encoder": {"name": "elmo", "projection_dim": 512, "dim": 4096, "n_layers": 2, "cell_clip": 3, "proj_clip": 3},
    "token_embedder": {
        "name": "cnn",
        "activation": "relu",
        "filters": PUBLISHED_FILTERS,
        "n_highway": 2,
        "word_dim": 100,
        "char_dim": 50,
        "max_characters_per_token": 50,
    },
}
_KINDS = {"encoder": "elmo", "token_embedder": "cnn"}


def load_elmo_for_many_langs(model: PathLike, **kwargs: Any) -> tuple[ElmoBackbone, text.ElmoCodePoints]:
    """Loads a model of ELMoForManyLangs, and the converter from words to its features.

    Its characters are code points, not bytes, and frequent words have their own embeddings. The pickles are read
    without PyTorch, and no code in them is run. Whitespace characters other than the ideographic space have the ids
    with which the model was trained; the original library overwrites them when it reads the list of characters.

    Args:
        model: the folder, or a zip or tar archive of it, with `config.json`, `char.dic`, `word.dic`,
            `token_embedder.pkl` and `encoder.pkl`.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `backbones.ElmoBackbone`, and `text.ElmoCodePoints` for `text.elmo_features` and `tokenizers.WordFeaturizer`.

    Raises:
        ValueError: For the library's other kinds of models, files in another format, and arrays that do not fit
            together.
        OSError: If a file does not exist.
    """
    with opened(model) as folder:
        folder = find_file(folder, "char.dic").parent
        settings = _settings(folder, _architecture(folder))
        characters = read_dictionary(folder / "char.dic")
        words = read_dictionary(folder / "word.dic") if settings["word_dim"] else None
        code_points = text.ElmoCodePoints(characters, words, settings["max_characters"])
        # The vocabulary determines the ids of the special characters and words.
        settings |= {
            "num_characters": len(code_points),
            "vocabulary_size": code_points.num_words,
            "marks": code_points.marks.as_tuple(),
            "boundary_words": code_points.boundary_words(),
        }
        return make_backbone(_read_many_langs(folder, settings), **kwargs), code_points


def read_dictionary(path: Path) -> dict[str, int]:
    """Reads the ids of characters or words from a `char.dic` or `word.dic`: a token, a tab and an id per line.

    Raises:
        ValueError: For any other line, with its number.
    """
    found = {}
    for number, line in enumerate(path.read_bytes().decode("utf-8").split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line:
            continue
        token, _, id_ = line.rpartition("\t")
        try:
            found[token or _IDEOGRAPHIC_SPACE] = int(id_)  # the library strips this space, which leaves one field
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {message('a token, a tab and an integer', line)}") from error
    return found


def _architecture(folder: Path) -> Config:
    """Reads the file that `config.json` names, mostly by a path on the machine that trained the model."""
    config = folder / "config.json"
    try:
        content: Config = json.loads(config.read_bytes()) if config.exists() else {}
        if "encoder" in content:
            return content
        path = folder / PureWindowsPath(str(content.get("config_path", ""))).name
        named: Config = json.loads(path.read_bytes()) if path.is_file() else _PUBLISHED
        return named
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{config}: {message('the settings of an ELMoForManyLangs model', repr(error))}") from error


def _settings(folder: Path, architecture: Config) -> Config:
    try:
        encoder, embedder = architecture["encoder"], architecture["token_embedder"]
        for part, kind in _KINDS.items():
            if architecture[part]["name"].lower() != kind:
                received = f"{architecture[part]['name']!r}"
                raise ValueError(f"{folder}: {message(f'a model whose {part} is {kind!r}', received)}")
        if not embedder["char_dim"]:
            raise ValueError(f"{folder}: {message('a model with characters as input', 'one of words only')}")
        return {
            "num_layers": encoder["n_layers"],
            "hidden_dim": encoder["dim"],
            "projection_dim": encoder["projection_dim"],
            "cell_clip": encoder.get("cell_clip"),
            "projection_clip": encoder.get("proj_clip"),
            "skip_connections": True,
            "filters": [tuple(pair) for pair in embedder["filters"]],
            "char_dim": embedder["char_dim"],
            "word_dim": embedder.get("word_dim") or 0,
            "num_highway": embedder.get("n_highway") or 0,
            "activation": embedder.get("activation", "relu"),
            "max_characters": embedder.get("max_characters_per_token", 50),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder}: {message('settings of encoder and token_embedder', repr(error))}") from error


def _read_many_langs(folder: Path, settings: Config) -> ElmoWeights:
    state: StateDict = {}
    for name in ("token_embedder.pkl", "encoder.pkl"):
        state |= load_state_dict(folder / name)
    arrays = _arrays(folder, state)
    # Tables may have more rows than the lists have ids. Nothing reads the surplus rows, but they are in the file.
    settings = settings | {"num_characters": arrays.shape(_MANY_LANGS.characters)[0] + 1}
    if settings["word_dim"]:
        settings["vocabulary_size"] = arrays.shape(_MANY_LANGS.words)[0] + 1
    return _read(arrays, _MANY_LANGS, settings)


# --- arrays: `W @ x`, gate order i, f, j, o; the bias of the forget gate is complete ---

_DIRECTIONS = ("forward", "backward")


def _arrays(source: Path, state: StateDict, prefix: str = "") -> Arrays:
    """Returns the arrays whose names start with a prefix, without the prefix."""
    names = {name.removeprefix(prefix): name for name in state if name.startswith(prefix)}
    return Arrays(source, {name: array.shape for name, array in state.items()}, state.__getitem__, names)


def _sizes_of(arrays: Arrays, names: _Names) -> Config:
    """Returns the settings that follow from the shapes."""
    kernels = [
        arrays.shape(f"{names.convolution.format(index)}.weight")
        for index in range(arrays.number(names.convolution + ".weight"))
    ]
    first = names.lstm.format(_DIRECTIONS[0], 0)
    return {
        "char_dim": arrays.shape(names.characters)[1],
        "num_characters": arrays.shape(names.characters)[0] + (not names.padding_row),
        "filters": [(width, count) for count, _, width in kernels],
        "num_highway": arrays.number(names.highway + ".weight"),
        "num_layers": arrays.number(names.lstm.format(_DIRECTIONS[0], "{}") + ".state_linearity.bias"),
        "hidden_dim": arrays.shape(first + ".state_linearity.bias")[0] // 4,
        "projection_dim": arrays.shape(first + ".input_linearity.weight")[1],
    }


def _read(arrays: Arrays, names: _Names, settings: Mapping[str, Any]) -> ElmoWeights:
    """Reads the weights of a model with these settings; arrays may be left over.

    Raises:
        ValueError: If an array is missing or has another shape.
    """
    filters, dim = settings["filters"], settings["projection_dim"]
    char_dim, word_dim = settings["char_dim"], settings.get("word_dim", 0)
    total = sum(count for _, count in filters)
    convolutions = []
    for index, (width, count) in enumerate(filters):
        name = names.convolution.format(index)
        kernel = arrays.take(f"{name}.weight", (count, char_dim, width))
        convolutions.append((kernel.transpose(2, 1, 0), arrays.take(f"{name}.bias", (count,))))  # (width, E, count)
    highways = [_highway(arrays, names.highway.format(index), total) for index in range(settings["num_highway"])]
    # Both libraries count words and characters from 0; row 0 of our tables is padding.
    words = None
    if word_dim:
        words = with_padding_row(arrays.take(names.words, (settings["vocabulary_size"] - 1, word_dim)))
    rows = settings["num_characters"] - (not names.padding_row)
    characters = arrays.take(names.characters, (rows, char_dim))
    return ElmoWeights(
        dict(settings),
        characters if names.padding_row else with_padding_row(characters),
        convolutions,
        [gate for gate, _ in highways],
        [transform for _, transform in highways],
        _projection(arrays, names, word_dim, total, dim),
        words,
        [_lstm(arrays, names, settings["hidden_dim"], dim, layer) for layer in range(settings["num_layers"])],
    )


def _highway(arrays: Arrays, name: str, dim: int) -> tuple[Dense, Dense]:
    """Returns gate and transform.

    Their gate multiplies the input, ours the transformed input. Since sigmoid(-z) = 1 - sigmoid(z), the sign changes.
    """
    kernel = arrays.take(f"{name}.weight", (2 * dim, dim)).T  # (F, 2 F): transform, gate
    bias = arrays.take(f"{name}.bias", (2 * dim,))
    return (-kernel[:, dim:], -bias[dim:]), (kernel[:, :dim], bias[:dim])


def _projection(arrays: Arrays, names: _Names, word_dim: int, total: int, dim: int) -> Dense | None:
    present = f"{names.projection}.weight" in arrays
    if word_dim or total != dim:
        kernel = arrays.take(f"{names.projection}.weight", (dim, word_dim + total))
        return kernel.T, arrays.take(f"{names.projection}.bias", (dim,))
    if present:
        expected = f"no projection, since there are {total} filters for a width of {dim}"
        raise ValueError(f"{arrays.source}: {message(expected, f'{names.projection}.weight')}")
    return None


def _lstm(arrays: Arrays, names: _Names, hidden: int, dim: int, layer: int) -> Lstm:
    inputs, recurrent, biases, projections = [], [], [], []
    for direction in _DIRECTIONS:
        name = names.lstm.format(direction, layer)
        inputs.append(_gates(arrays.take(f"{name}.input_linearity.weight", (4 * hidden, dim)).T))
        recurrent.append(_gates(arrays.take(f"{name}.state_linearity.weight", (4 * hidden, dim)).T))
        bias = _gates(arrays.take(f"{name}.state_linearity.bias", (4 * hidden,)))
        bias[2 * hidden : 3 * hidden] -= 1.0  # our cell adds the 1 of the forget gate itself
        biases.append(bias)
        if dim < hidden:
            projections.append(arrays.take(f"{name}.state_projection.weight", (dim, hidden)).T)
    projection = np.stack(projections) if projections else None
    return Lstm(np.stack(inputs), np.stack(recurrent), np.stack(biases), projection)


def _gates(array: FloatArray) -> FloatArray:
    """Reorders gates from input, forget, candidate, output to input, candidate, forget, output."""
    i, f, g, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, g, f, o], axis=-1)
