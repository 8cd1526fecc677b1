"""Word vectors in the order of a vocabulary, and a report of their coverage."""

import gzip
import numbers
import os
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from keras_embed import text
from keras_embed._errors import check_one_of, message
from keras_embed.vectors._search import BLOCK, finite, nonfinite_rows
from keras_embed.vectors._transforms import mean_row
from keras_embed.vectors.word_vectors import WordVectors

Fallback = str | Callable[[str], str]
FALLBACKS: tuple[str, ...] = ("lower", "title", "upper", "phrase", "unicode")
_CASES: dict[str, Callable[[str], str]] = {"lower": str.lower, "title": str.capitalize, "upper": str.upper}


def _phrases(word: str) -> list[str]:
    """Returns a phrase joined by the other of space and underscore, also in lower case and with capitals."""
    parts = word.replace("_", " ").split()
    if len(parts) < 2:
        return []
    capitals = [part.capitalize() for part in parts]
    cased = (parts, [part.lower() for part in parts], capitals)
    return [joint.join(form) for form in cased for joint in ("_", " ")]


def _unicode_forms(word: str) -> list[str]:
    """Returns the composed, decomposed and compatibility forms of a word."""
    return [] if word.isascii() else [unicodedata.normalize(form, word) for form in ("NFC", "NFD", "NFKC")]


#: Fall-backs with several spellings of a word; the first of them that has a vector is used.
_FORMS: dict[str, Callable[[str], list[str]]] = {"phrase": _phrases, "unicode": _unicode_forms}


def spellings(word: str) -> list[str]:
    """Returns the spellings that the fall-backs look for, without the word itself."""
    found = [change(word) for change in _CASES.values()]
    for forms in _FORMS.values():
        found += forms(word)
    return [other for other in dict.fromkeys(found) if other != word]


_UNKNOWN = ("mean", "random", "zeros")
_LISTED_MISSING = 100


class HasVocabulary(Protocol):
    """A layer or object with a vocabulary, such as `text.Vocabulary` and `keras.layers.StringLookup`."""

    def get_vocabulary(self) -> Sequence[str]:
        """Returns the entries."""
        ...


class _Step(NamedTuple):
    """A fall-back: its name, a function of words to keys, and True if the vectors' words have keys too."""

    name: str
    keys: Callable[[Sequence[str]], Sequence[str]]
    both: bool


_SHOWN = 10


@dataclass(frozen=True, eq=False)
class Coverage:
    """Sources of the rows of an aligned matrix. Reserved rows (padding, unknown) are not counted.

    Attributes:
        found: (V,) bool, True for rows from the vectors, including composed ones.
        total: number of words of the vocabulary.
        exact: number of words found unchanged.
        fallbacks: number of words found by each fall-back, in the order tried.
        composed: number of words composed of n-grams.
        missing: number of words without a vector.
        missing_words: the first hundred of them.
        tokens: occurrences of all words, `None` if the vocabulary has no counts.
        found_tokens: occurrences of the words that were found.
        nonfinite: number of words whose vector has NaN or inf; they are among those without a vector.
    """

    found: NDArray[np.bool_]
    total: int
    exact: int
    fallbacks: Mapping[str, int]
    composed: int
    missing: int
    missing_words: tuple[str, ...]
    tokens: int | None = None
    found_tokens: int | None = None
    nonfinite: int = 0

    @property
    def share(self) -> float:
        """Share of the words with a vector."""
        return 1 - self.missing / self.total if self.total else float("nan")

    @property
    def token_share(self) -> float | None:
        """Share of the occurrences whose word has a vector, `None` if there are no counts."""
        return self.found_tokens / self.tokens if self.tokens and self.found_tokens is not None else None

    def __str__(self) -> str:
        ways = {"as they are": self.exact, **self.fallbacks, "composed": self.composed}
        text = f"{self.total - self.missing:,} of {self.total:,} words have vectors ({self.share:.1%}"
        text += f"; {self.token_share:.1%} of the tokens)" if self.token_share is not None else ")"
        text += ": " + ", ".join(f"{count:,} {way}" for way, count in ways.items() if count or way == "as they are")
        if self.missing:
            words = ", ".join(map(repr, self.missing_words[:_SHOWN]))
            text += f". Without: {words}{' ...' if self.missing > _SHOWN else ''}"
        if self.nonfinite:
            text += f". NaN or inf in the vectors of {self.nonfinite:,} words, which are not used"
        return text


