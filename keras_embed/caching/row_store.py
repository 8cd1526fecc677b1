"""Arrays of half precision kept on disk under a key, in files that only grow."""

import contextlib
import os
import struct
import uuid
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message

HALF = np.dtype("<f2")
KEY_BYTES = 16
#: Key, first row, number of rows, checksum of these rows; then a checksum of the record itself.
_RECORD, _CHECK = struct.Struct(f"<{KEY_BYTES}sQII"), struct.Struct("<I")
_MAGIC = b"keras_embed kept rows 1\n"
_INDEX, _DATA = ".index", ".rows"


class _Place(NamedTuple):
    file: Path
    start: int
    length: int
    checksum: int


class KeptRows:
    """What is known under a fingerprint: keys, and for each some rows of one shape.

    Every process that writes has a pair of files of its own, so any number may write at once, and nobody waits for
    a lock or mends what another left. Rows are written first, then one record for each array, with checksums; what has
    no whole record, or rows that do not fit their checksum, does not count. So a process may be killed at any moment.

    Args:
        folder: made at the first write.
        fingerprint: hex digits, in the names of the files: rows of different fingerprints never meet.
        shape: of a row.
    """

    def __init__(self, folder: str | os.PathLike[str], fingerprint: str, shape: Sequence[int]) -> None:
        self.folder, self.fingerprint, self.shape = Path(folder), fingerprint, tuple(shape)
        self._places: dict[bytes, list[_Place]] = {}  # two processes may have written the same
        self._sound: dict[bytes, _Place] = {}
        self._maps: dict[Path, NDArray[np.float16]] = {}
        self._writer: _Writer | None = None
        for index in sorted(self.folder.glob(f"{fingerprint}-*{_INDEX}")):
            self._read_index(index)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return HALF.itemsize * int(np.prod(self.shape))

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """The keys, in order and each once, whose rows are not there, or are damaged."""
        return [key for key in dict.fromkeys(keys) if not self._has(key)]

    def rows(self, key: bytes) -> NDArray[np.float16]:
        """The rows under a key, (count, *shape), mapped from the disk.

        Raises:
            KeyError: where there are none that are whole.
        """
        if not self._has(key):
            raise KeyError(key)
        return self._at(self._sound[key])

    def write(self, keys: Sequence[bytes], arrays: Sequence[NDArray[Any]]) -> None:
        """Keeps arrays (count, *shape) under their keys; after it they are there, whatever happens next.

        Raises:
            OSError: where the disk takes no more. What was written before stays.
        """
        if self._writer is None:
            self._writer = _Writer(self.folder, f"{self.fingerprint}-{uuid.uuid4().hex[:12]}", self.row_bytes)
        contents = [np.ascontiguousarray(array, HALF).tobytes() for array in arrays]
        try:
            places = self._writer.write(keys, contents)
        except OSError:
            self.close()  # its end is not known: another pair of files may go on
            raise
        self._sound.update(zip(keys, places, strict=True))

    def close(self) -> None:
        """Ends writing; reading goes on."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _read_index(self, index: Path) -> None:
        data = index.with_suffix(_DATA)
        content = index.read_bytes()
        if not content.startswith(_MAGIC) or not data.exists():
            return
        rows, size = data.stat().st_size // self.row_bytes, _RECORD.size + _CHECK.size
        for at in range(len(_MAGIC), len(content) - size + 1, size):
            record, check = content[at : at + _RECORD.size], content[at + _RECORD.size : at + size]
            key, start, length, checksum = _RECORD.unpack(record)
            if _CHECK.unpack(check)[0] == zlib.crc32(record) and start + length <= rows:
                self._places.setdefault(key, []).append(_Place(data, start, length, checksum))

    def _has(self, key: bytes) -> bool:
        for place in () if key in self._sound else self._places.get(key, ()):
            if zlib.crc32(self._at(place).tobytes()) == place.checksum:
                self._sound[key] = place
        return key in self._sound

    def _at(self, place: _Place) -> NDArray[np.float16]:
        end = place.start + place.length
        return self._mapped(place.file, end)[place.start : end]

    def _mapped(self, file: Path, least: int) -> NDArray[np.float16]:
        known = self._maps.get(file)
        if known is None or len(known) < least:
            rows = file.stat().st_size // self.row_bytes
            known = np.memmap(file, HALF, "r", shape=(rows, *self.shape))
            self._maps[file] = known
        return known


class _Writer:
    """The pair of files of one process."""

    def __init__(self, folder: Path, name: str, row_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data, self.row_bytes, self.rows = folder / (name + _DATA), row_bytes, 0
        self._files = [open(folder / (name + suffix), "xb", buffering=0) for suffix in (_DATA, _INDEX)]
        self._append(self._files[1], _MAGIC)

    def write(self, keys: Sequence[bytes], contents: Sequence[bytes]) -> list[_Place]:
        places, start = [], self.rows
        for content in contents:
            places.append(_Place(self.data, start, len(content) // self.row_bytes, zlib.crc32(content)))
            start += places[-1].length
        records = [_RECORD.pack(key, *place[1:]) for key, place in zip(keys, places, strict=True)]
        self._append(self._files[0], b"".join(contents))
        self._append(self._files[1], b"".join(record + _CHECK.pack(zlib.crc32(record)) for record in records))
        self.rows = start
        return places

    def _append(self, file: Any, content: bytes) -> None:
        """All of it, or nothing."""
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
                error.errno, message(expected, str(error), "again with more room: what is there stays")
            ) from None

    def close(self) -> None:
        for file in self._files:
            file.close()
