"""The bytes of a file: decompression (gz, xz, bz2, zip, detected by the first bytes) and binary values."""

import bz2
import contextlib
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed.vectors.formats._reading import Repairs

_BZIP2, _BZIP2_BLOCK = b"BZh", b"1AY&SY"
_MAGIC = {"gz": b"\x1f\x8b", "xz": b"\xfd7zXZ\x00", "bz2": _BZIP2, "zip": b"PK\x03\x04"}
_TAR_OFFSET = 257
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)
_CHUNK = 1 << 20


def packing(path: Path) -> str | None:
    """Returns the compression of a file: "gz", "xz", "bz2", "zip" or `None`."""
    with open(path, "rb") as file:
        head = file.read(10)
    if head.startswith(_BZIP2) and head[4:10] != _BZIP2_BLOCK:
        return None  # a word may start with these three letters
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), None)


@contextlib.contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """Opens a file for reading, decompressed.

    Args:
        path: the file.
        member: file in a zip archive with several files.

    Raises:
        ValueError: If the compressed data is damaged or truncated, also while the file is read.
    """
    kind = packing(path)
    if member is not None and kind != "zip":
        raise ValueError(message("`member` for a zip archive only", f"{path}, which is not one", "member=None"))
    try:
        with contextlib.ExitStack() as stack:
            yield stack.enter_context(_open(path, kind, member, stack))
    except _BROKEN as broken:
        received = f"{type(broken).__name__}: {str(broken).rstrip('.')}"
        text = message(f"a complete {kind or 'packed'} file", received, "to fetch the file again")
        raise ValueError(f"{path}: {text}") from broken


def _open(path: Path, kind: str | None, member: str | None, stack: contextlib.ExitStack) -> IO[bytes]:
    if kind == "zip":
        archive = stack.enter_context(zipfile.ZipFile(path))
        return archive.open(_member(path, archive, member))
    if kind == "gz":
        stream = cast(IO[bytes], gzip.open(path, "rb"))
        return _of_tar(path, stream, stack)
    if kind == "xz":
        return cast(IO[bytes], lzma.open(path, "rb"))
    if kind == "bz2":
        return cast(IO[bytes], bz2.open(path, "rb"))
    return cast(IO[bytes], open(path, "rb", buffering=0))


def _of_tar(path: Path, stream: IO[bytes], stack: contextlib.ExitStack) -> IO[bytes]:
    """Returns the only file of a compressed tar archive, or the stream itself if it is no archive."""
    head = stream.read(512)
    stream.seek(0)
    if head[_TAR_OFFSET : _TAR_OFFSET + 5] != b"ustar":
        return stream
    archive = stack.enter_context(tarfile.open(fileobj=stream))
    files = [member for member in archive.getmembers() if member.isfile()]
    if len(files) != 1:
        names = ", ".join(member.name for member in files) or "none"
        raise ValueError(f"{path}: " + message("a tar archive of one file", names, "`tar -x`, and one of its files"))
    # `extractfile` returns None for folders only.
    return cast(IO[bytes], archive.extractfile(files[0]))


def _member(path: Path, archive: zipfile.ZipFile, member: str | None) -> str:
    names = [
        info.filename for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if member is None and len(names) == 1:
        return names[0]
    if member not in names:
        expected = "a zip archive of one file" if member is None else f"a file {member!r} in the archive"
        try_ = f"member={names[0]!r}" if names else None
        raise ValueError(f"{path}: " + message(expected, ", ".join(names) or "none", try_))
    return member


class ByteReader:
    """Reads little-endian values one after the other.

    Args:
        stream: the decompressed file.
        repairs: for errors.
    """

    def __init__(self, stream: IO[bytes], repairs: Repairs) -> None:
        self._stream = stream
        self._repairs = repairs
        self._buffer = b""
        self._position = 0  # in the buffer
        self._before = 0  # bytes of the file before the buffer

    @property
    def offset(self) -> int:
        """Number of bytes read so far."""
        return self._before + self._position

    def peek(self, count: int) -> bytes:
        """Returns the next bytes, fewer at the end of the file, without consuming them."""
        while len(self._buffer) - self._position < count and (chunk := self._stream.read(max(_CHUNK, count))):
            self._before += self._position
            self._buffer = self._buffer[self._position :] + chunk
            self._position = 0
        return self._buffer[self._position : self._position + count]

    def take(self, count: int, what: str) -> bytes:
        """Reads bytes.

        Args:
            count: number of bytes.
            what: their name, for an error.
        """
        data = self.peek(count)
        if len(data) < count:
            raise self._ended(what, count, len(data))
        self._position += count
        return data

    def values(self, layout: str, what: str) -> tuple[Any, ...]:
        """Reads values by their `struct` format."""
        return struct.unpack(f"<{layout}", self.take(struct.calcsize(f"<{layout}"), what))

    def text(self, what: str) -> bytes:
        """Reads the bytes up to the next NUL, which is consumed."""
        while (end := self._buffer.find(b"\0", self._position)) < 0:
            have = len(self._buffer) - self._position
            if len(self.peek(have + 1)) == have:
                raise self._ended(what, have + 1, have)
        token = self._buffer[self._position : end]
        self._position = end + 1
        return token

    def array(self, dtype: str, shape: tuple[int, ...], what: str) -> NDArray[Any]:
        """Reads an array, directly into its own memory."""
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if min(shape) < 0:
            raise self._repairs.error("", f"a shape of {what}", shape, "to fetch the file again")
        # A file that announces more than it holds must fail before the array is allocated.
        start = self.peek(min(size, _CHUNK))
        if len(start) < min(size, _CHUNK):
            raise self._ended(what, size, len(start))
        result = np.empty(shape, dtype)
        target: Any = memoryview(result.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        filled = min(size, len(self._buffer) - self._position)
        target[:filled] = self._buffer[self._position : self._position + filled]
        self._position += filled
        while filled < size:
            count = self._stream.readinto(target[filled:])  # type: ignore[attr-defined]
            if not count:
                raise self._ended(what, size, filled)
            filled += count
            self._before += count
        return result

    def _ended(self, what: str, expected: int, received: int) -> ValueError:
        return self._repairs.truncated(f"{expected} bytes of {what} at byte {self.offset}", f"{received}", 0)
