"""The parallel texts that the registry knows from the start."""

import itertools
from collections.abc import Iterator
from typing import Any

from keras_embed.corpora._lines import Source
from keras_embed.corpora.entry import Entry, File
from keras_embed.corpora.translations import Translation, Translations, read_tab_separated, read_translations

_MULTI30K = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw"
_MULTI30K_SPLITS = {"train": "train", "validation": "val", "test2016": "test_2016_flickr"}
_MULTI30K_LANGUAGES = {"cs": "Czech", "de": "German", "en": "English", "fr": "French"}
_SHA256 = {
    "test_2016_flickr.cs": "45adb85f688de8407fddcbe1b36dca15d12aab868149b337e2576f2d6d2ff8d8",
    "test_2016_flickr.de": "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
    "test_2016_flickr.en": "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
    "test_2016_flickr.fr": "cb3160d69b002bb638e66cc7612fcd56cb0af82eadc9c142dedc438afb885ef6",
    "train.cs": "2be68b38c8d586ff4f54eb13cc6e1baaaa053695b3f070d3038303a47f2268da",
    "train.de": "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72",
    "train.en": "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
    "train.fr": "5925a3c18f1587b6b54b87743106e6e8ab93618edb6f65d19eac0621f853a10d",
    "val.cs": "d53827e469b0a1ca8d57e9e26b2b64c4bc4b33f5479c7b03ae87ae5c882c3e33",
    "val.de": "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
    "val.en": "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
    "val.fr": "5304e444d842e962b2dda4d816b70b22a1765b15401642b7ca37a67477e708dc",
}


def _english_second(file: Source) -> Iterator[Translation]:
    return (pair.reversed() for pair in read_tab_separated(file))


def _multi30k(source: str, target: str) -> Entry:
    def files(stem: str) -> tuple[File, ...]:
        paths = [f"{stem}.{language}" for language in (source, target)]
        return tuple(File(path, f"{_MULTI30K}/{path}.gz", _SHA256[path]) for path in paths)

    names = [_MULTI30K_LANGUAGES[language] for language in (source, target)]
    return Entry(
        name=f"multi30k_{source}_{target}",
        folder="multi30k",
        splits={split: files(stem) for split, stem in _MULTI30K_SPLITS.items()},
        reader=read_translations,
        corpus=Translations,
        tags=None,
        description=f"Descriptions of pictures, {names[0]} to {names[1]}.",
        licence="Flickr's terms of use for the pictures; for research and education, not commercial",
        citation="Elliott, Frank, Sima'an, Specia 2016. Multi30K: Multilingual English-German Image Descriptions. "
        "5th Workshop on Vision and Language. French: Elliott et al. 2017. Findings of the Second Shared Task on "
        "Multimodal Machine Translation. WMT 2017. Czech: Barrault et al. 2018. Findings of the Third Shared Task on "
        "Multimodal Machine Translation. WMT 2018.",
        homepage="https://github.com/multi30k/dataset",
    )


def _tatoeba(name: str, reader: Any, direction: str) -> Entry:
    """Without an address: the site gives a newer archive each month."""
    return Entry(
        name=name,
        folder="tatoeba_fra_eng",
        splits={"train": (File("fra.txt"),)},
        reader=reader,
        corpus=Translations,
        tags=None,
        description=f"Short sentences for learners, {direction}, by length of the English. No other splits.",
        licence="CC-BY-2.0",
        citation="Tatoeba, https://tatoeba.org; selected by https://www.manythings.org/anki",
        homepage="https://www.manythings.org/anki",
    )


ENTRIES = (
    *itertools.starmap(_multi30k, itertools.permutations(_MULTI30K_LANGUAGES, 2)),
    _tatoeba("tatoeba_eng_fra", read_tab_separated, "English to French"),
    _tatoeba("tatoeba_fra_eng", _english_second, "French to English"),
)
