"""Word vectors in the order of a vocabulary."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed import text
from keras_embed._errors import check_one_of, message
from keras_embed.vectors._search import BLOCK
from keras_embed.vectors._transforms import mean_row
from keras_embed.vectors.coverage import Coverage
from keras_embed.vectors.word_vectors import WordVectors

Fallback = str | Callable[[str], str]
FALLBACKS: tuple[str, ...] = ("lower", "title", "upper")
_CASES: dict[str, Callable[[str], str]] = {"lower": str.lower, "title": str.capitalize, "upper": str.upper}
_UNKNOWN = ("mean", "random", "zeros")
_KEPT_MISSING = 100


def align(
    vectors: WordVectors,
    vocabulary: Any,
    fallbacks: Sequence[Fallback] = FALLBACKS,
    unknown: str = "mean",
    seed: int | None = None,
) -> tuple[NDArray[np.float32], Coverage]:
    """A matrix with one row for each entry of a vocabulary, for an embedding layer.

    The row of padding (the empty string, or the mask token of a Keras layer) is zero. A word is looked up as it is,
    then by each fall-back in turn, then composed of n-grams where the vectors have them. What is left, and the unknown
    word ("[UNK]", or the out-of-vocabulary token of a Keras layer), gets what `unknown` says.

    Args:
        vectors: where rows come from.
        vocabulary: `text.Vocabulary`, `keras.layers.StringLookup`, `keras.layers.TextVectorization`, anything with
            `get_vocabulary()`, or a list of strings.
        fallbacks: "lower", "title", "upper": the word in that case. A function from word to key, or a language of
            Snowball stemmers such as "russian": the first of the vectors' words with the same key.
        unknown: "mean" of all vectors; "random", from a normal distribution with the vectors' mean and variances;
            "zeros".
        seed: makes "random" repeatable.

    Returns:
        float32 (V, D), and what was found how.

    Raises:
        ValueError: for another name of what is `unknown`.

    Example:
    >>> vectors = WordVectors(["Rome", "city"], [[1.0, 0.0], [0.0, 1.0]])
    >>> matrix, coverage = align(vectors, text.Vocabulary(["rome", "city", "xyz"]))
    >>> matrix.tolist()
    [[0.0, 0.0], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]
    >>> print(coverage)
    2 of 3 words have vectors (66.7%): 1 as they are, 1 title. Without: 'xyz'
    """
    check_one_of("unknown", unknown, _UNKNOWN)
    steps = [_step(fallback) for fallback in fallbacks]
    words, padding, unknown_token = _entries(vocabulary)
    is_padding = np.array([word in padding for word in words], bool)
    is_word = ~is_padding & np.array([word != unknown_token for word in words], bool)
    matrix = np.zeros((len(words), vectors.dim), np.float32)
    rows, fallback_counts = _look_up(vectors, words, is_word, steps)
    matrix[rows >= 0] = vectors.matrix[rows[rows >= 0]]
    found = rows >= 0
    exact = int(found.sum()) - sum(fallback_counts.values())
    composed = _compose(vectors, words, np.flatnonzero(is_word & ~found), matrix)
    found[composed] = True
    _fill(vectors, matrix, ~found & ~is_padding, unknown, seed)
    missing = np.flatnonzero(is_word & ~found)
    tokens, found_tokens = _tokens(vocabulary, words, is_word, found)
    coverage = Coverage(
        found=found,
        total=int(is_word.sum()),
        exact=exact,
        fallbacks=fallback_counts,
        composed=len(composed),
        missing=len(missing),
        missing_words=tuple(words[row] for row in missing[:_KEPT_MISSING].tolist()),
        tokens=tokens,
        found_tokens=found_tokens,
    )
    return matrix, coverage


def _entries(vocabulary: Any) -> tuple[list[str], set[str], str]:
    """The entries, which of them are padding, and which is the unknown word."""
    if isinstance(vocabulary, str):
        raise TypeError(message("a vocabulary", vocabulary, "a list of words"))
    listed = vocabulary.get_vocabulary() if hasattr(vocabulary, "get_vocabulary") else vocabulary
    words = [str(word) for word in listed]
    padding, unknown = getattr(vocabulary, "mask_token", None), getattr(vocabulary, "oov_token", None)
    return words, {text.vocabulary.PADDING, padding or text.vocabulary.PADDING}, unknown or text.vocabulary.UNKNOWN


def _step(fallback: Fallback) -> tuple[str, Callable[[Sequence[str]], Sequence[str]], bool]:
    """A fall-back's name, what it makes of some words, and whether of the vectors' words as well."""
    if callable(fallback):
        return getattr(fallback, "__name__", "by key"), lambda words: [fallback(word) for word in words], True
    if fallback in _CASES:
        change = _CASES[fallback]
        return fallback, lambda words: [change(word) for word in words], False
    import snowballstemmer

    if fallback not in snowballstemmer.algorithms():
        what = f"every fall-back to be a function, one of {sorted(_CASES)}, or a language that Snowball stems"
        raise ValueError(message(what, repr(fallback), "'english' or 'russian'"))
    stemmer = snowballstemmer.stemmer(fallback)
    return f"stem ({fallback})", lambda words: stemmer.stemWords([word.lower() for word in words]), True


def _look_up(
    vectors: WordVectors, words: list[str], is_word: NDArray[np.bool_], steps: Sequence[Any]
) -> tuple[NDArray[np.int64], dict[str, int]]:
    """The row of each entry, -1 where it has none, and how many were found by each fall-back."""
    rows = np.full(len(words), -1, np.int64)

    def try_keys(keys: Sequence[str], places: NDArray[np.int64], index: Callable[[str], int | None]) -> int:
        found = [index(key) for key in keys]
        rows[places] = [-1 if row is None else row for row in found]
        return len(found) - found.count(None)

    places = np.flatnonzero(is_word)
    try_keys([words[place] for place in places.tolist()], places, vectors.index)
    counts: dict[str, int] = {}
    for name, change, both in steps:
        places = np.flatnonzero(is_word & (rows < 0))
        if len(places) == 0:
            break
        index: Callable[[str], int | None] = vectors.index
        if both:
            keys = change(vectors.words)
            # From the last to the first, so that the first word of several with a key stays.
            index = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True)).get
        counts[name] = counts.get(name, 0) + try_keys(change([words[row] for row in places.tolist()]), places, index)
    return rows, counts


def _compose(
    vectors: WordVectors, words: list[str], places: NDArray[np.int64], matrix: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Writes rows made of n-grams; returns the places of words that have any."""
    if vectors.subwords is None or len(places) == 0:
        return places[:0]
    left = [words[place] for place in places.tolist()]
    has_ngrams = vectors.subwords.row_table(left)[1] > 0
    matrix[places[has_ngrams]] = vectors.subwords.vectors(left)[has_ngrams]
    return places[has_ngrams]


