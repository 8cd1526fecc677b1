"""What the registry knows of a corpus."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from keras_embed.corpora.sentence import Sentence


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
        name: its name, and that of its folder.
        splits: split -> files, in the order in which `reader` takes them.
        reader: from the files' paths and the keyword `tags` to sentences.
        tags: the column that is tagged unless told otherwise.
        description: what it is, in one line.
        licence: SPDX identifier, or a few words.
        citation: the publication to cite.
        homepage: where to read more.
    """

    name: str
    splits: Mapping[str, tuple[File, ...]]
    reader: Callable[..., Iterator[Sentence]]
    tags: str | None
    description: str
    licence: str
    citation: str
    homepage: str
