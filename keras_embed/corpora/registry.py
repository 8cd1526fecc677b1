"""The registry of corpora."""

import difflib
import functools
from pathlib import Path
from typing import Literal, TypeAlias, overload

from keras_embed import _errors
from keras_embed._types import PathLike
from keras_embed.corpora import downloads
from keras_embed.corpora.downloads import File
from keras_embed.corpora.entries import AnyCorpus, Entry, read_entries
from keras_embed.corpora.labelled import LabelledPairs, LabelledTexts
from keras_embed.corpora.questions import Questions
from keras_embed.corpora.sentences import Corpus
from keras_embed.corpora.translations import Translations

_SHIPPED = Path(__file__).with_name("entries.toml")
#: Entries that `register` added in this process.
_REGISTERED: dict[str, Entry] = {}

# The names in `entries.toml` by the class of the corpus, for type checkers.
_SentenceNames: TypeAlias = Literal[
    "factrueval2016",
    "snips",
    "tiny_ner",
    "ud_english_ewt",
    "ud_russian_gsd",
    "ud_russian_poetry",
    "ud_russian_taiga",
    "uner_english_ewt",
    "wnut17",
]
_TranslationNames: TypeAlias = Literal[
    "multi30k_cs_de",
    "multi30k_cs_en",
    "multi30k_cs_fr",
    "multi30k_de_cs",
    "multi30k_de_en",
    "multi30k_de_fr",
    "multi30k_en_cs",
    "multi30k_en_de",
    "multi30k_en_fr",
    "multi30k_fr_cs",
    "multi30k_fr_de",
    "multi30k_fr_en",
    "tatoeba_eng_fra",
    "tatoeba_fra_eng",
]
_QuestionNames: TypeAlias = Literal[
    "fairytaleqa",
    "squad",
    "squad2",
]
_TextNames: TypeAlias = Literal[
    "banking77",
    "goemotions",
    "mr",
    "rucola",
    "sms_spam",
    "sst2",
    "sst2_phrases",
    "sst5",
    "sst5_phrases",
    "subj",
]
_PairNames: TypeAlias = Literal[
    "snli",
    "stsb_de",
    "stsb_en",
    "stsb_es",
    "stsb_fr",
    "stsb_it",
    "stsb_ja",
    "stsb_nl",
    "stsb_pl",
    "stsb_pt",
    "stsb_ru",
    "stsb_zh",
]


@overload
def load(name: _SentenceNames, split: str = "train", tags: str | None = None) -> Corpus: ...
@overload
def load(name: _SentenceNames, split: tuple[str, ...] | list[str], tags: str | None = None) -> tuple[Corpus, ...]: ...
@overload
def load(name: _TranslationNames, split: str = "train", tags: str | None = None) -> Translations: ...
@overload
def load(
    name: _TranslationNames, split: tuple[str, ...] | list[str], tags: str | None = None
) -> tuple[Translations, ...]: ...
@overload
def load(name: _QuestionNames, split: str = "train", tags: str | None = None) -> Questions: ...
@overload
def load(
    name: _QuestionNames, split: tuple[str, ...] | list[str], tags: str | None = None
) -> tuple[Questions, ...]: ...
@overload
def load(name: _TextNames, split: str = "train", tags: str | None = None) -> LabelledTexts: ...
@overload
def load(
    name: _TextNames, split: tuple[str, ...] | list[str], tags: str | None = None
) -> tuple[LabelledTexts, ...]: ...
@overload
def load(name: _PairNames, split: str = "train", tags: str | None = None) -> LabelledPairs: ...
@overload
def load(
    name: _PairNames, split: tuple[str, ...] | list[str], tags: str | None = None
) -> tuple[LabelledPairs, ...]: ...
@overload
def load(name: str, split: str = "train", tags: str | None = None) -> AnyCorpus: ...
@overload
def load(name: str, split: tuple[str, ...] | list[str], tags: str | None = None) -> tuple[AnyCorpus, ...]: ...
def load(name: str, split: str | tuple[str, ...] | list[str] = "train", tags: str | None = None) -> object:
    """Loads a registered corpus into memory.

    Each file is searched in the corpus' folder (`<name>`, or `describe(name).folder`) of the folder that the
    environment variable `KERAS_EMBED_DATA` names, then in the package, then in Keras' cache
    (`~/.keras/datasets/keras_embed/<folder>`, or below `KERAS_HOME`). If it is in none of them, it is downloaded to the
    cache and verified. Copies that end in .gz or .xz are found too.

    Args:
        name: one of `names()`.
        split: one split, or a tuple or list of several.
        tags: the column of the tags, such as "xpos". None: the default of the corpus. Only for sentences.

    Returns:
        A `Corpus` of sentences, `Translations`, `Questions`, `LabelledTexts` or `LabelledPairs`, depending on the
        entry; for several splits, a tuple of them.

    Raises:
        ValueError: For an unknown name, split or column, and errors of the readers.
        OSError: If a file cannot be found or downloaded.

    Example:
    >>> load("tiny_ner", split="dev").name
    'tiny_ner/dev'
    """
    entry = describe(name)
    if isinstance(split, str):
        return _load_split(entry, split, tags)
    for one in split:
        _files_of(entry, one)  # an unknown split is an error before the first one is read
    return tuple(_load_split(entry, one, tags) for one in split)


