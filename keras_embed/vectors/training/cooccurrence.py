"""Co-occurrence counts of words."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed.vectors._extras import positive
from keras_embed.vectors.training.corpus_ids import Corpus, TokenIds, token_ids

#: Number of pairs of a block: 8 bytes each, and as much again while they are sorted.
_BLOCK = 1 << 23


@dataclass(frozen=True)
class Cooccurrences:
    """A sparse matrix of words by words, sorted by row, then column.

    Attributes:
        words: V words, the most frequent first.
        counts: (V,) count of each word.
        rows: (P,) int32.
        columns: (P,) int32.
        values: (P,) float64, X[row, column] > 0.
    """

    words: list[str]
    counts: NDArray[np.int64]
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)


def cooccurrences(
    corpus: Corpus, window: int = 15, min_count: int = 5, weighting: str = "inverse", symmetric: bool = True
) -> Cooccurrences:
    """Counts the pairs of words at most `window` words apart within a sentence, as GloVe's `cooccur` does.

    Memory grows with the number of distinct pairs, and by 8 bytes for each word of the corpus.

    Args:
        corpus: as in `train_word2vec`.
        window: maximum distance. Rare words are removed before.
        min_count: words with a lower count are removed.
        weighting: "inverse": a pair counts 1 / distance; "flat": it counts 1.
        symmetric: True to count a pair in both directions; False: the row is the first word of the pair.

    Returns:
        `Cooccurrences`.

    Raises:
        TypeError: If the corpus can be read only once, such as a generator, or a sentence is not a list.
        ValueError: If an argument is out of range, or no word is frequent enough.

    References:
        Pennington et al. 2014, https://aclanthology.org/D14-1162, section 4.2.

    Example:
    >>> found = cooccurrences([["a", "b", "b"]], window=2, min_count=1, symmetric=False)
    >>> found.words, found.rows.tolist(), found.columns.tolist(), found.values.tolist()
    (['b', 'a'], [0, 1], [0, 0], [1.0, 1.5])
    """
    window = positive("window", window)
    _errors.check_one_of("weighting", weighting, ("flat", "inverse"))
    ids = token_ids(corpus, min_count)
    weights = 1.0 / np.arange(1, window + 1) if weighting == "inverse" else np.ones(window)
    keys, values = np.zeros(0, np.int64), np.zeros(0)
    for block in _blocks(ids, window, symmetric):
        keys, values = _merged(keys, values, *_summed(block, weights))
    rows, columns = np.divmod(keys, len(ids.words))
    if symmetric:  # so far only the upper triangle; the diagonal counts twice
        above = rows != columns
        rows, columns = np.concatenate([rows, columns[above]]), np.concatenate([columns, rows[above]])
        values = np.concatenate([np.where(above, values, 2 * values), values[above]])
        order = np.lexsort((columns, rows))
        rows, columns, values = rows[order], columns[order], values[order]
    return Cooccurrences(ids.words, ids.counts, rows.astype("int32"), columns.astype("int32"), values)


def _blocks(corpus: TokenIds, window: int, symmetric: bool) -> Iterator[NDArray[np.int64]]:
    """Yields one key for each pair, sorted: (row * V + column) * window + distance - 1."""
    size = len(corpus.words)
    step = max(_BLOCK // window, 1)
    for start in range(0, len(corpus.ids), step):
        # All pairs at one distance are a comparison of the corpus with itself, shifted.
        found = []
        for distance in range(1, window + 1):
            last = corpus.ids[start + distance : start + step + distance].astype(np.int64)
            first = corpus.ids[start : start + len(last)].astype(np.int64)
            near = (
                corpus.sentences[start : start + len(last)]
                == corpus.sentences[start + distance : start + step + distance]
            )
            row, column = (np.minimum(first, last), np.maximum(first, last)) if symmetric else (first, last)
            found.append(((row * size + column) * window + (distance - 1))[near])
        block = np.concatenate(found)
        block.sort()
        yield block


def _summed(block: NDArray[np.int64], weights: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns the distinct pairs of a block, sorted, and the sums of their weights."""
    if not len(block):
        return block, np.zeros(0)
    keys, distances = np.divmod(block, len(weights))
    starts = np.flatnonzero(np.diff(keys, prepend=-1))  # the first pair of each run of equal keys
    return keys[starts], np.add.reduceat(weights[distances], starts)


def _merged(
    keys: NDArray[np.int64], values: NDArray[np.float64], more: NDArray[np.int64], sums: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merges two sorted lists of pairs; `values` is updated in place."""
    indices = np.searchsorted(keys, more)
    known = np.zeros(len(more), bool)
    inside = indices < len(keys)
    known[inside] = keys[indices[inside]] == more[inside]
    values[indices[known]] += sums[known]
    new = ~known
    return np.insert(keys, indices[new], more[new]), np.insert(values, indices[new], sums[new])
