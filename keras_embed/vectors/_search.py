"""Nearest words by cosine: the best rows of a large matrix, block by block in bounded memory, and queries of words."""

import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_one_of, message
from keras_embed.vectors._extras import positive as whole
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
#: A word or another key, or a vector.
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


def nonfinite_rows(matrix: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns the rows with NaN or inf; one product finds the few rows that are looked at closer."""
    if matrix.dtype != np.float32 or not matrix.size:
        return np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    with np.errstate(all="ignore"):
        rows = np.flatnonzero(~np.isfinite(matrix @ np.ones(matrix.shape[1], np.float32)))
    return rows[~np.isfinite(matrix[rows]).all(axis=1)]


def finite(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the rows without NaN and inf."""
    bad = nonfinite_rows(rows)
    return rows if len(bad) == 0 else np.delete(rows, bad, axis=0)


def inverse_norms(matrix: Matrix, block: int = BLOCK) -> NDArray[np.float32]:
    """Computes one over the length of each row, 0 for a zero row, NaN for a row with NaN or inf."""
    result = np.zeros(len(matrix), np.float32)
    for start in range(0, len(matrix), block):
        norms = np.linalg.norm(np.asarray(matrix[start : start + block], np.float32), axis=1)
        np.divide(1, norms, out=result[start : start + block], where=norms > 0)
        for row in np.flatnonzero(~np.isfinite(norms)).tolist():  # NaN, inf, or a sum that overflows
            norm = np.linalg.norm(np.asarray(matrix[start + row], np.float64))
            result[start + row] = 1 / norm if np.isfinite(norm) else np.nan
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
        inverse,
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

    return _in_chunks(len(positive), inverse, top, exclude, block, score)


def _cosines(
    queries: NDArray[np.float32], matrix: Matrix, inverse: NDArray[np.float32], part: slice
) -> NDArray[np.float32]:
    # Queries are unit vectors; the rows' norms are divided out after the product.
    scores = queries @ np.asarray(matrix[part], np.float32).T  # (N, block)
    scores *= inverse[part]
    return scores


def _in_chunks(
    num_queries: int,
    inverse: NDArray[np.float32],
    top: int,
    exclude: Pairs | None,
    block: int,
    score: Callable[[slice, slice], NDArray[np.float32]],
) -> Found:
    # Invariant: `rows` and `scores` hold the best `top` of the rows seen so far, unsorted.
    num_rows = len(inverse)
    top = min(top, num_rows)
    rows = np.zeros((num_queries, top), np.int64)
    scores = np.full((num_queries, top), -np.inf, np.float32)
    never = np.flatnonzero(np.isnan(inverse))  # rows with NaN or inf are no neighbours
    query, row = exclude if exclude is not None else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    for low in range(0, num_queries, _QUERIES):
        some = slice(low, min(low + _QUERIES, num_queries))
        mine = (query >= some.start) & (query < some.stop)
        for start in range(0, num_rows, block):
            part = slice(start, min(start + block, num_rows))
            found = score(some, part)
            if len(never):
                found[:, never[(never >= part.start) & (never < part.stop)] - start] = -np.inf
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
    vectors: Vectors, positive: Any, negative: Any, top: int | None, restrict_vocab: int | None = None
) -> list[Neighbor] | NDArray[np.float32]:
    """See `WordVectors.most_similar`."""
    added, subtracted = _as_list(vectors, positive), _as_list(vectors, negative)
    query, own = combined(vectors, added, subtracted)
    inverse = restricted(vectors, restrict_vocab)
    if top is None:
        return all_scores(vectors, query, inverse)
    pairs = np.zeros(len(own), np.int64), own
    return _neighbors(vectors, nearest(vectors.matrix, inverse, query[None], whole("top", top), pairs))


