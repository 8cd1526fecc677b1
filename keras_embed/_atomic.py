"""Atomic writes: a file or folder appears complete, or the previous one is left unchanged."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from keras_embed._types import PathLike


@contextlib.contextmanager
def atomic_path(path: PathLike) -> Iterator[Path]:
    """Yields a temporary path beside `path` to write a file to.

    The file replaces `path` when the block ends, and is deleted if the block raises.
    """
    target = Path(path)
    partial = target.with_name(f"{target.name}.{uuid.uuid4().hex[:12]}.part")  # unique, for threads too
    try:
        yield partial
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: PathLike) -> Iterator[Path]:
    """Yields a temporary path beside `path`, with the same suffix, at which the block creates a folder (or a file).

    It replaces what is at `path`, if anything, when the block ends, and is deleted if the block raises. Callers check
    beforehand that what they replace is theirs.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as beside:
        new, old = Path(beside) / f"new{target.suffix}", Path(beside) / "old"
        yield new
        if target.exists():
            os.replace(target, old)
        try:
            os.replace(new, target)
        except OSError:
            if old.exists() and not target.exists():  # put the previous one back
                os.replace(old, target)
            raise


def write_atomically(path: PathLike, text: str, encoding: str = "utf-8") -> None:
    """Writes text with its line ends unchanged. After an error, such as a full disk, the previous file is unchanged."""
    with atomic_path(path) as partial:
        partial.write_text(text, encoding, newline="\n")
