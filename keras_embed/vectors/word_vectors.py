"""Words, and a vector for each."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.subwords import Subwords


class WordVectors:
    """Words and a matrix, one row for each word.

    Args:
        words: V words, each once.
        matrix: (V, D) floats.
        subwords: n-gram rows for words that are not among them.
        counts: how often each word was seen, in the same order.
        report: what a reader had to mend.

    Example:
    >>> vectors = WordVectors(["king", "queen"], [[1.0, 0.0], [0.6, 0.8]])
    >>> len(vectors), vectors.dim
    (2, 2)
    """

    def __init__(
        self,
        words: Iterable[str],
        matrix: Any,
        subwords: Subwords | None = None,
        counts: Iterable[int] | None = None,
        report: Any = None,
    ) -> None:
        self.words = tuple(words)
        self.matrix: NDArray[np.floating[Any]] = np.asarray(matrix)
        self.subwords = subwords
        self.counts = None if counts is None else tuple(counts)
        self.report = report

    @property
    def dim(self) -> int:
        """D, the width of a vector."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        return len(self.words)
