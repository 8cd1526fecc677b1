"""Nearest words by cosine: the best rows of a large matrix, block by block in bounded memory, and queries of words."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.vectors.quantized import Matrix
from keras_embed.vectors.subwords import Subwords

#: Number of rows that are compared together.
BLOCK = 8_192

_QUERIES = 256  # queries that are compared together
_EPSILON = 1e-6  # 3CosMul's, as in Levy and Goldberg's code and gensim's

#: Rows and scores, both (N, top).
Found = tuple[NDArray[np.int64], NDArray[np.float32]]
#: Indices of queries and of rows, both (P,).
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
#: A word, its row, or a vector.
Word = str | int | NDArray[np.floating]


class Vectors(Protocol):
    """The attributes of `WordVectors` that queries, evaluation and storage use."""

    words: Sequence[str]
    matrix: Matrix
    subwords: Subwords | None
    counts: NDArray[np.int64] | None

    @property
    def dim(self) -> int:
        """D, the width of a vector."""
        ...

    @property
    def inverse_norms(self) -> NDArray[np.float32]:
        """(V,) one over the length of each row."""
        ...

    def __len__(self) -> int: ...

    def index(self, word: str) -> int | None:
        """Returns the row of a word, `None` if it has none."""
        ...

    def vector(self, word: str) -> NDArray[np.float32]:
        """Returns the vector of a word."""
        ...

    def rows(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Returns the vectors of N words, (N, D)."""
        ...


def unit(rows: ArrayLike) -> NDArray[np.float32]:
    """Scales rows to length one; a zero row stays zero."""
    rows = np.asarray(rows, np.float32)
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1), np.float32)


def inverse_norms(matrix: Matrix, block: int = BLOCK) -> NDArray[np.float32]:
    """Computes one over the length of each row, 0 for a zero row."""
    result = np.zeros(len(matrix), np.float32)
    for start in range(0, len(matrix), block):
        norms = np.linalg.norm(np.asarray(matrix[start : start + block], np.float32), axis=1)
        np.divide(1, norms, out=result[start : start + block], where=norms > 0)
    return result


