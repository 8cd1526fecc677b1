"""Shared parts of all readers: the selected words, repairs of bad rows, and the growing table of rows."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed.vectors._extras import positive
from keras_embed.vectors._search import nonfinite_rows
from keras_embed.vectors.alignment import spellings, vocabulary_words
from keras_embed.vectors.formats.read_report import ReadReport
from keras_embed.vectors.quantized import Matrix
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")
_MIN_ROWS = 1024
_MAX_EXAMPLES = 10


class Selection:
    """The words to read, as the bytes that a file may hold for them.

    Args:
        words: words, or `None` for all.
        limit: number of rows of the file to read, `None` for all.

    Raises:
        ValueError: If `words` is a string, or `limit` is not a positive integer.
    """

    def __init__(self, words: Iterable[str] | None = None, limit: int | None = None) -> None:
        if isinstance(words, str):
            raise ValueError(message("`words` as an iterable of words", words, f"words=[{words!r}]"))
        if limit is not None:
            limit = positive("limit", limit)
        self.limit = limit
        self.words: frozenset[str] | None = None if words is None else frozenset(map(str, vocabulary_words(words)))
        self.tokens: frozenset[bytes] | None = None
        if self.words is not None:
            # Other spellings are read too, because `align` falls back to them; `trimmed` drops those not needed.
            tokens = {
                spelling.encode("utf-8", "surrogatepass")
                for word in self.words
                for spelling in (word, *spellings(word))
            }
            # A word that was read as `cut\xd1` may be selected by that name.
            self.tokens = frozenset(
                tokens | {_ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), token) for token in tokens}
            )

    @property
    def everything(self) -> bool:
        """True if all rows are selected."""
        return self.words is None and self.limit is None

    def rows(self, tokens: Sequence[bytes | str]) -> list[int] | None:
        """Returns the selected rows among the words of a file, `None` for all."""
        if self.everything:
            return None
        stop = len(tokens) if self.limit is None else min(self.limit, len(tokens))
        if self.tokens is None or self.words is None:
            return list(range(stop))
        return [row for row in range(stop) if tokens[row] in self.tokens or tokens[row] in self.words]

    def of(self, vectors: WordVectors) -> WordVectors:
        """Returns the selected rows of vectors that were read completely."""
        rows = self.rows(vectors.words)
        return vectors if rows is None else self.trimmed(vectors.subset([vectors.words[row] for row in rows]))

    def trimmed(self, vectors: WordVectors) -> WordVectors:
        """Removes other spellings of words that were found themselves."""
        if self.words is None:
            return vectors
        needed = set(self.words)
        for word in self.words:
            if vectors.index(word) is None:
                needed.update(spellings(word))
        words = [word for word in vectors.words if word in needed]
        if len(words) == len(vectors):
            return vectors
        result = vectors.subset(words)
        if vectors.report is not None:
            result.report = dataclasses.replace(vectors.report, rows=len(result))
        return result

    def has_all(self, words: Sequence[str]) -> bool:
        """Returns True if each selected word is among some words."""
        return self.words is not None and len(words) >= len(self.words) and self.words.issubset(words)


class Repairs:
    """Counts the repairs in one file, or raises at the first problem.

    Args:
        path: the file, for errors.
        repair: True to repair and count; False to raise.
    """

    def __init__(self, path: str, repair: bool = True) -> None:
        self.path = path
        self.repair = repair
        self.header: tuple[int, int] | None = None
        self.rows_seen: int | None = None
        self.dim = 0
        self._counts = {"invalid_utf8": 0, "duplicates": 0, "bad_lines": 0, "nonfinite": 0}
        self._wrong_header = False
        self._examples: list[str] = []

    def error(self, where: str, expected: str, received: object, try_: str | None = None) -> ValueError:
        """Returns an error that names the file and the position in it."""
        return ValueError(f"{self.path}{where and ', ' + where}: {message(expected, received, try_)}")

    def truncated(self, expected: str, received: str, whole: int) -> ValueError:
        """Returns the error for a file that ends too early, after `whole` complete rows."""
        try_ = "to fetch the file again" + (f", or limit={whole} for the rows that are whole" if whole else "")
        return self.error("", expected, received, try_)

    def bad_line(self, number: int, dim: int, received: str) -> None:
        """Counts a line that is not a word and `dim` numbers."""
        self._note("bad_lines", f"line {number}", f"a word and {dim} numbers", received)

    def invalid_utf8(self, where: str, token: bytes) -> None:
        """Counts a word whose bytes are not valid UTF-8."""
        self._note("invalid_utf8", where, "words that are UTF-8", f"{token[:24]!r}")

    def duplicate(self, where: str, word: str) -> None:
        """Counts a repeated word."""
        self._note("duplicates", where, "each word once", f"{word!r} again")

    def nonfinite(self, word: str) -> None:
        """Counts a row with NaN or inf."""
        self._counts["nonfinite"] += 1
        if len(self._examples) < _MAX_EXAMPLES:
            self._examples.append(f"{word!r}: NaN or inf")

    def wrong_header(self) -> None:
        """Records that the header contradicts the rows."""
        self._wrong_header = True
        rows, dim = self.header or (0, 0)
        if not self.repair:
            received = f"{self.rows_seen} rows of {self.dim}"
            raise self.error("line 1", f"{rows} rows of {dim} numbers, as in the header", received, "repair=True")

    def report(self, format: str, rows: int, dim: int) -> ReadReport:
        """Returns the report of the file."""
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
            raise self.error(where, expected, received, "repair=True, which counts and skips them")
        self._counts[kind] += 1
        if len(self._examples) < _MAX_EXAMPLES:
            self._examples.append(f"{where}: {received}")


class Table:
    """Words and a matrix that grow block by block.

    Args:
        dim: D.
        rows: expected number of rows.
    """

    def __init__(self, dim: int, rows: int) -> None:
        self.words: list[str] = []
        self._matrix = np.empty((max(rows, _MIN_ROWS), dim), np.float32)

    @property
    def dim(self) -> int:
        """D."""
        return int(self._matrix.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    def add(self, words: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Appends N words and their rows (N, D)."""
        start = len(self.words)
        stop = start + len(words)
        if stop > len(self._matrix):
            self._resize(max(stop, len(self._matrix) * 3 // 2))
        self._matrix[start:stop] = rows
        self.words.extend(words)

    def matrix(self) -> NDArray[np.float32]:
        """Returns the matrix (V, D), trimmed to its rows."""
        self._resize(len(self.words))
        return self._matrix

    def _resize(self, rows: int) -> None:
        # No one else references the array, so it can be moved; the system moves large arrays without copying.
        self._matrix.resize((rows, self._matrix.shape[1]), refcheck=False)


def decode(tokens: Sequence[bytes], repairs: Repairs, where: Callable[[int], str]) -> list[str]:
    """Decodes words; the bytes of invalid UTF-8 become `\\xd1` and are counted.

    Args:
        tokens: words as bytes.
        repairs: counts the invalid words.
        where: returns the position of a token by its index, for the report.
    """
    try:  # all at once, which is much faster than one by one
        words = b"\n".join(tokens).decode("utf-8").split("\n") if tokens else []
        if len(words) == len(tokens):
            return words
    except UnicodeDecodeError:
        pass
    words = []
    for index, token in enumerate(tokens):
        try:
            words.append(token.decode("utf-8"))
        except UnicodeDecodeError:
            repairs.invalid_utf8(where(index), token)
            words.append(token.decode("utf-8", "backslashreplace"))
    return words


def word_vectors(
    words: Sequence[str],
    matrix: NDArray[np.float32],
    repairs: Repairs,
    format: str,
    subwords: Subwords | None = None,
    counts: NDArray[np.int64] | None = None,
) -> WordVectors:
    """Builds `WordVectors` with a report. Of a repeated word the first row is used."""
    for row in nonfinite_rows(matrix).tolist():
        repairs.nonfinite(words[row])
    try:
        return WordVectors(words, matrix, subwords, counts, repairs.report(format, len(words), matrix.shape[1]))
    except ValueError:  # a repeated word: checking for one beforehand would take as long again
        seen: dict[str, int] = {}
        for row, word in enumerate(words):
            if seen.setdefault(word, row) != row:
                repairs.duplicate(f"row {row + 1}", word)
        if len(seen) == len(words):
            raise
    rows = np.fromiter(seen.values(), np.int64, len(seen))
    subwords, counts = subwords and subwords.of_words(rows), None if counts is None else counts[rows]
    report = repairs.report(format, len(seen), matrix.shape[1])
    unique: Matrix = matrix[rows]
    return WordVectors(list(seen), unique, subwords, counts, report)
