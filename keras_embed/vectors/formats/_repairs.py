"""Counting what is mended in a file, or raising at the first of it."""

from typing import Any

from keras_embed._errors import message
from keras_embed.vectors.formats.read_report import ReadReport

_EXAMPLES = 10
_WORDS = "words that are UTF-8"


class Repairs:
    """What was wrong with one file so far.

    Args:
        path: the file, for errors.
        repair: whether what can be mended is. If not, it is an error.
    """

    def __init__(self, path: str, repair: bool = True) -> None:
        self.path = path
        self.repair = repair
        self.header: tuple[int, int] | None = None
        self.rows_seen: int | None = None
        self.dim = 0
        self._counts = {"invalid_utf8": 0, "duplicates": 0, "bad_lines": 0}
        self._wrong_header = False
        self._examples: list[str] = []

    def error(self, where: str, expected: str, received: Any, try_: str | None = None) -> ValueError:
        """An error that begins with the file and the place in it."""
        return ValueError(f"{self.path}{where and ', ' + where}: {message(expected, received, try_)}")

    def truncated(self, expected: str, received: str, whole: int) -> ValueError:
        """The error for a file that ends too early, after some whole rows."""
        try_ = "to fetch the file again" + (f", or limit={whole} for the rows that are whole" if whole else "")
        return self.error("", expected, received, try_)

    def bad_line(self, number: int, dim: int, received: str) -> None:
        """A line that is no word and `dim` numbers."""
        self._note("bad_lines", f"line {number}", f"a word and {dim} numbers", received)

    def invalid_utf8(self, where: str, token: bytes) -> None:
        """A word whose bytes are no text."""
        self._note("invalid_utf8", where, _WORDS, f"{token[:24]!r}")

    def duplicate(self, where: str, word: str) -> None:
        """A word that has had its row."""
        self._note("duplicates", where, "each word once", f"{word!r} again")

    def wrong_header(self) -> None:
        """What the header announces is not what there is."""
        self._wrong_header = True
        rows, dim = self.header or (0, 0)
        if not self.repair:
            received = f"{self.rows_seen} rows of {self.dim}"
            raise self.error("line 1", f"{rows} rows of {dim} numbers, as the header says", received, "repair=True")

    def report(self, format: str, rows: int, dim: int) -> ReadReport:
        """All of it."""
        return ReadReport(
            self.path,
            format,
            rows,
            dim,
            self.header,
            self.rows_seen,
            self._wrong_header,
            **self._counts,
            examples=tuple(self._examples),
        )

    def _note(self, kind: str, where: str, expected: str, received: str) -> None:
        if not self.repair:
            raise self.error(where, expected, received, "repair=True, which counts such and reads on")
        self._counts[kind] += 1
        if len(self._examples) < _EXAMPLES:
            self._examples.append(f"{where}: {received}")