def _fill(
    vectors: WordVectors, matrix: NDArray[np.float32], rows: NDArray[np.bool_], unknown: str, seed: int | None
) -> None:
    """Rows of words without a vector."""
    if unknown == "zeros" or not rows.any():
        return
    mean = mean_row(vectors.matrix)
    matrix[rows] = mean
    if unknown == "random":
        deviation = np.zeros(vectors.dim)
        for start in range(0, len(vectors), BLOCK):
            deviation += np.square(np.asarray(vectors.matrix[start : start + BLOCK], np.float32) - mean).sum(axis=0)
        deviation = np.sqrt(deviation / max(len(vectors), 1))
        matrix[rows] += np.random.default_rng(seed).normal(size=(int(rows.sum()), vectors.dim)) * deviation


def _tokens(
    vocabulary: Any, words: list[str], is_word: NDArray[np.bool_], found: NDArray[np.bool_]
) -> tuple[int | None, int | None]:
    """Occurrences of all words and of those found, where the vocabulary counts."""
    if not isinstance(vocabulary, text.Vocabulary):
        return None, None
    counts = [vocabulary.count(word) for word in words]
    if None in counts:
        return None, None
    array = np.array(counts, np.int64)
    return int(array[is_word].sum()), int(array[is_word & found].sum())
