"""Novels and tales as sentences of lower-cased words, for what trains word vectors."""

import csv
import io
import itertools
import lzma
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
_END = re.compile(r"(?<=[.!?;])[\"'”’)]*\s+|\n\s*\n")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def data_folder() -> Path:
    """Where the real data lies, as the tests look for it."""
    return Path(os.environ.get("KERAS_EMBED_DATA") or REPOSITORY.parent / "shared" / "data")


def sentences(text: str) -> Iterator[list[str]]:
    """The sentences of a text that have two words at least."""
    for sentence in _END.split(text):
        words = _WORD.findall(sentence.lower())
        if len(words) > 1:
            yield words


def novels(folder: str) -> Iterator[str]:
    """The texts of a folder, xz or plain, by name."""
    for path in sorted((data_folder() / folder).glob("*.txt*")):
        data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        yield data.decode("utf-8-sig")


def tales() -> Iterator[str]:
    """The fairy tales of FairytaleQA, a section at a time, without the questions."""
    with tarfile.open(data_folder() / "fairytaleqa" / "fairytaleqa_by_split.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith("-story.csv") else None
            if file is not None:
                for row in csv.DictReader(io.TextIOWrapper(file, "utf-8")):
                    yield row["text"]


def english(limit: int | None = None) -> list[list[str]]:
    """The English novels and the tales; the first `limit` sentences of them."""
    texts = itertools.chain(novels("english_classics"), tales())
    return list(itertools.islice((sentence for text in texts for sentence in sentences(text)), limit))


def russian(limit: int | None = None) -> list[list[str]]:
    """The Russian novels."""
    return list(itertools.islice((s for text in novels("russian_classics") for s in sentences(text)), limit))
