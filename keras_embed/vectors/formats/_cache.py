"""Vectors that were read once, kept so that they open at once: memory-mapped, words read when they are asked for."""

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_embed.vectors import storage
from keras_embed.vectors.formats.read_report import ReadReport
from keras_embed.vectors.word_vectors import WordVectors

_VERSION = 1
_VECTORS, _REPORT = "vectors", "report.json"


def folder_of(cache: bool | str | Path) -> Path:
    """The folder that `load`'s argument `cache` stands for; `True`: beside Keras' data sets."""
    if not isinstance(cache, bool):
        return Path(cache)
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "keras_embed" / "vectors"


def entry(folder: Path, path: Path, arguments: dict[str, Any]) -> Path:
    """Where the vectors of a file are kept: a name for its path, size, time of change and what was asked of it."""
    state = path.stat()
    key = [_VERSION, str(path.resolve()), state.st_size, state.st_mtime_ns, arguments]
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return folder / f"{path.name}-{digest[:20]}"


def through(place: Path, read: Callable[[], WordVectors]) -> WordVectors:
    """What is kept at a place; read and written there first, if nothing is.

    It appears there whole or not at all, and is never changed: other contents have another place.
    """
    if not place.is_dir():
        vectors = read()
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as beside:
            new = Path(beside) / "new"
            new.mkdir()
            storage.write(vectors, new / _VECTORS)
            report = None if vectors.report is None else dataclasses.asdict(vectors.report)
            (new / _REPORT).write_text(json.dumps(report), "utf-8")
            with contextlib.suppress(OSError):  # another process was first, with the same
                os.rename(new, place)
        if not place.is_dir():
            return vectors
    vectors = storage.read(place / _VECTORS)
    vectors.report = _report(json.loads((place / _REPORT).read_bytes()))
    return vectors


def _report(values: dict[str, Any] | None) -> ReadReport | None:
    if values is None:
        return None
    header = values["header"] and tuple(values["header"])
    return ReadReport(**values | {"header": header, "examples": tuple(values["examples"])})
