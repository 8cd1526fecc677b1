"""Word vectors: the words and a matrix, with queries, evaluation, transformations and saving."""

import difflib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed import text
from keras_embed._errors import check_one_of, message
from keras_embed._types import PathLike
from keras_embed.vectors import _folder, _search, _transforms, evaluation
from keras_embed.vectors._extras import positive
from keras_embed.vectors._search import Neighbor
from keras_embed.vectors.formats.read_report import ReadReport
from keras_embed.vectors.quantized import Matrix, QuantizedMatrix, as_matrix, take
from keras_embed.vectors.subwords import Subwords

_DTYPES = ("float16", "float32", "int8")
_CANDIDATES = 2000  # words that are compared with an unknown one, for a suggestion


class UnknownWordError(KeyError):
    """Raised for an out-of-vocabulary word, if there are no n-grams to compose its vector of.

    Similar spellings are searched only when the message is formatted, so that catching the error is cheap.

    Args:
        word: the word.
        words: the vocabulary.

    Example:
    >>> print(UnknownWordError("colour", ["color", "Colour", "red"]))
    Expected one of 3 words. Received: 'colour'. Try 'Colour' or 'color'.
    """

    def __init__(self, word: object, words: Sequence[str]) -> None:
        super().__init__(word)
        self.word = word
        self.words = words

    def __str__(self) -> str:
        text = f"Expected one of {len(self.words):,} words. Received: {self.word!r}."
        near = near_spellings(self.word, self.words) if isinstance(self.word, str) else []
        if near:
            return f"{text} Try {' or '.join(map(repr, near))}."
        if not isinstance(self.word, str):
            same = [word for word in self.words if str(word) == str(self.word)]
            return f"{text} Try {f'{same[0]!r}' if same else 'a key that the vectors hold'}."
        return f"{text} Try vectors with `subwords`, which have a vector for every word."


def near_spellings(word: str, words: Sequence[str], count: int = 3) -> list[str]:
    """Returns words that differ from a word by case or by a few letters, the closest first.

    Args:
        word: the unknown word.
        words: the vocabulary.
        count: maximum number of words.
    """
    # Other casings first; then words of similar length with the same first letter, compared by difflib.
    folded = word.casefold()
    same = [other for other in words if other.casefold() == folded]
    begin, length = word[:1].casefold(), len(word)
    likely = [other for other in words if abs(len(other) - length) <= 2 and other[:1].casefold() == begin]
    near = difflib.get_close_matches(word, likely[:_CANDIDATES], count, 0.75)
    return list(dict.fromkeys([*same, *near]))[:count]


def _keys(words: Iterable[str]) -> tuple[str, ...]:
    """Returns words as a tuple: bytes are decoded, None and NaN are refused, NumPy's scalars become Python's."""
    listed = tuple(words)
    if all(type(word) is str for word in listed):
        return listed
    return tuple(_key(index, word) for index, word in enumerate(listed))


def _key(index: int, word: Any) -> Any:
    if isinstance(word, np.generic):
        word = word.item()
    if isinstance(word, bytes):
        return word.decode("utf-8")
    if word is None or (isinstance(word, float) and word != word) or not isinstance(word, Hashable):
        raise ValueError(message("words", f"{word!r} at index {index}", "words without it"))
    return word


