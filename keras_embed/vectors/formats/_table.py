"""Rows as they come out of a file, and the word vectors that they make."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats._repairs import Repairs
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

_LEAST = 1024


class Table:
    """Words and a matrix that grow block by block.

    Args:
        dim: D.
        rows: how many rows there will be, a guess.
    """

    def __init__(self, dim: int, rows: int) -> None:
        self.words: list[str] = []
        self._matrix = np.empty((max(rows, _LEAST), dim), np.float32)

    @property
    def dim(self) -> int:
        """D."""
        return int(self._matrix.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    def add(self, words: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Adds N words and their rows (N, D)."""
        start = len(self.words)
        stop = start + len(words)
        if stop > len(self._matrix):
            self._resize(max(stop, len(self._matrix) * 3 // 2))
        self._matrix[start:stop] = rows
        self.words.extend(words)

    def matrix(self) -> NDArray[np.float32]:
        """(V, D), with no more memory than it needs."""
        self._resize(len(self.words))
        return self._matrix

    def _resize(self, rows: int) -> None:
        # Nobody else holds the array, so that it can move; the system moves large ones without copying.
        self._matrix.resize((rows, self._matrix.shape[1]), refcheck=False)


def decode(tokens: Sequence[bytes], repairs: Repairs, where: Callable[[int], str]) -> list[str]:
    """Words out of bytes; those that are no UTF-8 keep their bytes as `\\xd1` and are counted.

    Args:
        tokens: the words.
        repairs: where to count.
        where: the name of a token's place, for the report.
    """
    try:
        words = b"\n".join(tokens).decode("utf-8").split("\n") if tokens else []
        if len(words) == len(tokens):
            return words
    except UnicodeDecodeError:
        pass
    words = []
    for number, token in enumerate(tokens):
        try:
            words.append(token.decode("utf-8"))
        except UnicodeDecodeError:
            repairs.invalid_utf8(where(number), token)
            words.append(token.decode("utf-8", "backslashreplace"))
    return words


def word_vectors(
    words: Sequence[str],
    matrix: NDArray[Any],
    repairs: Repairs,
    format: str,
    subwords: Subwords | None = None,
    counts: NDArray[np.int64] | None = None,
) -> WordVectors:
    """Words and rows as `WordVectors` with a report; of a repeated word the first row stays."""
    try:
        return WordVectors(words, matrix, subwords, counts, repairs.report(format, len(words), matrix.shape[1]))
    except ValueError:  # that is how a repeated word is noticed: looking for one beforehand would take as long again
        seen: dict[str, int] = {}
        for row, word in enumerate(words):
            if seen.setdefault(word, row) != row:
                repairs.duplicate(f"row {row + 1}", word)
        if len(seen) == len(words):
            raise
    kept = np.fromiter(seen.values(), np.int64, len(seen))
    subwords, counts = subwords and subwords.of_words(kept), None if counts is None else counts[kept]
    report = repairs.report(format, len(seen), matrix.shape[1])
    return WordVectors(list(seen), matrix[kept], subwords, counts, report)