def names() -> list[str]:
    """Returns the sorted names of the registered corpora.

    Example:
    >>> "wnut17" in names()
    True
    """
    return sorted(_entries())


def describe(name: str) -> Entry:
    """Returns the entry of a corpus: its splits, licence, citation, homepage.

    Raises:
        ValueError: For an unknown name.

    Example:
    >>> describe("wnut17").licence
    'CC-BY-4.0'
    """
    entries = _entries()
    if name not in entries:
        near = difflib.get_close_matches(name, entries, n=1)
        raise ValueError(
            _errors.message(f"a corpus among {names()}", repr(name), repr(near[0]) if near else "`register`")
        )
    return entries[name]


def register(entry: Entry | PathLike) -> None:
    """Registers a corpus for `load`, or all corpora of a TOML file, in this process.

    A table `[corpora.NAME]` of a TOML file has the keys

    - `reader`: the format of the files: "conll", "conllu", "plain", "parallel", "roles", "texts", "pairs", "sst",
      "snli", "sts", "squad", "translations" or "tab_separated", as the functions `read_...`;
    - `arguments`: a table of further arguments of that function ("conll": "-" skips a column);
    - `tags`: the default column of tags, for "conll", "conllu" and "parallel";
    - `files`: a list of tables with `path`, and optionally `url` and `sha256`; see `File`;
    - `splits`: a table from the names of splits to lists of paths, in the order in which the reader takes them;
    - `description`, `licence`, `citation`, `homepage`; and optionally `folder` and `one_archive`; see `Entry`;
    - `group`: optionally the name of a table `[groups.NAME]` with defaults for all these keys.

    The file `entries.toml` in the package has this form. For a format of your own, register an `Entry` with your
    reader.

    Args:
        entry: an `Entry`, or the path of a TOML file.

    Raises:
        ValueError: If the name belongs to another entry, and for an invalid TOML file; nothing is registered then.
        OSError: If there is no such file.

    Example:
    >>> from keras_embed.corpora import File, read_conll
    >>> files = {"train": (File("train.conll"),)}
    >>> register(Entry("my_names", files, read_conll, "tags", "Names in letters.", "CC0-1.0", "Doe 2026.", ""))
    >>> describe("my_names").splits["train"][0].path
    'train.conll'
    """
    # All entries are checked before the first is registered.
    new = [entry] if isinstance(entry, Entry) else read_entries(entry)
    known = _entries()
    for one in new:
        if known.get(one.name, one) != one:
            raise ValueError(_errors.message("a name that is not taken", one.name, "another name"))
    _REGISTERED.update({one.name: one for one in new})


@functools.cache
def _shipped() -> dict[str, Entry]:
    """Reads the entries of the package, at their first use: importing this module stays cheap."""
    return {entry.name: entry for entry in read_entries(_SHIPPED)}


def _entries() -> dict[str, Entry]:
    return {**_shipped(), **_REGISTERED}


def _load_split(entry: Entry, split: str, tags: str | None) -> AnyCorpus:
    keywords = {"split": split} if entry.one_archive else {}
    # Only corpora of sentences have tags to choose.
    if entry.tags is None:
        _errors.check_one_of("tags", tags, [None])
    else:
        keywords["tags"] = entry.tags if tags is None else tags
    paths = [downloads.find(entry, file) for file in _files_of(entry, split)]
    return entry.corpus(entry.reader(*paths, **keywords), name=f"{entry.name}/{split}")


def _files_of(entry: Entry, split: str) -> tuple[File, ...]:
    if split not in entry.splits:
        raise ValueError(_errors.message(f"a split of {entry.name} among {sorted(entry.splits)}", repr(split)))
    return entry.splits[split]
