"""The bytes of a file, whatever it is packed in: gz, xz, bz2 or zip, which show in the first bytes."""

import bz2
import contextlib
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from keras_embed._errors import message

_BZIP2, _BZIP2_BLOCK = b"BZh", b"1AY&SY"
_MAGIC = {"gz": b"\x1f\x8b", "xz": b"\xfd7zXZ\x00", "bz2": _BZIP2, "zip": b"PK\x03\x04"}
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)


def packing(path: Path) -> str | None:
    """What a file is packed in: "gz", "xz", "bz2", "zip" or `None`."""
    with open(path, "rb") as file:
        head = file.read(10)
    if head.startswith(_BZIP2) and head[4:10] != _BZIP2_BLOCK:
        return None  # three letters may begin a word
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), None)


@contextlib.contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """Opens a file for reading.

    Args:
        path: the file.
        member: which file of a zip archive, where it holds several.

    Raises:
        ValueError: while it is read, where what is packed is damaged or ends too early.
    """
    kind = packing(path)
    if member is not None and kind != "zip":
        raise ValueError(message("`member` for a zip archive only", f"{path}, which is none", "member=None"))
    try:
        with contextlib.ExitStack() as stack:
            yield stack.enter_context(_open(path, kind, member, stack))
    except _BROKEN as broken:
        received = f"{type(broken).__name__}: {str(broken).rstrip('.')}"
        text = message(f"a complete {kind or 'packed'} file", received, "to fetch the file again")
        raise ValueError(f"{path}: {text}") from broken


def _open(path: Path, kind: str | None, member: str | None, stack: contextlib.ExitStack) -> Any:
    if kind == "zip":
        archive = stack.enter_context(zipfile.ZipFile(path))
        return archive.open(_member(path, archive, member))
    if kind == "gz":
        return gzip.open(path, "rb")
    if kind == "xz":
        return lzma.open(path, "rb")
    if kind == "bz2":
        return bz2.open(path, "rb")
    return open(path, "rb", buffering=0)


def _member(path: Path, archive: zipfile.ZipFile, member: str | None) -> str:
    names = [
        info.filename for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if member is None and len(names) == 1:
        return names[0]
    if member not in names:
        expected = "a zip archive of one file" if member is None else f"a file {member!r} in the archive"
        raise ValueError(f"{path}: " + message(expected, ", ".join(names) or "none", _try(names)))
    return member


def _try(names: list[str]) -> str | None:
    return f"member={names[0]!r}" if names else None
