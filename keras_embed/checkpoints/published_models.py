"""Published ELMos by name: where they are, whose they are, and how to read them."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras_embed import text
from keras_embed._errors import message
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints.bilm import load_bilm
from keras_embed.checkpoints.many_langs import load_elmo_for_many_langs
from keras_embed.checkpoints.tensorflow_checkpoints import load_elmo_tf
from keras_embed.corpora import File
from keras_embed.corpora.downloads import find


@dataclass(frozen=True)
class PublishedModel:
    """What is known of a published model.

    Args:
        name: its name, and that of its folder.
        language: ISO 639 code.
        files: in the order in which `reader` takes them. No checksums: none was published.
        reader: the function of this room that reads them.
        description: what it is, in one line.
        licence: SPDX identifier, or a few words.
        citation: the publication to cite.
        homepage: where to read more.
    """

    name: str
    language: str
    files: tuple[File, ...]
    reader: Callable[..., Any]
    description: str
    licence: str
    citation: str
    homepage: str

    @property
    def folder(self) -> str:
        """The folder of its files."""
        return self.name


_PETERS = (
    "Peters et al. 2018. Deep contextualized word representations. NAACL-HLT 2018. https://arxiv.org/abs/1802.05365"
)
_CHE = (
    "Che et al. 2018. Towards Better UD Parsing: Deep Contextualized Word Embeddings, Ensemble, and Treebank "
    "Concatenation. CoNLL 2018 Shared Task. http://www.aclweb.org/anthology/K18-2005; "
    "Fares et al. 2017. Word vectors, reuse, and replicability. NoDaLiDa 2017"
)
_ALLENNLP = "https://allennlp.s3.amazonaws.com/models/elmo"
_DEEPPAVLOV = "http://files.deeppavlov.ai/deeppavlov_data"
_NLPL = "http://vectors.nlpl.eu/repository/11"

_ENGLISH = {
    "elmo_small_en": ("2x1024_128_2048cnn_1xhighway", "13.6 million parameters, 1 Billion Word Benchmark"),
    "elmo_medium_en": ("2x2048_256_2048cnn_1xhighway", "28.0 million parameters, 1 Billion Word Benchmark"),
    "elmo_original_en": ("2x4096_512_2048cnn_2xhighway", "93.6 million parameters, 1 Billion Word Benchmark"),
    "elmo_5.5b_en": (
        "2x4096_512_2048cnn_2xhighway_5.5B",
        "93.6 million parameters, 5.5 billion words of Wikipedia and news",
    ),
}
_RUSSIAN = {
    "elmo_wiki_ru": ("elmo_ru-wiki_600k_steps", "Wikipedia, 386 million words"),
    "elmo_news_ru": ("elmo_ru-news_wmt11-16_1.5M_steps", "news of WMT 2011 to 2016, 946 million words"),
    "elmo_twitter_ru": ("elmo_ru-twitter_2013-01_2018-04_600k_steps", "Twitter, 810 million words"),
}
#: ISO 639 codes in the order of the repository's numbers, from 136 on.
_MANY_LANGS = (
    "ar bg ca cs cu da de el en es et eu fa fi fr ga gl grc he hi hr hu id it ja ko la lv nl nb nn pl pt ro ru sk sl "
    "sv tr ug uk ur vi zh"
).split()
_FIRST_NUMBER = 136


def _english(name: str) -> PublishedModel:
    model, description = _ENGLISH[name]
    address = f"{_ALLENNLP}/{model}/elmo_{model}"
    return PublishedModel(
        name=name,
        language="en",
        files=(File("options.json", f"{address}_options.json"), File("weights.hdf5", f"{address}_weights.hdf5")),
        reader=load_bilm,
        description=f"English, {description}.",
        licence="none stated for the weights; the code that trained them is under Apache-2.0",
        citation=_PETERS,
        homepage="https://allennlp.org/elmo",
    )


def _russian(name: str) -> PublishedModel:
    model, description = _RUSSIAN[name]
    return PublishedModel(
        name=name,
        language="ru",
        files=(File(f"{model}.tar.gz", f"{_DEEPPAVLOV}/{model}.tar.gz"),),
        reader=load_elmo_tf,
        description=f"Russian, by DeepPavlov, {description}.",
        licence="Apache-2.0",
        citation=f"{_PETERS}; Burtsev et al. 2018. DeepPavlov: Open-Source Library for Dialogue Systems. ACL 2018",
        homepage="https://github.com/deeppavlov/DeepPavlov",
    )


def _of_many(place: int) -> PublishedModel:
    language, number = _MANY_LANGS[place], _FIRST_NUMBER + place
    return PublishedModel(
        name=f"elmo_many_langs_{language}",
        language=language,
        files=(File(f"{number}.zip", f"{_NLPL}/{number}.zip"),),
        reader=load_elmo_for_many_langs,
        description=f"ELMoForManyLangs, {language}: 20 million words of Wikipedia and Common Crawl.",
        licence="none stated for the weights; the code that trained them is under MIT",
        citation=_CHE,
        homepage="https://github.com/HIT-SCIR/ELMoForManyLangs",
    )


_MODELS = {
    model.name: model
    for model in (*map(_english, _ENGLISH), *map(_russian, _RUSSIAN), *map(_of_many, range(len(_MANY_LANGS))))
}


def published() -> dict[str, PublishedModel]:
    """The models that `load_published` knows, by name.

    Example:
    >>> published()["elmo_wiki_ru"].licence
    'Apache-2.0'
    >>> sorted(name for name, model in published().items() if model.language == "en")
    ['elmo_5.5b_en', 'elmo_many_langs_en', 'elmo_medium_en', 'elmo_original_en', 'elmo_small_en']
    """
    return dict(_MODELS)


def load_published(name: str, progress: bool = False, **kwargs: Any) -> tuple[ElmoBackbone, Any]:
    """A published model. Its files are downloaded where they are not there yet.

    Each file is looked for in the folder `<name>` of the folder that the environment variable `KERAS_EMBED_DATA` names,
    then in Keras' cache (`~/.keras/models/keras_embed/<name>`; `KERAS_HOME` moves it), to which it is downloaded. A
    model of 93.6 million parameters is a file of 375 MB.

    Args:
        name: one of `published()`.
        progress: show how far a download is.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `backbones.ElmoBackbone`, and what makes words of its features: `text.ElmoCharacters` or `text.ElmoCodePoints`.
        The mix of a Russian module is left out: `load_elmo_tf` reads it.

    Raises:
        ValueError: for an unknown name, and what the readers raise.
        OSError: if a file is nowhere and cannot be fetched.
    """
    if name not in _MODELS:
        near = difflib.get_close_matches(name, _MODELS, n=1)
        raise ValueError(message(f"a model among {sorted(_MODELS)}", repr(name), repr(near[0]) if near else None))
    model = _MODELS[name]
    read = model.reader(*(find(model, file, "models", progress) for file in model.files), **kwargs)
    if model.reader is load_elmo_for_many_langs:
        return read[0], read[1]
    elmo = read if model.reader is load_bilm else read.elmo
    return elmo, text.ElmoCharacters(elmo.max_characters)
