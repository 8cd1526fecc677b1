"""The folder format of word vectors: npy arrays, and the words as lines of UTF-8, read when first used."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from keras_embed._atomic import atomic_folder
from keras_embed._errors import message
from keras_embed._types import PathLike
from keras_embed.vectors._search import Vectors
from keras_embed.vectors.quantized import QuantizedMatrix

FORMAT = "keras_embed.WordVectors"
VERSION = 1
META = "meta.json"
_ESCAPES = {"\\": "\\\\", "\n": "\\n"}
_UNESCAPES = {"\\\\": "\\", "\\n": "\n"}


def is_folder(path: PathLike) -> bool:
    """Returns True if a path is a folder that `write` wrote."""
    return read_meta(Path(path)).get("format") == FORMAT


def write(vectors: Vectors, path: PathLike) -> None:
    """Writes a folder atomically. A folder of word vectors at the path is replaced.

    Args:
        vectors: `WordVectors` to write.
        path: the folder.

    Raises:
        ValueError: If the path is something other than a folder of word vectors.
    """
    path = Path(path)
    if path.exists() and not is_folder(path) and not (path.is_dir() and not any(path.iterdir())):
        raise ValueError(message("a new folder, or one of word vectors", f"{path}, which is neither", "another name"))
    with atomic_folder(path) as new:
        new.mkdir()
        _write(vectors, new)


def _write(vectors: Vectors, folder: Path) -> None:
    # Plain arrays and text, so that the folder can be read without this package.
    lines, escaped = encode(vectors.words)
    meta: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "words": len(vectors),
        "dim": vectors.dim,
        "escaped": escaped,
        "subwords": None,
    }
    (folder / "words.txt").write_bytes(lines)
    arrays: dict[str, Any] = {"matrix": vectors.matrix, "counts": vectors.counts}
    if isinstance(vectors.matrix, QuantizedMatrix):
        arrays |= {"matrix": vectors.matrix.values, "scales": vectors.matrix.scales}
    if vectors.subwords is not None:
        subwords = vectors.subwords
        meta["subwords"] = {name: getattr(subwords, name) for name in ("num_buckets", "min_n", "max_n")}
        arrays |= {"ngrams": subwords.matrix, "word_rows": subwords.word_rows}
        if subwords.kept is not None:
            arrays["kept"] = np.array(list(subwords.kept.items()), np.int64).reshape(-1, 2)
    for name, array in arrays.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array)
    # Last: a folder with this file is complete.
    (folder / META).write_text(json.dumps(meta, indent=1) + "\n", "utf-8")


def read_meta(folder: Path) -> dict[str, Any]:
    """Returns the contents of `meta.json`, empty if there is none."""
    try:
        meta = json.loads((folder / META).read_bytes())
    except (OSError, ValueError):
        return {}
    return meta if isinstance(meta, dict) else {}


def encode(words: Iterable[str]) -> tuple[bytes, bool]:
    r"""Encodes words as lines.

    Returns:
        The lines, and True if `\\` and `\n` are escapes of a backslash and a line feed in them. They are only if a word
        contains a line feed, so that files of ordinary words are plain text.
    """
    words = list(words)
    blob = "\n".join(words)
    escaped = blob.count("\n") != max(len(words) - 1, 0)  # True if a word contains a line feed
    if escaped:
        blob = "\n".join(re.sub(r"[\\\n]", lambda match: _ESCAPES[match[0]], word) for word in words)
    return blob.encode("utf-8", "surrogatepass"), escaped


def decode(blob: bytes, count: int, escaped: bool) -> tuple[str, ...]:
    """Decodes the lines that `encode` returned."""
    words = blob.decode("utf-8", "surrogatepass").split("\n") if count else []
    if escaped:
        words = [re.sub(r"\\[\\n]", lambda match: _UNESCAPES[match[0]], word) for word in words]
    return tuple(words)


class LazyWords(Sequence[str]):
    """The words of a file, read when first used; their number is known without reading it.

    Args:
        path: file with the lines of `encode`.
        count: number of words.
        escaped: the second result of `encode`.
    """

    def __init__(self, path: PathLike, count: int, escaped: bool) -> None:
        self._path = Path(path)
        self._count = count
        self._escaped = escaped
        self._words: tuple[str, ...] | None = None

    def _read(self) -> tuple[str, ...]:
        if self._words is None:
            words = decode(self._path.read_bytes(), self._count, self._escaped)
            if len(words) != self._count:
                raise ValueError(f"{self._path}: Expected {self._count} words. Received: {len(words)}.")
            self._words = words
        return self._words

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self._read()[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __contains__(self, word: object) -> bool:
        return word in self._read()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._read())