def align(
    vectors: WordVectors,
    vocabulary: HasVocabulary | Mapping[str, int] | Iterable[str] | os.PathLike[str],
    fallbacks: Sequence[Fallback] = FALLBACKS,
    unknown: str = "mean",
    seed: int | None = None,
) -> tuple[NDArray[np.float32], Coverage]:
    """Builds a matrix with one row for each entry of a vocabulary, for an embedding layer.

    The row of padding (the empty string, or the mask token of a Keras layer) is zero. A word is looked up unchanged,
    then by each fall-back in turn, then composed of n-grams if the vectors have them. The remaining words, and the
    unknown word ("[UNK]", or the out-of-vocabulary token of a Keras layer), are filled as `unknown` specifies.

    Args:
        vectors: the word vectors.
        vocabulary: `text.Vocabulary`, `keras.layers.StringLookup`, `keras.layers.TextVectorization`, anything with
            `get_vocabulary()`, a list of strings, a `pathlib.Path` of a file with a word on each line, or a dictionary
            of words to rows, such as Keras' `word_index`, whose unused rows are zero. An integer item is found by its
            text, if it is not a key itself.
        fallbacks: "lower", "title", "upper": the word in that case; "phrase": `New_York` for "New York" or "new york",
            and the reverse; "unicode": other normal forms. A function from word to key, or a language of
            Snowball stemmers such as "russian": the first of the vectors' words with the same key.
        unknown: "mean" of all vectors; "random", from a normal distribution with the vectors' mean and variances;
            "zeros". Vectors with NaN or inf do not count.
        seed: seed of "random".

    Returns:
        float32 (V, D), and its `Coverage`.

    Raises:
        ValueError: If `unknown` or a fall-back is not one of these.

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
    is_word = ~is_padding & np.array([word not in unknown_token for word in words], bool)
    matrix = np.zeros((len(words), vectors.dim), np.float32)  # (V, D); padding stays zero
    rows, exactly, fallback_counts = _look_up(vectors, words, is_word, steps)
    matrix[rows >= 0] = vectors.matrix[rows[rows >= 0]]
    # NaN and inf never enter the matrix: their words have no vector.
    bad = nonfinite_rows(matrix)
    if len(bad):
        named = ", ".join(repr(words[row]) for row in bad[:_SHOWN].tolist())
        warnings.warn(f"Vectors with NaN or inf are not used. Words: {named}", stacklevel=3)
        rows[bad], matrix[bad] = -1, 0
    # Steps in order: look up, fall back, compose, fill. Each step handles only what is still missing.
    found = rows >= 0
    exact = int((found & exactly).sum())
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
        missing_words=tuple(str(words[row]) for row in missing[:_LISTED_MISSING].tolist()),
        tokens=tokens,
        found_tokens=found_tokens,
        nonfinite=len(bad),
    )
    return matrix, coverage


#: Unknown words of Keras' `Tokenizer` and other makers of dictionaries.
_OOV = frozenset({"<OOV>", "<oov>", "<UNK>", "<unk>"})


def _entries(vocabulary: Any) -> tuple[list[Any], set[Any], set[Any]]:
    """Returns the entries, the padding entries, and the unknown words."""
    padding, unknown = getattr(vocabulary, "mask_token", None), getattr(vocabulary, "oov_token", None)
    is_dictionary = isinstance(vocabulary, Mapping) or hasattr(vocabulary, "word_index")
    reserved = {text.vocabulary.UNKNOWN if unknown is None or is_dictionary else unknown}
    words = vocabulary_words(vocabulary)
    if is_dictionary:
        reserved |= _OOV | ({unknown} if unknown is not None else set())
    return words, {text.vocabulary.PADDING, text.vocabulary.PADDING if padding is None else padding}, reserved


def vocabulary_words(vocabulary: Any) -> list[Any]:
    """Returns the entries of a vocabulary in the order of their ids; unused ids of a dictionary are padding.

    Raises:
        TypeError: If it is not a vocabulary, or an entry is neither text nor an integer.
        ValueError: If the numbers of a dictionary are not distinct integers from 0.
    """
    if isinstance(vocabulary, str | bytes):
        raise TypeError(message("a vocabulary", vocabulary, "a list of words, or pathlib.Path(...) of a file"))
    if isinstance(vocabulary, os.PathLike):
        return _file_words(Path(vocabulary))
    if hasattr(vocabulary, "word_index"):  # Keras' former `Tokenizer`
        vocabulary = vocabulary.word_index
    if isinstance(vocabulary, Mapping):
        return _by_number(vocabulary)
    if isinstance(vocabulary, set | frozenset):
        vocabulary = sorted(vocabulary)
    elif hasattr(vocabulary, "columns"):
        raise TypeError(message("a vocabulary", type(vocabulary).__name__, "one column, as a list"))
    listed = vocabulary.get_vocabulary() if hasattr(vocabulary, "get_vocabulary") else vocabulary
    return [_entry(index, word) for index, word in enumerate(listed)]


def _entry(index: int, word: object) -> Any:
    if isinstance(word, bytes):
        return word.decode("utf-8")
    if isinstance(word, str):
        return str(word)
    if isinstance(word, numbers.Integral) and not isinstance(word, bool):
        return int(word)
    raise TypeError(message("a vocabulary of words or integers", f"{word!r} at index {index}", "str(word) of each"))


def _by_number(table: Mapping[Any, Any]) -> list[Any]:
    """Returns the words of a dictionary at the indices that it gives."""
    for word, number in table.items():
        if not isinstance(number, numbers.Integral) or isinstance(number, bool) or number < 0:
            expected = "a dictionary of words to row numbers, from 0 or 1"
            raise ValueError(message(expected, f"{word!r}: {number!r}", "a list of words"))
    words: list[Any] = [text.vocabulary.PADDING] * (max(map(int, table.values()), default=-1) + 1)
    taken: set[int] = set()
    for word, number in table.items():
        if int(number) in taken:
            raise ValueError(message("each row number once", f"{number} again, of {word!r}", "a list of words"))
        taken.add(int(number))
        words[int(number)] = _entry(int(number), word)
    return words


def _file_words(path: Path) -> list[str]:
    """Reads a file with a word on each line, UTF-8, plain or gz."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: " + message("UTF-8", f"{data[wrong.start : wrong.start + 8]!r}")
        ) from wrong
    return [line.rstrip("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def _step(fallback: Fallback) -> _Step:
    if callable(fallback):
        return _Step(getattr(fallback, "__name__", "by key"), lambda words: [fallback(word) for word in words], True)
    if fallback in _FORMS:
        return _Step(fallback, list, False)
    if fallback in _CASES:
        change = _CASES[fallback]
        return _Step(fallback, lambda words: [change(word) for word in words], False)
    import snowballstemmer

    if fallback not in snowballstemmer.algorithms():
        what = (
            f"every fall-back to be a function, one of {sorted([*_CASES, *_FORMS])}, or a language that Snowball stems"
        )
        raise ValueError(message(what, repr(fallback), "'english' or 'russian'"))
    stemmer = snowballstemmer.stemmer(fallback)
    return _Step(f"stem ({fallback})", lambda words: stemmer.stemWords([word.lower() for word in words]), True)


def _look_up(
    vectors: WordVectors, words: list[str], is_word: NDArray[np.bool_], steps: Sequence[_Step]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], dict[str, int]]:
    """Returns the row of each entry, -1 if it has none, True for exact matches, and counts of the fall-backs."""
    rows = np.full(len(words), -1, np.int64)

    def try_keys(keys: Sequence[str], indices: NDArray[np.int64], index: Callable[[str], int | None]) -> int:
        found = [index(key) for key in keys]
        rows[indices] = [-1 if row is None else row for row in found]
        return len(found) - found.count(None)

    indices = np.flatnonzero(is_word)
    try_keys([words[index] for index in indices.tolist()], indices, lambda word: _index(vectors, word))
    words = [str(word) for word in words]  # the spellings of integers
    exactly = rows >= 0
    counts: dict[str, int] = {}
    for name, change, both in steps:
        indices = np.flatnonzero(is_word & (rows < 0))
        if len(indices) == 0:
            break
        index: Callable[[str], int | None] = vectors.index
        if name in _FORMS:
            index = partial(_first, vectors, _FORMS[name])
        if both:
            keys = change(vectors.words)  # such as the stems of all words
            # From the last to the first, so that the first word with a key is the one that remains.
            index = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True)).get
        counts[name] = counts.get(name, 0) + try_keys(change([words[row] for row in indices.tolist()]), indices, index)
    return rows, exactly, counts