def combined(
    vectors: Vectors, added: list[Any], subtracted: list[Any]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Returns the weighted sum of unit vectors (D,), and the rows of the words in it."""
    if not added and not subtracted:
        raise ValueError(message("at least one word", "none", "most_similar(['king'])"))
    words, weights = zip(*[weighted(vectors, word) for word in [*added, *subtracted]], strict=True)
    factors = np.array(weights, np.float32)
    factors[len(added) :] *= -1  # negative words are subtracted
    units = unit(_rows(vectors, words)) * factors[:, None]
    return units.sum(axis=0), _own_rows(vectors, [words])[1]


def restricted(vectors: Vectors, restrict_vocab: int | None) -> NDArray[np.float32]:
    """Returns the inverse norms of the first rows, those that may be results."""
    inverse = vectors.inverse_norms
    return inverse if restrict_vocab is None else inverse[: whole("restrict_vocab", restrict_vocab)]


def all_scores(vectors: Vectors, query: NDArray[np.float32], inverse: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the cosine of each row, (n,); NaN for a row with NaN or inf."""
    queries = unit(query[None])
    parts = [slice(start, min(start + BLOCK, len(inverse))) for start in range(0, len(inverse), BLOCK)]
    scores = [_cosines(queries, vectors.matrix, inverse, part)[0] for part in parts]
    return np.concatenate([np.zeros(0, np.float32), *scores])


def most_similar_cosmul(vectors: Vectors, positive: Any, negative: Any, top: int) -> list[Neighbor]:
    """See `WordVectors.most_similar_cosmul`."""
    added, subtracted = _as_list(vectors, positive), _as_list(vectors, negative)
    if not added:
        raise ValueError(message("at least one word", "none", "most_similar_cosmul(['king'])"))
    first, second = (
        _rows(vectors, side)[None] if side else np.zeros((1, 0, vectors.dim), np.float32)
        for side in (added, subtracted)
    )
    own = _own_rows(vectors, [[*added, *subtracted]])
    return _neighbors(vectors, cosmul(vectors.matrix, vectors.inverse_norms, first, second, whole("top", top), own))


def analogy(vectors: Vectors, a: str, b: str, c: str, top: int, method: str) -> list[Neighbor]:
    """See `WordVectors.analogy`."""
    return _neighbors(vectors, analogies(vectors, [(a, b, c)], whole("top", top), method, vectors.inverse_norms))


def analogies(
    vectors: Vectors,
    questions: Sequence[Sequence[str | int]],
    top: int,
    method: str,
    inverse: NDArray[np.float32],
    as_rows: bool = False,
) -> Found:
    """Answers many questions `a : b = c : ?` at once.

    Args:
        vectors: `WordVectors`.
        questions: Q triples of words or of rows.
        top: number of answers to each.
        method: "3cosadd" or "3cosmul".
        inverse: inverse norms of the rows that may be answers.
        as_rows: True if the questions are rows, not words.

    Returns:
        Rows and scores, both (Q, top).
    """
    check_one_of("method", method, ("3cosadd", "3cosmul"))
    items = [word for question in questions for word in question]
    if as_rows:
        known = np.array(items, np.int64)
        rows = unit(np.asarray(vectors.matrix[known], np.float32))
        own: Pairs = np.repeat(np.arange(len(questions)), 3), known
    else:
        rows = unit(_rows(vectors, items))
        own = _own_rows(vectors, questions)
    a, b, c = rows.reshape(len(questions), 3, vectors.dim).transpose(1, 0, 2)  # (Q, D) each
    if method == "3cosadd":  # argmax_x cos(x, b + c - a)
        return nearest(vectors.matrix, inverse, b + c - a, top, own)
    return cosmul(vectors.matrix, inverse, np.stack([b, c], 1), a[:, None], top, own)


def similarities(vectors: Vectors, left: Sequence[Word], right: Sequence[Word]) -> NDArray[np.float32]:
    """Computes the cosines of pairs of words, (N,)."""
    products = unit(_rows(vectors, left)) * unit(_rows(vectors, right))
    return np.clip(products.sum(axis=1), -1, 1)


def doesnt_match(vectors: Vectors, words: Sequence[str]) -> str:
    """See `WordVectors.doesnt_match`."""
    listed = _as_list(vectors, words)
    if len(listed) < 2:
        raise ValueError(message("at least two words", listed, "doesnt_match(['breakfast', 'lunch', 'tree'])"))
    units = unit(_rows(vectors, listed))  # (N, D); the lowest cosine to their mean is the odd one out
    return str(listed[int(np.argmin(units @ units.mean(axis=0)))])


def mean_vector(vectors: Vectors, words: Any, weights: Any) -> NDArray[np.float32]:
    """See `WordVectors.mean_vector`."""
    listed = _as_list(vectors, words)
    if not listed:
        raise ValueError(message("at least one word", "none", "mean_vector(['king'])"))
    factors = np.ones(len(listed)) if weights is None else np.asarray(weights, np.float64)
    if factors.shape != (len(listed),) or not np.isfinite(factors).all() or not np.abs(factors).sum() > 0:
        raise ValueError(message(f"{len(listed)} finite weights, not all zero", repr(weights)))
    mean = factors @ unit(_rows(vectors, listed)) / np.abs(factors).sum()
    return np.asarray(mean, np.float32)


def is_key(vectors: Vectors, item: object) -> bool:
    """Returns True if the vectors have an item, of any hashable kind, as a key."""
    try:
        return vectors.index(item) is not None  # type: ignore[arg-type]
    except TypeError:  # not hashable
        return False


def weighted(vectors: Vectors, item: Any) -> tuple[Any, float]:
    """Returns a word or vector, and its weight: 1 unless the item is a pair `(word, weight)`."""
    if isinstance(item, tuple) and len(item) == 2 and not is_key(vectors, item):
        word, weight = item
        if isinstance(weight, numbers.Real) and not isinstance(word, numbers.Real):
            if not np.isfinite(float(weight)):
                raise ValueError(message("a finite weight", item))
            return word, float(weight)
    return item, 1.0


def as_vector(value: Any) -> NDArray[np.float32] | None:
    """Returns numbers as an array, from a list, tuple, array or tensor; `None` if it is anything else."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if isinstance(value, str | bytes | Mapping | set) or not hasattr(value, "__len__"):
        return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array.astype(np.float32) if array.dtype.kind in "fiu" else None


def _as_list(vectors: Vectors, words: Any) -> list[Any]:
    """Returns a list for one word or vector, or for several."""
    if isinstance(words, str | bytes | numbers.Real) or is_key(vectors, words):
        return [words]
    if weighted(vectors, words)[0] is not words:
        return [words]
    if isinstance(words, list | tuple) and any(is_key(vectors, word) for word in words):
        return list(words)
    array = as_vector(words)
    if array is not None and array.ndim == 1 and len(array) == vectors.dim:
        # Whole numbers may be items: then they are no vector.
        texts = words if isinstance(words, list | tuple) else ()
        if not any(isinstance(word, numbers.Integral) and is_key(vectors, str(word)) for word in texts):
            return [array]
    if isinstance(words, Mapping) or not isinstance(words, Iterable):
        raise TypeError(message("a word or vector, or several", words, "a list of words"))
    return list(words)


def _rows(vectors: Vectors, words: Sequence[Any]) -> NDArray[np.float32]:
    """Returns (N, D) for words or vectors themselves; a vector with NaN or inf is an error."""
    if all(isinstance(word, str) for word in words):
        rows = np.asarray(vectors.rows(words), np.float32)
    else:
        rows = np.stack([_row(vectors, word) for word in words])
    bad = nonfinite_rows(rows)
    if len(bad):
        received = f"NaN or inf in the vector of {words[int(bad[0])]!r}"
        raise ValueError(message("a vector of finite numbers", received, "another word"))
    return rows


def _row(vectors: Vectors, word: Any) -> NDArray[np.float32]:
    if isinstance(word, bytes) and not is_key(vectors, word):
        word = word.decode("utf-8")
    if isinstance(word, str) or is_key(vectors, word):
        return vectors.vector(word)
    array = as_vector(word)
    if array is None:  # an error that names the item
        return vectors.vector(word)
    if array.shape != (vectors.dim,):
        raise ValueError(message(f"a vector of {vectors.dim} numbers", f"shape {array.shape}"))
    return array


def _own_rows(vectors: Vectors, questions: Sequence[Sequence[Any]]) -> Pairs:
    """Returns the pairs of a question and a row of its own words, which are not answers."""
    pairs = [
        (index, vectors.index(word.decode("utf-8") if isinstance(word, bytes) else word))
        for index, words in enumerate(questions)
        for word in words
        if isinstance(word, bytes) or is_key(vectors, word)
    ]
    excluded = np.array([pair for pair in pairs if pair[1] is not None], np.int64).reshape(-1, 2)
    return excluded[:, 0], excluded[:, 1]


def _neighbors(vectors: Vectors, found: Found) -> list[Neighbor]:
    rows, scores = found[0][0].tolist(), found[1][0].tolist()
    return [Neighbor(vectors.words[row], score) for row, score in zip(rows, scores, strict=True) if row >= 0]
