"""Questions to word vectors about likeness."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.vectors import _search


class Neighbor(NamedTuple):
    """A word and how near it is.

    Attributes:
        word: the word.
        score: its cosine, or what another method gave it.
    """

    word: str
    score: float


def most_similar(vectors: Any, positive: Any, negative: Any, top: int) -> list[Neighbor]:
    """See `WordVectors.most_similar`."""
    check_positive("top", top)
    positive, negative = _as_list(positive), _as_list(negative)
    if not positive and not negative:
        raise ValueError(message("at least one word", "none", "most_similar(['king'])"))
    units = _search.unit(_rows(vectors, [*positive, *negative]))
    units[len(positive) :] *= -1
    query = units.sum(axis=0, keepdims=True)  # (1, D)
    found = _search.nearest(
        vectors.matrix, vectors.inverse_norms, query, top, _own_rows(vectors, [[*positive, *negative]])
    )
    return _neighbors(vectors, found)


def analogy(vectors: Any, a: str, b: str, c: str, top: int, method: str) -> list[Neighbor]:
    """See `WordVectors.analogy`."""
    check_positive("top", top)
    return _neighbors(vectors, analogies(vectors, [(a, b, c)], top, method, vectors.inverse_norms))


def analogies(
    vectors: Any, questions: Sequence[Sequence[Any]], top: int, method: str, inverse: NDArray[np.float32]
) -> _search.Found:
    """Answers to many questions `a : b = c : ?` at once.

    Args:
        vectors: `WordVectors`.
        questions: Q triples of words or of numbers of words.
        top: how many answers to each.
        method: "3cosadd" or "3cosmul".
        inverse: inverse norms of the rows that may be answers.

    Returns:
        Rows and scores, both (Q, top).
    """
    check_one_of("method", method, ("3cosadd", "3cosmul"))
    rows = _search.unit(_rows(vectors, [word for question in questions for word in question]))
    a, b, c = rows.reshape(len(questions), 3, vectors.dim).transpose(1, 0, 2)  # (Q, D) each
    own = _own_rows(vectors, questions)
    if method == "3cosadd":
        return _search.nearest(vectors.matrix, inverse, b + c - a, top, own)
    return _search.cosmul(vectors.matrix, inverse, np.stack([b, c], 1), a[:, None], top, own)


def similarities(vectors: Any, left: Sequence[Any], right: Sequence[Any]) -> NDArray[np.float32]:
    """Cosines of some pairs of words, (N,)."""
    products = _search.unit(_rows(vectors, left)) * _search.unit(_rows(vectors, right))
    return np.clip(products.sum(axis=1), -1, 1)


def doesnt_match(vectors: Any, words: Sequence[str]) -> str:
    """See `WordVectors.doesnt_match`."""
    words = _as_list(words)
    if len(words) < 2:
        raise ValueError(message("at least two words", words, "doesnt_match(['breakfast', 'lunch', 'tree'])"))
    units = _search.unit(_rows(vectors, words))
    return str(words[int(np.argmin(units @ units.mean(axis=0)))])


def _as_list(words: Any) -> list[Any]:
    """One word or vector, or several, as a list."""
    one = isinstance(words, str) or (isinstance(words, np.ndarray) and words.ndim == 1 and words.dtype.kind in "fiu")
    return [words] if one else list(words)


def _rows(vectors: Any, words: Sequence[Any]) -> NDArray[np.float32]:
    """(N, D) of words, numbers of words, or vectors themselves."""
    if all(isinstance(word, str) for word in words):
        return np.asarray(vectors.rows(words), np.float32)
    if all(isinstance(word, (int, np.integer)) for word in words):
        return np.asarray(vectors.matrix[np.array(words, np.int64)], np.float32)
    return np.stack([vectors.vector(word) if isinstance(word, str) else np.asarray(word, np.float32) for word in words])


def _own_rows(vectors: Any, questions: Sequence[Sequence[Any]]) -> _search.Pairs:
    """Which words may not answer which question: those that it asks with."""
    pairs = [
        (number, row)
        for number, words in enumerate(questions)
        for row in (vectors.index(word) if isinstance(word, str) else word for word in words)
        if isinstance(row, (int, np.integer))
    ]
    numbers = np.array(pairs, np.int64).reshape(-1, 2)
    return numbers[:, 0], numbers[:, 1]


def _neighbors(vectors: Any, found: _search.Found) -> list[Neighbor]:
    rows, scores = found[0][0].tolist(), found[1][0].tolist()
    return [Neighbor(vectors.words[row], score) for row, score in zip(rows, scores, strict=True) if row >= 0]