def nearest(
    matrix: Matrix,
    inverse: NDArray[np.float32],
    queries: NDArray[np.float32],
    top: int,
    exclude: Pairs | None = None,
    block: int = BLOCK,
) -> Found:
    """Finds the rows with the highest cosine to each query, with one matrix product for each block.

    Args:
        matrix: (V, D); slices of it are converted to float32.
        inverse: (n,) `inverse_norms`; only the first n rows are searched.
        queries: (N, D).
        top: number of rows.
        exclude: indices of queries and rows, both (P,): pairs that are not returned.
        block: number of rows that are compared together.

    Returns:
        Rows and cosines, both (N, min(top, n)), the best first, ties by row. If fewer rows are left, the last ones are
        -1 with a cosine of -inf.
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
    matrix: Matrix,
    inverse: NDArray[np.float32],
    positive: NDArray[np.float32],
    negative: NDArray[np.float32],
    top: int,
    exclude: Pairs | None = None,
    block: int = BLOCK,
) -> Found:
    """Finds the rows with the highest 3CosMul, `prod_i s(x, p_i) / (prod_j s(x, n_j) + 1e-6)`, `s = (1 + cos) / 2`.

    Args:
        matrix: (V, D).
        inverse: (n,) `inverse_norms`.
        positive: p, (N, P, D), vectors that a result should be similar to.
        negative: n, (N, M, D), vectors that it should not be similar to.
        top: number of rows.
        exclude: see `nearest`.
        block: see `nearest`.

    Returns:
        As `nearest`.

    References:
        Levy and Goldberg 2014, https://aclanthology.org/W14-1618, equation 4.
    """
    positive, negative = unit(positive), unit(negative)

    def score(some: slice, part: slice) -> NDArray[np.float32]:
        def product(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
            result = np.ones((len(vectors), part.stop - part.start), np.float32)
            for index in range(vectors.shape[1]):
                result *= (1 + _cosines(vectors[:, index], matrix, inverse, part)) / 2
            return result

        return product(positive[some]) / (product(negative[some]) + np.float32(_EPSILON))

    return _in_chunks(len(positive), len(inverse), top, exclude, block, score)


def _cosines(
    queries: NDArray[np.float32], matrix: Matrix, inverse: NDArray[np.float32], part: slice
) -> NDArray[np.float32]:
    # Queries are unit vectors; the rows' norms are divided out after the product.
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
    # Invariant: `rows` and `scores` hold the best `top` of the rows seen so far, unsorted.
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
            found[query[hidden] - low, row[hidden] - start] = -np.inf  # excluded pairs
            rows[some], scores[some] = _merge(rows[some], scores[some], found, start)
    rows[scores == -np.inf] = -1
    order = np.lexsort((rows, -scores), axis=1)  # by score, ties by row
    return np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)


def _merge(rows: NDArray[np.int64], scores: NDArray[np.float32], found: NDArray[np.float32], start: int) -> Found:
    """Merges the best rows so far, (N, top), with those of a block, (N, block), in no particular order."""
    top = rows.shape[1]
    better = found > scores.min(axis=1, keepdims=True)
    counts = better.sum(axis=1)
    width = int(counts.max(initial=0))
    if width == 0:
        return rows, scores
    if width > 4 * top:  # mostly the first block
        best = min(top, found.shape[1])
        columns = np.argpartition(found, -best, axis=1)[:, -best:]
        values = np.take_along_axis(found, columns, 1)
    else:
        # Few candidates: gather those of each query into the columns of a narrow matrix.
        query, column = np.divmod(np.flatnonzero(better), better.shape[1])  # nonzero of two axes is far slower
        index = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
        columns = np.zeros((len(rows), width), np.int64)
        values = np.full((len(rows), width), -np.inf, np.float32)
        columns[query, index], values[query, index] = column, found[query, column]
    all_rows = np.concatenate([rows, columns + start], 1)
    all_scores = np.concatenate([scores, values], 1)
    chosen = np.argpartition(all_scores, -top, axis=1)[:, -top:]
    return np.take_along_axis(all_rows, chosen, 1), np.take_along_axis(all_scores, chosen, 1)


class Neighbor(NamedTuple):
    """A word and its similarity.

    Attributes:
        word: the word.
        score: its cosine, or the score of another method.
    """

    word: str
    score: float


def most_similar(
    vectors: Vectors, positive: Word | Iterable[Word], negative: Word | Iterable[Word], top: int
) -> list[Neighbor]:
    """See `WordVectors.most_similar`."""
    check_positive("top", top)
    added, subtracted = _as_list(positive), _as_list(negative)
    words = [*added, *subtracted]
    if not words:
        raise ValueError(message("at least one word", "none", "most_similar(['king'])"))
    units = unit(_rows(vectors, words))
    units[len(added) :] *= -1  # negative words are subtracted
    query = units.sum(axis=0, keepdims=True)  # (1, D)
    found = nearest(vectors.matrix, vectors.inverse_norms, query, top, _own_rows(vectors, [words]))
    return _neighbors(vectors, found)


def analogy(vectors: Vectors, a: str, b: str, c: str, top: int, method: str) -> list[Neighbor]:
    """See `WordVectors.analogy`."""
    check_positive("top", top)
    return _neighbors(vectors, analogies(vectors, [(a, b, c)], top, method, vectors.inverse_norms))


def analogies(
    vectors: Vectors, questions: Sequence[Sequence[str | int]], top: int, method: str, inverse: NDArray[np.float32]
) -> Found:
    """Answers many questions `a : b = c : ?` at once.

    Args:
        vectors: `WordVectors`.
        questions: Q triples of words or of rows.
        top: number of answers to each.
        method: "3cosadd" or "3cosmul".
        inverse: inverse norms of the rows that may be answers.

    Returns:
        Rows and scores, both (Q, top).
    """
    check_one_of("method", method, ("3cosadd", "3cosmul"))
    rows = unit(_rows(vectors, [word for question in questions for word in question]))
    a, b, c = rows.reshape(len(questions), 3, vectors.dim).transpose(1, 0, 2)  # (Q, D) each
    own = _own_rows(vectors, questions)
    if method == "3cosadd":  # argmax_x cos(x, b + c - a)
        return nearest(vectors.matrix, inverse, b + c - a, top, own)
    return cosmul(vectors.matrix, inverse, np.stack([b, c], 1), a[:, None], top, own)


def similarities(vectors: Vectors, left: Sequence[Word], right: Sequence[Word]) -> NDArray[np.float32]:
    """Computes the cosines of pairs of words, (N,)."""
    products = unit(_rows(vectors, left)) * unit(_rows(vectors, right))
    return np.clip(products.sum(axis=1), -1, 1)


def doesnt_match(vectors: Vectors, words: Sequence[str]) -> str:
    """See `WordVectors.doesnt_match`."""
    listed = _as_list(words)
    if len(listed) < 2:
        raise ValueError(message("at least two words", listed, "doesnt_match(['breakfast', 'lunch', 'tree'])"))
    units = unit(_rows(vectors, listed))  # (N, D); the lowest cosine to their mean is the odd one out
    return str(listed[int(np.argmin(units @ units.mean(axis=0)))])


def _as_list(words: Word | Iterable[Word]) -> list[Word]:
    """Returns a list for one word or vector, or for several."""
    if isinstance(words, str) or (isinstance(words, np.ndarray) and words.ndim == 1 and words.dtype.kind in "fiu"):
        return [words]
    return list(words)  # type: ignore[arg-type]


def _rows(vectors: Vectors, words: Sequence[Word]) -> NDArray[np.float32]:
    """Returns (N, D) for words, rows, or vectors themselves."""
    if all(isinstance(word, str) for word in words):
        return np.asarray(vectors.rows([str(word) for word in words]), np.float32)
    if all(isinstance(word, (int, np.integer)) for word in words):
        return np.asarray(vectors.matrix[np.array(words, np.int64)], np.float32)
    return np.stack([vectors.vector(word) if isinstance(word, str) else np.asarray(word, np.float32) for word in words])


def _own_rows(vectors: Vectors, questions: Sequence[Sequence[Word]]) -> Pairs:
    """Returns the pairs of a question and a row of its own words, which are not answers."""
    pairs = [
        (index, row)
        for index, words in enumerate(questions)
        for row in (vectors.index(word) if isinstance(word, str) else word for word in words)
        if isinstance(row, (int, np.integer))
    ]
    excluded = np.array(pairs, np.int64).reshape(-1, 2)
    return excluded[:, 0], excluded[:, 1]


def _neighbors(vectors: Vectors, found: Found) -> list[Neighbor]:
    rows, scores = found[0][0].tolist(), found[1][0].tolist()
    return [Neighbor(vectors.words[row], score) for row, score in zip(rows, scores, strict=True) if row >= 0]
