"""The words of a folder of vectors: one blob of UTF-8, read when somebody asks for a word."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

_ESCAPES = {"\\": "\\\\", "\n": "\\n"}
_UNESCAPES = {"\\\\": "\\", "\\n": "\n"}


def encode(words: Iterable[str]) -> tuple[bytes, bool]:
    r"""Words as lines, and whether `\\` and `\n` stand for a backslash and a line feed in them.

    They do only where a word holds a line feed, so that files are plain where words are.
    """
    words = list(words)
    blob = "\n".join(words)
    escaped = blob.count("\n") != max(len(words) - 1, 0)
    if escaped:
        blob = "\n".join(re.sub(r"[\\\n]", lambda match: _ESCAPES[match[0]], word) for word in words)
    return blob.encode("utf-8", "surrogatepass"), escaped


def decode(blob: bytes, count: int, escaped: bool) -> tuple[str, ...]:
    """What `encode` was given."""
    words = blob.decode("utf-8", "surrogatepass").split("\n") if count else []
    if escaped:
        words = [re.sub(r"\\[\\n]", lambda match: _UNESCAPES[match[0]], word) for word in words]
    return tuple(words)


class LazyWords(Sequence[str]):
    """The words of a file, read at the first question for one; their number is known without.

    Args:
        path: the file that `encode`'s answer was written to.
        count: how many words it holds.
        escaped: `encode`'s second answer.
    """

    def __init__(self, path: str | Path, count: int, escaped: bool) -> None:
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
    def __getitem__(self, index: Any) -> Any:
        return self._read()[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __contains__(self, word: object) -> bool:
        return word in self._read()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._read())
