"""Entries of the registry of corpora, and their form in TOML files."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from keras_embed._errors import check_one_of, message
from keras_embed._types import PathLike
from keras_embed.corpora.column_files import read_conll, read_conllu, read_parallel, read_plain
from keras_embed.corpora.downloads import File
from keras_embed.corpora.labelled import (
    LabelledPairs,
    LabelledTexts,
    read_label_first,
    read_label_ids,
    read_pairs,
    read_snli,
    read_sst,
    read_sts,
    read_texts,
)
from keras_embed.corpora.questions import Questions, read_fairytaleqa, read_squad
from keras_embed.corpora.roles import read_roles
from keras_embed.corpora.sentences import Corpus, Sentence
from keras_embed.corpora.toml_tables import Key, Table, files_of, read_tables
from keras_embed.corpora.translations import Translation, Translations, read_tab_separated, read_translations

AnyCorpus: TypeAlias = Corpus | Translations | Questions | LabelledTexts | LabelledPairs
"""A corpus as `load` returns it."""
RowReader: TypeAlias = Callable[..., Iterable[object]]
"""Reads rows from paths; see `Entry.reader`."""


@dataclass(frozen=True)
class Entry:
    """A corpus that `load` knows by name.

    Args:
        name: name of the corpus.
        splits: maps a split to its files, in the order in which `reader` takes them.
        reader: a function from the paths of the files to rows, such as `read_conll`. It also gets the keyword `tags`,
            unless `tags` is None here, and the keyword `split`, if `one_archive` is True.
        tags: the column of the tags by default; None for a corpus without tags.
        description: a description in one line.
        licence: SPDX identifier, or a few words.
        citation: the publication to cite.
        homepage: a web page with further information.
        corpus: the class of the corpus: `Corpus`, `Translations`, `Questions`, `LabelledTexts` or `LabelledPairs`. It
            is called with the rows and the keyword `name`.
        folder: the folder of the files; the name of the corpus if empty.
        one_archive: True if all splits have the same files, so that the reader needs to know the split.
    """

    name: str
    splits: Mapping[str, tuple[File, ...]]
    reader: RowReader
    tags: str | None
    description: str
    licence: str
    citation: str
    homepage: str
    corpus: Callable[..., AnyCorpus] = Corpus
    folder: str = ""
    one_archive: bool = False


# --- readers by name ---


def _read_conll(
    path: PathLike,
    columns: Sequence[str] = ("tokens", "tags"),
    tags: str | None = "tags",
    separator: str | None = None,
    comment: str | None = None,
) -> Iterator[Sentence]:
    """`read_conll` with "-" for a skipped column, since TOML has no None."""
    return read_conll(path, [None if name == "-" else name for name in columns], tags, separator, comment)


def _read_parallel(
    tokens: PathLike, tags_file: PathLike, *files: PathLike, comments: Sequence[str] = (), tags: str | None = "tags"
) -> Iterator[Sentence]:
    check_one_of("tags", tags, ["tags"])
    return read_parallel(tokens, tags_file, dict(zip(comments, files, strict=True)))


def _read_tab_separated(file: PathLike, reversed: bool = False) -> Iterator[Translation]:
    pairs = read_tab_separated(file, header=False)
    return (pair.reversed() for pair in pairs) if reversed else pairs


#: The values of `reader` in a TOML file, and the class of the corpus that they read.
READERS: dict[str, tuple[RowReader, Callable[..., AnyCorpus]]] = {
    "conll": (_read_conll, Corpus),
    "conllu": (read_conllu, Corpus),
    "plain": (read_plain, Corpus),
    "parallel": (_read_parallel, Corpus),
    "roles": (read_roles, Corpus),
    "texts": (read_texts, LabelledTexts),
    "label_first": (read_label_first, LabelledTexts),
    "label_ids": (read_label_ids, LabelledTexts),
    "sst": (read_sst, LabelledTexts),
    "pairs": (read_pairs, LabelledPairs),
    "snli": (read_snli, LabelledPairs),
    "sts": (read_sts, LabelledPairs),
    "squad": (read_squad, Questions),
    "fairytaleqa": (read_fairytaleqa, Questions),
    "translations": (read_translations, Translations),
    "tab_separated": (_read_tab_separated, Translations),
}


@dataclass(frozen=True)
class NamedReader:
    """A reader of `READERS` with arguments. Unlike `functools.partial`, equal readers compare equal.

    Args:
        name: a key of `READERS`.
        arguments: keyword arguments of the reader.
    """

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, *paths: PathLike, **keywords: str) -> Iterable[object]:
        reader, _ = READERS[self.name]
        return reader(*paths, **self.arguments, **keywords)


# --- TOML ---

_SCHEMA = {
    "description": Key("text"),
    "licence": Key("text"),
    "citation": Key("text"),
    "homepage": Key("text"),
    "reader": Key("text"),
    "arguments": Key("table", required=False),
    "tags": Key("text", required=False),
    "splits": Key("splits"),
    "files": Key("files"),
    "folder": Key("folder", required=False),
    "one_archive": Key("flag", required=False),
}


def read_entries(path: PathLike) -> list[Entry]:
    """Reads the tables `[corpora.NAME]` of a TOML file; `register` documents their keys.

    Raises:
        ValueError: For a file that is not TOML, unknown or missing keys, wrong types, an unknown reader or argument of
            a reader, and a split with a path that is not in `files`; with the file and the entry.
    """
    return [
        _entry(f"{path}, [corpora.{name}]", name, table)
        for name, table in read_tables(path, "corpora", _SCHEMA).items()
    ]


def _entry(where: str, name: str, table: Table) -> Entry:
    # Every path of a split has to be declared, so that a typo does not become a file without address and checksum.
    files = files_of(table)
    for split, paths in table["splits"].items():
        if unknown := [path for path in paths if path not in files]:
            expected = f"paths of `files` in the split {split!r}, {sorted(files)}"
            raise ValueError(f"{where}: {message(expected, repr(unknown[0]))}")
    try:
        check_one_of("reader", table["reader"], READERS)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    reader = NamedReader(table["reader"], table.get("arguments", {}))
    tags, one_archive = table.get("tags"), table.get("one_archive", False)
    # The keywords that `load` passes to the reader besides its arguments.
    keywords = [key for key, passed in (("tags", tags is not None), ("split", one_archive)) if passed]
    parameters = inspect.signature(READERS[reader.name][0]).parameters
    if wrong := [key for key in (*reader.arguments, *keywords) if key not in parameters]:
        expected = f"arguments of the reader {reader.name!r} among {list(parameters)}"
        raise ValueError(f"{where}: {message(expected, repr(wrong[0]))}")
    return Entry(
        name=name,
        splits={split: tuple(files[path] for path in paths) for split, paths in table["splits"].items()},
        reader=reader,
        tags=tags,
        description=table["description"],
        licence=table["licence"],
        citation=table["citation"],
        homepage=table["homepage"],
        corpus=READERS[reader.name][1],
        folder=table.get("folder", ""),
        one_archive=one_archive,
    )
