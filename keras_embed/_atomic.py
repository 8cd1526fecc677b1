"""Files that appear whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path beside a file to write; it takes the file's place in the end, or is gone after an error."""
    target = Path(path)
    beside = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        yield beside
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def write_atomically(path: str | os.PathLike[str], text: str, encoding: str = "utf-8") -> None:
    """Writes text, its line ends as they are: a full disk leaves an older file as it was."""
    with atomic_path(path) as beside:
        beside.write_text(text, encoding, newline="\n")


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path to write a file or a folder to, which replaces `path` at the end.

    After an error the file or folder at `path` is left unchanged. Missing parent folders are created.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        written = Path(temporary) / f"written{target.suffix}"
        yield written
        if target.exists():
            os.replace(target, Path(temporary) / "replaced")
        os.replace(written, target)
