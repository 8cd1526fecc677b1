"""Numbers, arrays and strings out of a stream of bytes."""

import struct
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats._repairs import Repairs

_CHUNK = 1 << 20


class ByteReader:
    """Reads little-endian values one after the other.

    Args:
        stream: the file, unpacked.
        repairs: for errors.
    """

    def __init__(self, stream: IO[bytes], repairs: Repairs) -> None:
        self._stream = stream
        self._repairs = repairs
        self._buffer = b""
        self._place = 0  # in the buffer
        self._before = 0  # bytes of the file before the buffer

    @property
    def offset(self) -> int:
        """Bytes read so far."""
        return self._before + self._place

    def peek(self, count: int) -> bytes:
        """The next bytes, fewer at the end of the file; they will be read again."""
        while len(self._buffer) - self._place < count and (chunk := self._stream.read(max(_CHUNK, count))):
            self._before += self._place
            self._buffer = self._buffer[self._place :] + chunk
            self._place = 0
        return self._buffer[self._place : self._place + count]

    def take(self, count: int, what: str) -> bytes:
        """The next bytes.

        Args:
            count: how many.
            what: their name, for an error.
        """
        data = self.peek(count)
        if len(data) < count:
            raise self._ended(what, count, len(data))
        self._place += count
        return data

    def values(self, layout: str, what: str) -> tuple[Any, ...]:
        """Numbers, as `struct` names their types."""
        return struct.unpack(f"<{layout}", self.take(struct.calcsize(f"<{layout}"), what))

    def text(self, what: str) -> bytes:
        """The bytes before the next NUL."""
        while (end := self._buffer.find(b"\0", self._place)) < 0:
            have = len(self._buffer) - self._place
            if len(self.peek(have + 1)) == have:
                raise self._ended(what, have + 1, have)
        token = self._buffer[self._place : end]
        self._place = end + 1
        return token

    def array(self, dtype: str, shape: tuple[int, ...], what: str) -> NDArray[Any]:
        """An array; its numbers are read to where they stay."""
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if min(shape) < 0:
            raise self._repairs.error("", f"a shape of {what}", shape, "to fetch the file again")
        start = self.peek(min(size, _CHUNK))
        if len(start) < min(size, _CHUNK):
            raise self._ended(what, size, len(start))
        result = np.empty(shape, dtype)
        target: Any = memoryview(result.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        filled = min(size, len(self._buffer) - self._place)
        target[:filled] = self._buffer[self._place : self._place + filled]
        self._place += filled
        while filled < size:
            count = self._stream.readinto(target[filled:])  # type: ignore[attr-defined]
            if not count:
                raise self._ended(what, size, filled)
            filled += count
            self._before += count
        return result

    def _ended(self, what: str, expected: int, received: int) -> ValueError:
        return self._repairs.truncated(f"{expected} bytes of {what} at byte {self.offset}", f"{received}", 0)