class WordVectors:
    """Words and a matrix with one row for each word.

    Immutable: transformations return new vectors. The matrix may be memory-mapped, half floats or a `QuantizedMatrix`;
    queries read it block by block and compute in float32.

    Args:
        words: V distinct words, by convention the most frequent first.
        matrix: (V, D) floats.
        subwords: n-gram rows, of which the vectors of out-of-vocabulary words are composed.
        counts: (V,) count of each word.
        report: the repairs of a reader.

    Raises:
        ValueError: If a word is repeated, or the number of words differs from the rows or counts.

    Example:
    >>> vectors = WordVectors(["king", "queen", "tree"], [[1.0, 0.1], [0.9, 0.3], [0.0, 1.0]])
    >>> vectors
    <WordVectors of 3 x 2 float32: 'king', 'queen', 'tree'>
    >>> [(word, round(score, 3)) for word, score in vectors.most_similar("king", top=2)]
    [('queen', 0.975), ('tree', 0.1)]
    """

    def __init__(
        self,
        words: Iterable[str],
        matrix: Matrix | ArrayLike,
        subwords: Subwords | None = None,
        counts: ArrayLike | None = None,
        report: ReadReport | None = None,
    ) -> None:
        self.words: Sequence[str] = words if isinstance(words, _folder.LazyWords) else _keys(words)
        self.matrix: Matrix = as_matrix(matrix)
        self.subwords = subwords
        self.counts: NDArray[np.int64] | None = None if counts is None else np.asanyarray(counts, np.int64)
        self.report = report
        self._rows_of: dict[str, int] | None = None
        self._inverse_norms: NDArray[np.float32] | None = None
        for name, array in (("matrix", self.matrix), ("counts", self.counts)):
            if array is not None and len(array) != len(self.words):
                what = f"one row of `{name}` for each of {len(self.words)} words"
                raise ValueError(message(what, f"{len(array)} rows"))
        if not isinstance(words, _folder.LazyWords):
            self._table()  # raises if a word is repeated

    @property
    def dim(self) -> int:
        """D, the width of a vector."""
        return int(self.matrix.shape[1])

    @property
    def inverse_norms(self) -> NDArray[np.float32]:
        """(V,) one over the norm of each row, 0 for a zero row; computed once."""
        if self._inverse_norms is None:
            self._inverse_norms = _search.inverse_norms(self.matrix)
        return self._inverse_norms

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, Hashable) and word in self._table()

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        return self.vector(word)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.words[:4])) + (" ..." if len(self) > 4 else "")
        more = "" if self.subwords is None else f" and {len(self.subwords.matrix):,} n-gram rows"
        return f"<WordVectors of {len(self):,} x {self.dim} {self.matrix.dtype}{more}: {shown}>"

    def index(self, word: str) -> int | None:
        """Returns the row of a word, `None` if it has none."""
        return self._table().get(word)

    def vector(self, word: str) -> NDArray[np.float32]:
        """Returns the vector of a word; an out-of-vocabulary one is composed of n-grams, if there are `subwords`.

        Args:
            word: the word.

        Returns:
            float32 (D,), a copy.

        Raises:
            UnknownWordError: If the word has no vector; a `KeyError` that suggests similar spellings.
        """
        return self.rows([word])[0]

    def rows(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Returns the vectors of N words, float32 (N, D); raises `UnknownWordError` for one without; see `vector`."""
        table = self._table()
        found = np.array([table.get(word, -1) for word in words], np.int64)
        unknown = np.flatnonzero(found < 0)
        if len(unknown) and (self.subwords is None or not isinstance(words[int(unknown[0])], str)):
            raise UnknownWordError(words[int(unknown[0])], self.words)
        if len(unknown) == 0:  # one indexing operation, which copies
            return np.array(self.matrix[found], np.float32)
        result = np.empty((len(words), self.dim), np.float32)
        result[found >= 0] = self.matrix[found[found >= 0]]
        if self.subwords is not None:
            result[unknown] = self.subwords.vectors([words[index] for index in unknown.tolist()])
        return result

    def most_similar(
        self, positive: Any, negative: Any = (), top: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Finds the words with the highest cosine to the sum of some unit vectors minus the sum of others.

        Args:
            positive: a word or vector, or several; `(word, weight)` weighs one. A vector is a list, array or tensor.
            negative: words or vectors that are subtracted.
            top: number of results. Words of the query are never among them. `None`: the scores of all rows.
            restrict_vocab: search only the first words, the most frequent ones.

        Returns:
            `(word, score)` pairs, the nearest first; or scores (V,) if `top` is `None`.

        Raises:
            UnknownWordError: If the vectors do not have a key.
            ValueError: If the vector of a word has NaN or inf.
        """
        return _search.most_similar(self, positive, negative, top, restrict_vocab)

    def analogy(self, a: str, b: str, c: str, top: int = 1, method: str = "3cosadd") -> list[Neighbor]:
        """Answers the analogy question `a : b = c : ?`.

        Args:
            a: such as "man".
            b: such as "king".
            c: such as "woman"; the answer would be "queen".
            top: number of answers.
            method: "3cosadd", the cosine with b + c - a, or "3cosmul", the product and quotient of cosines (Levy and
                Goldberg 2014).

        Returns:
            `(word, score)` pairs, the best first.
        """
        return _search.analogy(self, a, b, c, top, method)

    def most_similar_cosmul(self, positive: Any, negative: Any = (), top: int = 10) -> list[Neighbor]:
        """Finds the words with the highest product of similarities, 3CosMul, for any number of words.

        Args:
            positive: as in `most_similar`, without weights.
            negative: words or vectors whose similarities divide.
            top: number of results.

        References:
            Levy and Goldberg 2014, https://aclanthology.org/W14-1618, equation 4.
        """
        return _search.most_similar_cosmul(self, positive, negative, top)

    def mean_vector(self, words: Iterable[Any], weights: ArrayLike | None = None) -> NDArray[np.float32]:
        """Computes the weighted mean of the unit vectors of words, as gensim's `get_mean_vector`.

        Args:
            words: words or vectors.
            weights: a weight for each; `None`: 1.

        Returns:
            float32 (D,): the weighted sum over the sum of the absolute weights.
        """
        return _search.mean_vector(self, words, weights)

    def n_similarity(self, left: Iterable[Any], right: Iterable[Any]) -> float:
        """Computes the cosine of the means of the unit vectors of two sets of words."""
        a, b = self.mean_vector(left), self.mean_vector(right)
        return float(_search.unit(a) @ _search.unit(b))

    def closer_than(self, a: str, b: str) -> list[str]:
        """Returns the words whose cosine with `a` is higher than that of `b`, without `a`, as gensim does."""
        scores = self.most_similar(a, top=None)
        row, own = self._known(b), self._known(a)
        return [self.words[index] for index in np.flatnonzero(scores > scores[row]).tolist() if index != own]

    def rank(self, a: str, b: str) -> int:
        """Returns the rank of `b` among the words nearest to `a`, from 1."""
        return len(self.closer_than(a, b)) + 1

    def relative_cosine_similarity(self, a: str, b: str, top: int = 10) -> float:
        """Computes the cosine of two words over the sum of the cosines of `a` with its nearest words.

        References:
            Leeuwenberg et al. 2016, https://doi.org/10.1515/pralin-2016-0006.
        """
        return self.similarity(a, b) / sum(score for _, score in self.most_similar(a, top=top))

    def most_similar_to_given(self, word: str, words: Sequence[str]) -> str:
        """Returns the one of some words that is nearest to a word."""
        listed = list(words)
        if not listed:
            raise ValueError(message("at least one word", "none", "most_similar_to_given('king', ['queen', 'tree'])"))
        return listed[int(np.argmax([self.similarity(word, other) for other in listed]))]

    def with_vectors(self, words: Sequence[str], matrix: ArrayLike, replace: bool = False) -> "WordVectors":
        """Returns vectors with words added at the end; those that are there keep their vectors or get new ones.

        Args:
            words: N words.
            matrix: (N, D).
            replace: True to replace the vectors of words that are there.

        Raises:
            ValueError: If the vectors have another width or number.
        """
        added = WordVectors(words, matrix)
        if added.dim != self.dim:
            raise ValueError(message(f"vectors of {self.dim} numbers", f"{added.dim}"))
        result = np.array(self.matrix[:], np.float32)
        rows = [self.index(word) for word in added.words]
        both = [(old, new) for new, old in enumerate(rows) if old is not None]
        if replace and both:
            old_rows, new_rows = (np.array(side, np.int64) for side in zip(*both, strict=True))
            result[old_rows] = added.matrix[new_rows]
        new = np.array([index for index, row in enumerate(rows) if row is None], np.int64)
        names = [*self.words, *(added.words[index] for index in new.tolist())]
        return WordVectors(names, np.concatenate([result, np.asarray(added.matrix[new], np.float32)]))

    def aligned_to(self, other: "WordVectors", words: Iterable[str] | None = None) -> "WordVectors":
        """Rotates the vectors to those of another set by orthogonal Procrustes over the words of both.

        The rotation W minimises ||A W - B||, A and B the unit vectors of common words: W = U V^T if A^T B = U S V^T.

        Args:
            other: vectors of the same width.
            words: words to fit; `None`: all words of both.

        Raises:
            ValueError: If the widths differ, or there are fewer common words than numbers in a vector.

        References:
            Schönemann 1966, https://doi.org/10.1007/BF02289451.
        """
        if self.dim != other.dim:
            raise ValueError(message(f"vectors of {self.dim} numbers", f"{other.dim}"))
        common = [word for word in (self.words if words is None else words) if word in self and word in other]
        rows = _search.unit(self.rows(common)), _search.unit(other.rows(common))
        good = np.isfinite(rows[0]).all(axis=1) & np.isfinite(rows[1]).all(axis=1)
        if good.sum() < self.dim:
            raise ValueError(message(f"at least {self.dim} words of both sets", f"{int(good.sum())}"))
        u, _, v = np.linalg.svd(rows[0][good].astype(np.float64).T @ rows[1][good])
        return self._mapped(u @ v, np.zeros(self.dim))

    def _known(self, word: Any) -> int:
        row = self.index(word)
        if row is None:
            raise UnknownWordError(word, self.words)
        return row

    def similarity(self, a: str, b: str) -> float:
        """Computes the cosine of two words."""
        return float(_search.similarities(self, [a], [b])[0])

    def doesnt_match(self, words: Sequence[str]) -> str:
        """Returns the word that is farthest from the mean of all of them."""
        return _search.doesnt_match(self, words)

    def nearest(self, queries: ArrayLike, top: int = 10, block: int = _search.BLOCK) -> _search.Found:
        """Finds the rows with the highest cosine to each of many vectors, with memory for `block` rows at a time.

        Args:
            queries: (N, D).
            top: number of rows.
            block: number of rows that are compared together.

        Returns:
            Rows int64 and cosines float32, both (N, min(top, V)), the nearest first.

        Raises:
            ValueError: If `top` is below one, or the queries have another width.
        """
        top = positive("top", top)
        queries = np.asarray(queries, np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(message(f"`queries` of shape (N, {self.dim})", f"shape {queries.shape}"))
        return _search.nearest(self.matrix, self.inverse_norms, queries, top, block=block)

    def evaluate_analogies(
        self,
        questions: PathLike | Mapping[str, Sequence[evaluation.Question]],
        limit: int = 300_000,
        ignore_case: bool = True,
        method: str = "3cosadd",
    ) -> evaluation.AnalogyScore:
        """Answers a file of analogies, or questions by section; see `vectors.evaluation.evaluate_analogies`."""
        return evaluation.evaluate_analogies(self, questions, limit, ignore_case, method)

    def evaluate_similarity(
        self,
        pairs: PathLike | Iterable[evaluation.Pair],
        limit: int | None = None,
        ignore_case: bool = True,
        compose: bool = False,
    ) -> evaluation.SimilarityScore:
        """Correlates cosines with human judgements of pairs; see `vectors.evaluation.evaluate_similarity`."""
        return evaluation.evaluate_similarity(self, pairs, limit, ignore_case, compose)

    def subset(self, words: Iterable[str]) -> "WordVectors":
        """Returns the vectors of some words, in their order, without the out-of-vocabulary ones; n-gram rows stay."""
        rows = [row for row in map(self._table().get, dict.fromkeys(words)) if row is not None]
        chosen = np.array(rows, np.int64)
        subwords = self.subwords and self.subwords.of_words(chosen)
        counts = None if self.counts is None else self.counts[chosen]
        return WordVectors([self.words[row] for row in rows], take(self.matrix, chosen), subwords, counts)

    def normalized(self) -> "WordVectors":
        """Returns unit vectors. n-gram rows are dropped: a mean of them would not have length one."""
        return WordVectors(self.words, _search.unit(self.matrix[:]), None, self.counts)

    def reduced(self, dim: int) -> "WordVectors":
        """Projects the centred vectors to their first `dim` principal components; `ValueError` if there are fewer."""
        dim = positive("dim", dim)
        if dim > self.dim:
            raise ValueError(message(f"`dim` of at most {self.dim}", dim))
        # (x - mean) P^T, P the first principal directions (dim, D)
        mean, directions = _transforms.principal_components(self.matrix, dim)
        return self._mapped(directions.T, mean)

    def all_but_the_top(self, k: int = 3) -> "WordVectors":
        """Removes the mean and the first k principal components, which depend on frequency more than on meaning.

        Components are computed from the centred vectors and removed from them.

        Args:
            k: number of components; the paper uses D / 100.

        Raises:
            ValueError: If `k` is not in 0 to D.

        References:
            Mu and Viswanath 2018, https://arxiv.org/abs/1702.01417, algorithm 1.
        """
        if not 0 <= k <= self.dim:
            raise ValueError(message(f"`k` from 0 to {self.dim}", k))
        mean, directions = _transforms.principal_components(self.matrix, k)
        # (x - mean) (I - P^T P): the projection to the complement of the directions
        return self._mapped(np.eye(self.dim) - directions.T @ directions, mean)

    def astype(self, dtype: str) -> "WordVectors":
        """Converts the matrix to another type; n-gram rows are unchanged.

        Args:
            dtype: "float32", "float16" (half the memory) or "int8" (a quarter, with a scale for each row; see
                `QuantizedMatrix` for its accuracy).

        Raises:
            ValueError: If `dtype` is another one.
        """
        check_one_of("dtype", dtype, _DTYPES)
        matrix = QuantizedMatrix.of(self.matrix) if dtype == "int8" else np.asarray(self.matrix[:], dtype)
        return WordVectors(self.words, matrix, self.subwords, self.counts, self.report)

    def subword_index(self, normalizer: text.WordNormalizer | None = None) -> text.SubwordIndex:
        """Builds the ids for `layers.SubwordEmbedding.from_vectors`; `ValueError` if there are no n-gram rows."""
        if self.subwords is None:
            raise ValueError(message("vectors with n-gram rows", "none", "a fastText .bin file"))
        return self.subwords.index(self.words, normalizer)

    def save(self, folder: PathLike) -> None:
        """Writes a folder that `keras_embed.vectors.load` opens at once, memory-mapped; see `vectors.storage`."""
        _folder.write(self, folder)

    def _mapped(self, weights: NDArray[np.float64], mean: NDArray[np.float64]) -> "WordVectors":
        matrix = _transforms.affine(self.matrix, weights, mean)
        return WordVectors(self.words, matrix, _transforms.map_subwords(self.subwords, weights, mean), self.counts)

    def _table(self) -> dict[str, int]:
        """Returns the mapping from words to rows."""
        if self._rows_of is None:
            table = dict(zip(self.words, range(len(self.words)), strict=True))
            if len(table) != len(self.words):  # in a table with repeated words only the last row remains
                repeated = next(word for row, word in enumerate(self.words) if table[word] != row)
                raise ValueError(message("each word once", f"{repeated!r} more than once"))
            self._rows_of = table
        return self._rows_of
