"""Vectors for words never seen, out of their character n-grams."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Subwords:
    """The n-gram rows of a fastText model, and which n-gram has which row.

    Attributes:
        matrix: (R, D) float32, one row for each bucket; in a pruned model one for each bucket that was kept.
        num_buckets: what hashes are taken modulo of.
        min_n: length of the shortest n-grams, in Unicode characters, the word's brackets `<` and `>` counted.
        max_n: length of the longest.
        kept: bucket to row of `matrix`, in a pruned model; `None` where every bucket has its row.
        word_rows: (V, D) float32, the words' own rows before n-grams are averaged in, in the order of the words; or
            `None` where they are not known.
    """

    matrix: NDArray[np.float32]
    num_buckets: int
    min_n: int
    max_n: int
    kept: Mapping[int, int] | None = None
    word_rows: NDArray[np.float32] | None = None
