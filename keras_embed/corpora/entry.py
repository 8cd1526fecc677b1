"""What the registry knows of a corpus."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keras_embed.corpora.sentence import Corpus


@dataclass(frozen=True)
class File:
    """One file of a corpus.

    Args:
        path: where it lies in the corpus' folder, without .gz or .xz: a compressed copy serves as well.
        url: where it can be fetched, or None where it has to be put into place by hand.
        sha256: checksum of the decompressed content, or None where it is not known.
    """

    path: str
    url: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Entry:
    """A corpus that `load` knows by name.

    Args:
        name: its name.
        splits: split -> files, in the order in which `reader` takes them.
        reader: from the files' paths to sentences, or whatever `corpus` holds; also from the keywords `tags`, unless
            that is None here, and `split`, where `one_archive`.
        tags: the column that is tagged unless told otherwise; None for a corpus without tags.
        description: what it is, in one line.
        licence: SPDX identifier, or a few words.
        citation: the publication to cite.
        homepage: where to read more.
        corpus: what is made of the reader's answer and a name: `Corpus`, `Translations`, `Questions`, `LabelledTexts`
            or `LabelledPairs`.
        folder: the folder that holds the files; its name where it is empty.
        one_archive: whether the files of all splits are the same, so that the reader has to know the split.
    """

    name: str
    splits: Mapping[str, tuple[File, ...]]
    reader: Callable[..., Iterator[Any]]
    tags: str | None
    description: str
    licence: str
    citation: str
    homepage: str
    corpus: Callable[..., Any] = Corpus
    folder: str = ""
    one_archive: bool = False
