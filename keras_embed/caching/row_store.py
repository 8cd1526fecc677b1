"""Half-precision arrays on disk under keys, in files that are only appended to."""

import contextlib
import struct
import uuid
import zlib
from collections.abc import Iterable, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed._types import PathLike

HALF = np.dtype("<f2")
KEY_BYTES = 16
# A record of the index: key, first row, number of rows, CRC-32 of these rows; then the CRC-32 of the record itself.
_RECORD, _CHECK = struct.Struct(f"<{KEY_BYTES}sQII"), struct.Struct("<I")
_MAGIC = b"keras_embed kept rows 1\n"
_INDEX, _DATA = ".index", ".rows"


class _Entry(NamedTuple):
    """Position of an array: its rows in a data file, and their checksum."""

    file: Path
    start: int
    length: int
    checksum: int


class RowStore:
    """Arrays of one row shape, stored under keys and a common fingerprint.

    Every writing process has a pair of files of its own, a data file and an index, so any number of processes can write
    at once without locks. The rows are written first, then one index record per array, both with checksums. A
    record that is incomplete, or whose rows do not match their checksum, is ignored. A process may therefore be killed
    at any time.

    Args:
        folder: Created at the first write.
        fingerprint: Hexadecimal digits, part of the file names: files of other fingerprints are not read.
        shape: Shape of a row.
    """

    def __init__(self, folder: PathLike, fingerprint: str, shape: Sequence[int]) -> None:
        self.folder, self.fingerprint, self.shape = Path(folder), fingerprint, tuple(shape)
        self._entries: dict[bytes, list[_Entry]] = {}  # several per key if two processes wrote the same array
        self._verified: dict[bytes, _Entry] = {}
        self._maps: dict[Path, NDArray[np.float16]] = {}
        self._writer: _Writer | None = None
        for index in sorted(self.folder.glob(f"{fingerprint}-*{_INDEX}")):
            self._read_index(index)

    @property
    def row_bytes(self) -> int:
        """Size of a row in bytes."""
        return HALF.itemsize * int(np.prod(self.shape))

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Returns the distinct keys, in order, whose rows are absent or damaged."""
        return [key for key in dict.fromkeys(keys) if not self._has(key)]

    def rows(self, key: bytes) -> NDArray[np.float16]:
        """Returns the rows of a key, (count, *shape), as a memory map.

        Raises:
            KeyError: If there are no intact rows under the key.
        """
        if not self._has(key):
            raise KeyError(key)
        return self._mapped_rows(self._verified[key])

    def write(self, keys: Sequence[bytes], arrays: Sequence[NDArray[Any]]) -> None:
        """Stores arrays (count, *shape) under their keys. They are on disk when the method returns.

        Raises:
            OSError: If the disk is full. Earlier arrays stay readable.
        """
        if self._writer is None:
            self._writer = _Writer(self.folder, f"{self.fingerprint}-{uuid.uuid4().hex[:12]}", self.row_bytes)
        contents = [np.ascontiguousarray(array, HALF).tobytes() for array in arrays]
        try:
            entries = self._writer.write(keys, contents)
        except OSError:
            self.close()  # the end of the files is unknown: the next write starts a new pair
            raise
        self._verified.update(zip(keys, entries, strict=True))

    def close(self) -> None:
        """Closes the files that are written to; reading still works."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _read_index(self, index: Path) -> None:
        data = index.with_suffix(_DATA)
        content = index.read_bytes()
        if not content.startswith(_MAGIC) or not data.exists():
            return
        # After a power failure either file may be shorter, or longer by zeros, than what was written.
        rows, size = data.stat().st_size // self.row_bytes, _RECORD.size + _CHECK.size
        for at in range(len(_MAGIC), len(content) - size + 1, size):
            record, check = content[at : at + _RECORD.size], content[at + _RECORD.size : at + size]
            key, start, length, checksum = _RECORD.unpack(record)
            if _CHECK.unpack(check)[0] == zlib.crc32(record) and start + length <= rows:
                self._entries.setdefault(key, []).append(_Entry(data, start, length, checksum))

    def _has(self, key: bytes) -> bool:
        for entry in () if key in self._verified else self._entries.get(key, ()):
            if zlib.crc32(self._mapped_rows(entry).tobytes()) == entry.checksum:
                self._verified[key] = entry
        return key in self._verified

    def _mapped_rows(self, entry: _Entry) -> NDArray[np.float16]:
        end = entry.start + entry.length
        known = self._maps.get(entry.file)
        if known is None or len(known) < end:  # the file has grown since it was mapped
            rows = entry.file.stat().st_size // self.row_bytes
            known = np.memmap(entry.file, HALF, "r", shape=(rows, *self.shape))
            self._maps[entry.file] = known
        return known[entry.start : end]


class _Writer:
    """The data file and the index of one process."""

    def __init__(self, folder: Path, name: str, row_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data, self.row_bytes, self.rows = folder / (name + _DATA), row_bytes, 0
        self._files = [open(folder / (name + suffix), "xb", buffering=0) for suffix in (_DATA, _INDEX)]
        self._append(self._files[1], _MAGIC)

    def write(self, keys: Sequence[bytes], contents: Sequence[bytes]) -> list[_Entry]:
        entries, start = [], self.rows
        for content in contents:
            entries.append(_Entry(self.data, start, len(content) // self.row_bytes, zlib.crc32(content)))
            start += entries[-1].length
        records = [_RECORD.pack(key, *entry[1:]) for key, entry in zip(keys, entries, strict=True)]
        # Rows before records: an index never refers to rows that were not written.
        self._append(self._files[0], b"".join(contents))
        self._append(self._files[1], b"".join(record + _CHECK.pack(zlib.crc32(record)) for record in records))
        self.rows = start
        return entries

    def _append(self, file: FileIO, content: bytes) -> None:
        """Appends all of `content`, or nothing."""
        end, left = file.tell(), memoryview(content)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                file.truncate(end)
                file.seek(end)
            expected = f"{len(content)} bytes more on the disk of {self.data.parent}"
            raise OSError(
                error.errno, message(expected, str(error), "again with more room: earlier features stay cached")
            ) from None

    def close(self) -> None:
        for file in self._files:
            file.close()
