"""Novels and fairy tales as lowercased, tokenized sentences for training word vectors."""

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
    """Returns the folder of the real data, as used by the tests."""
    return Path(os.environ.get("KERAS_EMBED_DATA") or REPOSITORY.parent / "shared" / "data")


def sentences(text: str) -> Iterator[list[str]]:
    """Yields the sentences of a text with at least two words."""
    for sentence in _END.split(text):
        words = _WORD.findall(sentence.lower())
        if len(words) > 1:
            yield words


def novels(folder: str) -> Iterator[str]:
    """Yields the texts of a folder, plain or xz-compressed, sorted by name."""
    for path in sorted((data_folder() / folder).glob("*.txt*")):
        data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        yield data.decode("utf-8-sig")


def tales() -> Iterator[str]:
    """Yields the sections of the fairy tales of FairytaleQA, without the questions."""
    with tarfile.open(data_folder() / "fairytaleqa" / "fairytaleqa_by_split.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith("-story.csv") else None
            if file is not None:
                for row in csv.DictReader(io.TextIOWrapper(file, "utf-8")):
                    yield row["text"]


def english(limit: int | None = None) -> list[list[str]]:
    """Returns the first `limit` sentences of the English novels and the fairy tales."""
    texts = itertools.chain(novels("english_classics"), tales())
    return list(itertools.islice((sentence for text in texts for sentence in sentences(text)), limit))


def russian(limit: int | None = None) -> list[list[str]]:
    """Returns the first `limit` sentences of the Russian novels."""
    return list(itertools.islice((s for text in novels("russian_classics") for s in sentences(text)), limit))
