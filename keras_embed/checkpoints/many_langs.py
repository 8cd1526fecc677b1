"""ELMoForManyLangs: ELMo of code points and words, in some forty languages."""

import json
from pathlib import Path, PureWindowsPath
from typing import Any

from keras_embed import text
from keras_embed._errors import message
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints import _torch_form
from keras_embed.checkpoints._arrays import Arrays
from keras_embed.checkpoints._elmo_weights import ElmoWeights, make_backbone
from keras_embed.checkpoints._folders import Place, find_file, opened
from keras_embed.checkpoints._torch_pickle import load_state_dict
from keras_embed.layers.token_encoder import PUBLISHED_FILTERS

_IDEOGRAPHIC_SPACE = "\u3000"
#: What the library itself falls back on, and all models but one were trained with.
_PUBLISHED: dict[str, Any] = {
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


def load_elmo_for_many_langs(model: Place, **kwargs: Any) -> tuple[ElmoBackbone, text.ElmoCodePoints]:
    """A model of ELMoForManyLangs, with what makes words of its features.

    Its words are code points, not bytes, and frequent words have vectors of their own. The pickles are read without
    PyTorch, and nothing in them is run. Of its list of characters, white space other than the ideographic space keeps
    the numbers with which the model was trained; the library that published it overwrites them when it reads the list.

    Args:
        model: the folder, or a zip or tar archive of it, with `config.json`, `char.dic`, `word.dic`,
            `token_embedder.pkl` and `encoder.pkl`.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `backbones.ElmoBackbone` and `text.ElmoCodePoints`, which `text.elmo_features` and
        `tokenizers.WordFeaturizer` take.

    Raises:
        ValueError: for the library's other kinds of model, files of another form, and arrays that do not fit together.
        OSError: if a file is not there.
    """
    with opened(model) as folder:
        folder = find_file(folder, "char.dic").parent
        architecture = _architecture(folder)
        settings = _settings(folder, architecture)
        characters = read_dictionary(folder / "char.dic")
        words = read_dictionary(folder / "word.dic") if settings["word_dim"] else None
        code_points = text.ElmoCodePoints(characters, words, settings["max_characters"])
        settings |= {
            "num_characters": len(code_points),
            "vocabulary_size": code_points.num_words,
            "marks": code_points.marks.as_tuple(),
            "boundary_words": code_points.boundary_words(),
        }
        return make_backbone(_read(folder, settings), **kwargs), code_points


def read_dictionary(path: Path) -> dict[str, int]:
    """Character or word -> number, of a `char.dic` or `word.dic`: a pair a line, with a tab between.

    Raises:
        ValueError: for another line, with its number.
    """
    found = {}
    for number, line in enumerate(path.read_bytes().decode("utf-8").split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line:
            continue
        token, _, place = line.rpartition("\t")
        try:
            found[token or _IDEOGRAPHIC_SPACE] = int(place)  # a line of one field is that space, stripped away
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {message('a token, a tab and a number', line)}") from error
    return found


def _architecture(folder: Path) -> dict[str, Any]:
    """What `config.json` points at, mostly by a path of the machine that trained the model."""
    config = folder / "config.json"
    try:
        content = json.loads(config.read_bytes()) if config.exists() else {}
        if "encoder" in content:
            return content
        path = folder / PureWindowsPath(str(content.get("config_path", ""))).name
        return json.loads(path.read_bytes()) if path.is_file() else _PUBLISHED
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{config}: {message('the settings of an ELMoForManyLangs model', repr(error))}") from error


def _settings(folder: Path, architecture: dict[str, Any]) -> dict[str, Any]:
    try:
        encoder, embedder = architecture["encoder"], architecture["token_embedder"]
        for part, kind in _KINDS.items():
            if architecture[part]["name"].lower() != kind:
                received = f"{architecture[part]['name']!r}"
                raise ValueError(f"{folder}: {message(f'a model whose {part} is {kind!r}', received)}")
        if not embedder["char_dim"]:
            raise ValueError(f"{folder}: {message('a model that reads characters', 'one that reads words alone')}")
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


def _read(folder: Path, settings: dict[str, Any]) -> ElmoWeights:
    paths = folder / "token_embedder.pkl", folder / "encoder.pkl"
    state = {name: array for path in paths for name, array in load_state_dict(path).items()}
    arrays = Arrays(folder, {name: array.shape for name, array in state.items()}, state.__getitem__)
    # Tables may have rows behind the lists' numbers; nothing reads them, but they are there.
    names = _torch_form.MANY_LANGS
    settings = settings | {"num_characters": arrays.shape(names.characters)[0] + 1}
    if settings["word_dim"]:
        settings["vocabulary_size"] = arrays.shape(names.words)[0] + 1
    return _torch_form.read(arrays, names, settings)
