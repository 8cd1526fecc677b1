"""Corpora by name."""

import difflib
from typing import Any

from keras_embed import _errors
from keras_embed.corpora import _files
from keras_embed.corpora.entries import ENTRIES
from keras_embed.corpora.entry import Entry, File
from keras_embed.corpora.parallel_entries import ENTRIES as PARALLEL_ENTRIES
from keras_embed.corpora.question_entries import ENTRIES as QUESTION_ENTRIES
from keras_embed.corpora.text_entries import ENTRIES as TEXT_ENTRIES

_ALL = (*ENTRIES, *PARALLEL_ENTRIES, *QUESTION_ENTRIES, *TEXT_ENTRIES)
_REGISTRY: dict[str, Entry] = {entry.name: entry for entry in _ALL}


def load(name: str, split: str | tuple[str, ...] | list[str] = "train", tags: str | None = None) -> Any:
    """Reads a registered corpus into memory.

    Each file is looked for in the corpus' folder (`<name>`, or what `describe(name).folder` says) in the folder that
    the environment variable `KERAS_EMBED_DATA` names, then in the package, then in Keras' cache
    (`~/.keras/datasets/keras_embed/<folder>`; `KERAS_HOME` moves it). Then it is downloaded to the cache and verified.
    A copy that ends in .gz or .xz serves as well.

    Args:
        name: one of `names()`.
        split: one split, or several for a tuple.
        tags: the column that becomes the tags, such as "xpos". None: the corpus' default. Only sentences have any.

    Returns:
        A `Corpus` of sentences, `Translations`, `Questions`, `LabelledTexts` or `LabelledPairs`, as the entry says; a
        tuple of them for several splits.

    Raises:
        ValueError: for an unknown name, split or column, and what the readers raise.
        OSError: if a file is nowhere and cannot be fetched.

    Example:
    >>> load("tiny_ner", split="dev").name
    'tiny_ner/dev'
    """
    entry = _entry(name)
    if isinstance(split, str):
        return _load_split(entry, split, tags)
    for one in split:
        _files_of(entry, one)  # so that a wrong name shows before the first is read
    return tuple(_load_split(entry, one, tags) for one in split)


def names() -> list[str]:
    """The names that `load` knows, sorted.

    Example:
    >>> "wnut17" in names()
    True
    """
    return sorted(_REGISTRY)


def describe(name: str) -> Entry:
    """What the registry knows of a corpus: splits, licence, citation, homepage.

    Raises:
        ValueError: for an unknown name.

    Example:
    >>> describe("wnut17").licence
    'CC-BY-4.0'
    """
    return _entry(name)


def register(entry: Entry) -> None:
    """Makes a corpus known to `load`, in this process.

    Raises:
        ValueError: if the name is taken by another entry.
    """
    if _REGISTRY.setdefault(entry.name, entry) != entry:
        raise ValueError(_errors.message("a name that is not taken", entry.name, "another name"))


def _entry(name: str) -> Entry:
    if name not in _REGISTRY:
        near = difflib.get_close_matches(name, names(), n=1)
        raise ValueError(
            _errors.message(f"a corpus among {names()}", repr(name), repr(near[0]) if near else "`register`")
        )
    return _REGISTRY[name]


def _load_split(entry: Entry, split: str, tags: str | None) -> Any:
    told: dict[str, Any] = {"split": split} if entry.one_archive else {}
    if entry.tags is None:
        _errors.check_one_of("tags", tags, [None])
    else:
        told["tags"] = entry.tags if tags is None else tags
    paths = [_files.find(entry, file) for file in _files_of(entry, split)]
    return entry.corpus(entry.reader(*paths, **told), name=f"{entry.name}/{split}")


def _files_of(entry: Entry, split: str) -> tuple[File, ...]:
    if split not in entry.splits:
        raise ValueError(_errors.message(f"a split of {entry.name} among {sorted(entry.splits)}", repr(split)))
    return entry.splits[split]
