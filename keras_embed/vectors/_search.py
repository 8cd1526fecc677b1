"""The best rows of a large matrix, block by block, in bounded memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 8_192
"""Rows that are looked at together."""

_QUERIES = 256  # queries that are looked at together
_EPSILON = 1e-6  # 3CosMul's, as in Levy and Goldberg's code and gensim's

Found = tuple[NDArray[np.int64], NDArray[np.float32]]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def unit(rows: Any) -> NDArray[np.float32]:
    """Rows of length one; a zero row stays zero."""
    rows = np.asarray(rows, np.float32)
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


def inverse_norms(matrix: Any, block: int = BLOCK) -> NDArray[np.float32]:
    """One over the length of each row, 0 for a zero row."""
    result = np.zeros(len(matrix), np.float32)
    for start in range(0, len(matrix), block):
        norms = np.linalg.norm(np.asarray(matrix[start : start + block], np.float32), axis=1)
        np.divide(1, norms, out=result[start : start + block], where=norms > 0)
    return result


def nearest(
    matrix: Any,
    inverse: NDArray[np.float32],
    queries: NDArray[np.float32],
    top: int,
    exclude: Pairs | None = None,
    block: int = BLOCK,
) -> Found:
    """The rows of greatest cosine with each query, by one matrix product a block.

    Args:
        matrix: (V, D), anything whose slices are floats.
        inverse: (n,) `inverse_norms`; only the first n rows are looked at.
        queries: (N, D).
        top: how many rows.
        exclude: numbers of queries and of rows, both (P,): pairs that may not be an answer.
        block: rows that are looked at together.

    Returns:
        Row numbers and cosines, both (N, min(top, n)), the best first, ties by row. Where too few rows were left, the
        last ones are -1 with a cosine of -inf.
    """
    queries = unit(queries)
    return _in_chunks(
        len(queries),
        len(inverse),
        top,
        exclude,
        block,
        lambda some, part: _cosines(queries[some], matrix, inverse, part),
    )


def cosmul(
    matrix: Any,
    inverse: NDArray[np.float32],
    positive: NDArray[np.float32],
    negative: NDArray[np.float32],
    top: int,
    exclude: Pairs | None = None,
    block: int = BLOCK,
) -> Found:
    """As `nearest`, by 3CosMul: prod_i s(x, p_i) / (prod_j s(x, n_j) + 1e-6), s = (1 + cos) / 2.

    Levy and Goldberg 2014, https://aclanthology.org/W14-1618, equation (4).

    Args:
        matrix: (V, D).
        inverse: (n,) `inverse_norms`.
        positive: (N, P, D), the words that an answer should be like.
        negative: (N, M, D), those that it should not be like.
        top: how many rows.
        exclude: see `nearest`.
        block: see `nearest`.
    """
    positive, negative = unit(positive), unit(negative)

    def score(some: slice, part: slice) -> NDArray[np.float32]:
        def product(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
            result = np.ones((len(vectors), part.stop - part.start), np.float32)
            for place in range(vectors.shape[1]):
                result *= (1 + _cosines(vectors[:, place], matrix, inverse, part)) / 2
            return result

        return product(positive[some]) / (product(negative[some]) + np.float32(_EPSILON))

    return _in_chunks(len(positive), len(inverse), top, exclude, block, score)


def _cosines(
    queries: NDArray[np.float32], matrix: Any, inverse: NDArray[np.float32], part: slice
) -> NDArray[np.float32]:
    scores = queries @ np.asarray(matrix[part], np.float32).T  # (N, block)
    scores *= inverse[part]
    return scores


def _in_chunks(
    num_queries: int,
    num_rows: int,
    top: int,
    exclude: Pairs | None,
    block: int,
    score: Callable[[slice, slice], NDArray[np.float32]],
) -> Found:
    top = min(top, num_rows)
    rows = np.zeros((num_queries, top), np.int64)
    scores = np.full((num_queries, top), -np.inf, np.float32)
    query, row = exclude if exclude is not None else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    for low in range(0, num_queries, _QUERIES):
        some = slice(low, min(low + _QUERIES, num_queries))
        mine = (query >= some.start) & (query < some.stop)
        for start in range(0, num_rows, block):
            part = slice(start, min(start + block, num_rows))
            found = score(some, part)
            hidden = mine & (row >= part.start) & (row < part.stop)
            found[query[hidden] - low, row[hidden] - start] = -np.inf
            rows[some], scores[some] = _merge(rows[some], scores[some], found, start)
    rows[scores == -np.inf] = -1
    order = np.lexsort((rows, -scores), axis=1)
    return np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)


def _merge(rows: NDArray[np.int64], scores: NDArray[np.float32], found: NDArray[np.float32], start: int) -> Found:
    """The best of what was kept, (N, top), and of a block, (N, block), in no order."""
    top = rows.shape[1]
    better = found > scores.min(axis=1, keepdims=True)
    counts = better.sum(axis=1)
    width = int(counts.max(initial=0))
    if width == 0:
        return rows, scores
    if width > 4 * top:  # the first block, above all
        kept = min(top, found.shape[1])
        columns = np.argpartition(found, -kept, axis=1)[:, -kept:]
        values = np.take_along_axis(found, columns, 1)
    else:
        query, column = np.divmod(np.flatnonzero(better), better.shape[1])  # nonzero of two axes is far slower
        place = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
        columns = np.zeros((len(rows), width), np.int64)
        values = np.full((len(rows), width), -np.inf, np.float32)
        columns[query, place], values[query, place] = column, found[query, column]
    all_rows = np.concatenate([rows, columns + start], 1)
    all_scores = np.concatenate([scores, values], 1)
    chosen = np.argpartition(all_scores, -top, axis=1)[:, -top:]
    return np.take_along_axis(all_rows, chosen, 1), np.take_along_axis(all_scores, chosen, 1)
