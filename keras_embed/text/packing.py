"""Lists of strings as arrays of bytes, for files that hold arrays."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(strings: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """All strings in UTF-8, one behind the other, and the number of bytes of each. Any string comes back as it was.

    Example:
    >>> [array.tolist() for array in pack(["a", "", "é"])]
    [[97, 195, 169], [1, 0, 2]]
    """
    encoded = [string.encode("utf-8") for string in strings]
    return np.frombuffer(b"".join(encoded), np.uint8), np.array([len(string) for string in encoded], np.int32)


def unpack(data: Any, lengths: Any) -> list[str]:
    """The strings that `pack` packed."""
    ends = np.cumsum(np.asarray(lengths, np.int64)).tolist()
    flat = np.asarray(data, np.uint8).tobytes()
    return [flat[start:end].decode("utf-8") for start, end in zip([0, *ends[:-1]], ends, strict=False)]