def _first(vectors: WordVectors, forms: Callable[[str], list[str]], word: str) -> int | None:
    """Returns the row of the first form of a word that has one."""
    return next((row for row in map(vectors.index, forms(word)) if row is not None), None)


def _index(vectors: WordVectors, word: Any) -> int | None:
    """Returns the row of a word or of an integer item, whose text is the word if it is not a key itself."""
    row = vectors.index(word)
    return vectors.index(str(word)) if row is None and not isinstance(word, str) else row


def _compose(
    vectors: WordVectors, words: list[str], indices: NDArray[np.int64], matrix: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Writes rows composed of n-grams; returns the indices of the words that have any."""
    if vectors.subwords is None or len(indices) == 0:
        return indices[:0]
    left = [str(words[index]) for index in indices.tolist()]
    # A word whose buckets are all pruned has no n-grams, and stays missing.
    has_ngrams = vectors.subwords.row_table(left)[1] > 0
    matrix[indices[has_ngrams]] = vectors.subwords.vectors(left)[has_ngrams]
    return indices[has_ngrams]


def _fill(
    vectors: WordVectors, matrix: NDArray[np.float32], rows: NDArray[np.bool_], unknown: str, seed: int | None
) -> None:
    """Fills the rows of words without a vector."""
    if unknown == "zeros" or not rows.any():
        return
    mean = mean_row(vectors.matrix)
    matrix[rows] = mean
    if unknown == "random":
        count, deviation = 0, np.zeros(vectors.dim)  # standard deviation of each dimension, summed in blocks
        for start in range(0, len(vectors), BLOCK):
            block = finite(np.asarray(vectors.matrix[start : start + BLOCK], np.float32))
            deviation += np.square(block - mean).sum(axis=0)
            count += len(block)
        deviation = np.sqrt(deviation / max(count, 1))
        matrix[rows] += np.random.default_rng(seed).normal(size=(int(rows.sum()), vectors.dim)) * deviation


def _tokens(
    vocabulary: object, words: list[str], is_word: NDArray[np.bool_], found: NDArray[np.bool_]
) -> tuple[int | None, int | None]:
    """Returns the occurrences of all words and of those found, `None` if the vocabulary has no counts."""
    if not isinstance(vocabulary, text.Vocabulary):
        return None, None
    counts = [vocabulary.count(word) for word in words]
    if None in counts:
        return None, None
    array = np.array(counts, np.int64)
    return int(array[is_word].sum()), int(array[is_word & found].sum())
