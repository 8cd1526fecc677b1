"""The registry of published ELMo models: addresses, licences, and readers."""

import difflib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from keras_embed import text
from keras_embed._errors import check_one_of, message
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints.bilm import load_bilm, load_elmo_tf
from keras_embed.checkpoints.torch_elmo import load_elmo_for_many_langs
from keras_embed.corpora import File
from keras_embed.corpora.downloads import find
from keras_embed.corpora.toml_tables import Key, files_of, read_tables

Characters: TypeAlias = text.ElmoCharacters | text.ElmoCodePoints
"""The converter from words to features of an ELMo."""

_ENTRIES = Path(__file__).with_name("published_models.toml")
_SCHEMA = {
    "language": Key("text"),
    "description": Key("text"),
    "licence": Key("text"),
    "citation": Key("text"),
    "homepage": Key("text"),
    "reader": Key("text"),
    "files": Key("files"),
}


@dataclass(frozen=True)
class PublishedModel:
    """The entry of a published model.

    Args:
        name: name of the model, and of its folder.
        language: ISO 639 code.
        files: the files, in the order in which the reader takes them. No checksums were published.
        reader: the format of the files: "bilm", "tensorflow" or "many_langs".
        description: a description in one line.
        licence: SPDX identifier, or a few words.
        citation: the publication to cite.
        homepage: a web page with further information.
    """

    name: str
    language: str
    files: tuple[File, ...]
    reader: str
    description: str
    licence: str
    citation: str
    homepage: str

    @property
    def folder(self) -> str:
        """The folder of the files."""
        return self.name


def published() -> dict[str, PublishedModel]:
    """Returns the models that `load_published` knows, by name.

    Example:
    >>> published()["elmo_wiki_ru"].licence
    'Apache-2.0'
    >>> sorted(name for name, model in published().items() if model.language == "en")
    ['elmo_5.5b_en', 'elmo_many_langs_en', 'elmo_medium_en', 'elmo_original_en', 'elmo_small_en']
    """
    return dict(_models())


def load_published(name: str, progress: bool = False, **kwargs: Any) -> tuple[ElmoBackbone, Characters]:
    """Loads a published model, and downloads its files if necessary.

    Each file is searched in the folder `<name>` of the folder that the environment variable `KERAS_EMBED_DATA` names,
    then in Keras' cache (`~/.keras/models/keras_embed/<name>`, or below `KERAS_HOME`), to which it is downloaded. The
    file of a model of 93.6 million parameters has 375 MB.

    Args:
        name: one of `published()`.
        progress: if True, downloads show their progress.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `backbones.ElmoBackbone`, and the converter from words to its features: `text.ElmoCharacters` or
        `text.ElmoCodePoints`. The mix of a Russian module is left out; `load_elmo_tf` reads it.

    Raises:
        ValueError: For an unknown name, and errors of the readers.
        OSError: If a file cannot be found or downloaded.
    """
    models = _models()
    if name not in models:
        near = difflib.get_close_matches(name, models, n=1)
        raise ValueError(message(f"a model among {sorted(models)}", repr(name), repr(near[0]) if near else None))
    model = models[name]
    paths = [find(model, file, "models", progress) for file in model.files]
    return _READERS[model.reader](*paths, **kwargs)


def _bilm(options: Path, weights: Path, **kwargs: Any) -> tuple[ElmoBackbone, Characters]:
    elmo = load_bilm(options, weights, **kwargs)
    return elmo, text.ElmoCharacters(elmo.max_characters)


def _tensorflow(archive: Path, **kwargs: Any) -> tuple[ElmoBackbone, Characters]:
    elmo: ElmoBackbone = load_elmo_tf(archive, **kwargs).elmo
    return elmo, text.ElmoCharacters(elmo.max_characters)


#: The values of `reader` in the TOML file.
_READERS: dict[str, Callable[..., tuple[ElmoBackbone, Characters]]] = {
    "bilm": _bilm,
    "tensorflow": _tensorflow,
    "many_langs": load_elmo_for_many_langs,
}


@functools.cache
def _models() -> dict[str, PublishedModel]:
    return {name: _model(name, table) for name, table in read_tables(_ENTRIES, "models", _SCHEMA).items()}


def _model(name: str, table: dict[str, Any]) -> PublishedModel:
    try:
        check_one_of("reader", table["reader"], _READERS)
    except ValueError as error:
        raise ValueError(f"{_ENTRIES}, [models.{name}]: {error}") from None
    return PublishedModel(name=name, **{**table, "files": tuple(files_of(table).values())})
