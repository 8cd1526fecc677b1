"""Words, and a vector for each."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed import text
from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.vectors import _queries, _search, _transforms, evaluation
from keras_embed.vectors._queries import Neighbor
from keras_embed.vectors._unknown_word import UnknownWordError
from keras_embed.vectors._words import LazyWords
from keras_embed.vectors.quantized import QuantizedMatrix, as_matrix, take
from keras_embed.vectors.subwords import Subwords

_DTYPES = ("float16", "float32", "int8")
Words = str | ArrayLike | Sequence[str | ArrayLike]


class WordVectors:
    """Words and a matrix, one row for each word.

    Nothing changes it: what transforms it gives a new one. A matrix may be memory-mapped, half floats or a
    `QuantizedMatrix`; questions read it block by block and compute in float32.

    Args:
        words: V words, each once, the most frequent first by custom.
        matrix: (V, D) floats.
        subwords: n-gram rows, out of which words that are not among the V get their vectors.
        counts: how often each word was seen, in the same order.
        report: what a reader had to mend.

    Raises:
        ValueError: for a word twice, or as many words as there are not rows or counts.

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
        matrix: Any,
        subwords: Subwords | None = None,
        counts: Any = None,
        report: Any = None,
    ) -> None:
        self.words: Sequence[str] = words if isinstance(words, LazyWords) else tuple(words)
        self.matrix: Any = as_matrix(matrix)
        self.subwords = subwords
        self.counts: NDArray[np.int64] | None = None if counts is None else np.asanyarray(counts, np.int64)
        self.report = report
        self._rows_of: dict[str, int] | None = None
        self._inverse_norms: NDArray[np.float32] | None = None
        for name, array in (("matrix", self.matrix), ("counts", self.counts)):
            if array is not None and len(array) != len(self.words):
                what = f"one row of `{name}` for each of {len(self.words)} words"
                raise ValueError(message(what, f"{len(array)} rows"))
        if not isinstance(words, LazyWords):
            self._table()

    @property
    def dim(self) -> int:
        """D, the width of a vector."""
        return int(self.matrix.shape[1])

    @property
    def inverse_norms(self) -> NDArray[np.float32]:
        """(V,) one over the length of each row, 0 for a zero row; computed once."""
        if self._inverse_norms is None:
            self._inverse_norms = _search.inverse_norms(self.matrix)
        return self._inverse_norms

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._table()

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        return self.vector(word)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.words[:4])) + (" ..." if len(self) > 4 else "")
        more = "" if self.subwords is None else f" and {len(self.subwords.matrix):,} n-gram rows"
        return f"<WordVectors of {len(self):,} x {self.dim} {self.matrix.dtype}{more}: {shown}>"

    def index(self, word: str) -> int | None:
        """The row of a word, `None` where it has none."""
        return self._table().get(word)

    def vector(self, word: str) -> NDArray[np.float32]:
        """The vector of a word; of an unknown one out of its n-grams, where there are `subwords`.

        Args:
            word: the word.

        Returns:
            float32 (D,), a copy.

        Raises:
            UnknownWordError: a `KeyError` that names near spellings.
        """
        return self.rows([word])[0]

    def rows(self, words: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of N words, float32 (N, D); `UnknownWordError` for one without; see `vector`."""
        table = self._table()
        found = np.array([table.get(word, -1) for word in words], np.int64)
        unknown = np.flatnonzero(found < 0)
        if len(unknown) and self.subwords is None:
            raise UnknownWordError(words[int(unknown[0])], self.words)
        if len(unknown) == 0:
            return np.array(self.matrix[found], np.float32)
        result = np.empty((len(words), self.dim), np.float32)
        result[found >= 0] = self.matrix[found[found >= 0]]
        if self.subwords is not None:
            result[unknown] = self.subwords.vectors([words[place] for place in unknown.tolist()])
        return result

    def most_similar(self, positive: Words, negative: Words = (), top: int = 10) -> list[Neighbor]:
        """The words nearest by cosine to the sum of some unit vectors less the sum of others.

        Args:
            positive: a word or vector, or several.
            negative: what the answer should not be like.
            top: how many answers. Words of the question are never among them.

        Returns:
            `(word, score)` pairs, the nearest first.
        """
        return _queries.most_similar(self, positive, negative, top)

    def analogy(self, a: str, b: str, c: str, top: int = 1, method: str = "3cosadd") -> list[Neighbor]:
        """What is to `c` as `b` is to `a`.

        Args:
            a: as in "man".
            b: as in "king".
            c: as in "woman", whose answer would be "queen".
            top: how many answers.
            method: "3cosadd", the cosine with b + c - a, or "3cosmul", the product and quotient of cosines (Levy and
                Goldberg 2014).
        """
        return _queries.analogy(self, a, b, c, top, method)

    def similarity(self, a: str, b: str) -> float:
        """The cosine of two words."""
        return float(_queries.similarities(self, [a], [b])[0])

    def doesnt_match(self, words: Sequence[str]) -> str:
        """The word that is farthest from the mean of all of them."""
        return _queries.doesnt_match(self, words)

    def nearest(self, queries: ArrayLike, top: int = 10, block: int = _search.BLOCK) -> _search.Found:
        """The rows of greatest cosine with each of many vectors, in memory for `block` rows at a time.

        Args:
            queries: (N, D).
            top: how many rows.
            block: rows that are looked at together.

        Returns:
            Row numbers int64 and cosines float32, both (N, min(top, V)), the nearest first.

        Raises:
            ValueError: for `top` below one, and queries of another width.
        """
        check_positive("top", top)
        queries = np.asarray(queries, np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(message(f"`queries` of shape (N, {self.dim})", f"shape {queries.shape}"))
        return _search.nearest(self.matrix, self.inverse_norms, queries, top, block=block)

    def evaluate_analogies(self, questions: Any, **options: Any) -> evaluation.AnalogyScore:
        """Answers a file of analogies, or questions by section; see `vectors.evaluation.evaluate_analogies`."""
        return evaluation.evaluate_analogies(self, questions, **options)

    def evaluate_similarity(self, pairs: Any, **options: Any) -> evaluation.SimilarityScore:
        """Compares cosines with people's judgements of pairs; see `vectors.evaluation.evaluate_similarity`."""
        return evaluation.evaluate_similarity(self, pairs, **options)

    def subset(self, words: Iterable[str]) -> "WordVectors":
        """Those of some words that are known, in the order given; n-gram rows stay."""
        rows = [row for row in map(self._table().get, dict.fromkeys(words)) if row is not None]
        chosen = np.array(rows, np.int64)
        subwords = self.subwords and self.subwords.of_words(chosen)
        counts = None if self.counts is None else self.counts[chosen]
        return WordVectors([self.words[row] for row in rows], take(self.matrix, chosen), subwords, counts)

    def normalized(self) -> "WordVectors":
        """Every vector of length one. n-gram rows are dropped: a mean of them would not have that length."""
        return WordVectors(self.words, _search.unit(self.matrix[:]), None, self.counts)

    def reduced(self, dim: int) -> "WordVectors":
        """The first `dim` principal components of the centred vectors; `ValueError` for more than there are."""
        check_positive("dim", dim)
        if dim > self.dim:
            raise ValueError(message(f"`dim` of at most {self.dim}", dim))
        mean, directions = _transforms.principal_components(self.matrix, dim)
        return self._mapped(directions.T, mean)

    def all_but_the_top(self, k: int = 3) -> "WordVectors":
        """Without the mean and the k first principal components, which say how frequent a word is more than what it
        means (Mu and Viswanath 2018, https://arxiv.org/abs/1702.01417, algorithm 1; they take k = D / 100). Components
        are found in the centred vectors and taken out of them. `ValueError` for a `k` outside 0 ... D.
        """
        if not 0 <= k <= self.dim:
            raise ValueError(message(f"`k` from 0 to {self.dim}", k))
        mean, directions = _transforms.principal_components(self.matrix, k)
        return self._mapped(np.eye(self.dim) - directions.T @ directions, mean)

    def astype(self, dtype: str) -> "WordVectors":
        """The same in another type: "float32", "float16" (half the memory) or "int8" (a quarter, with a scale for each
        row; see `QuantizedMatrix` for how exact); another is a `ValueError`. n-gram rows stay as they are.
        """
        check_one_of("dtype", dtype, _DTYPES)
        matrix = QuantizedMatrix.of(self.matrix) if dtype == "int8" else np.asarray(self.matrix[:], dtype)
        return WordVectors(self.words, matrix, self.subwords, self.counts, self.report)

    def subword_index(self, normalizer: text.WordNormalizer | None = None) -> text.SubwordIndex:
        """Makes the ids that `layers.SubwordEmbedding.from_vectors` reads; `ValueError` without rows of n-grams."""
        if self.subwords is None:
            raise ValueError(message("vectors with n-gram rows", "none", "a fastText .bin file"))
        return self.subwords.index(self.words, normalizer)

    def save(self, folder: str | Path) -> None:
        """Writes a folder that `keras_embed.vectors.load` opens at once, memory-mapped; see `vectors.storage`."""
        from keras_embed.vectors import storage

        storage.write(self, folder)

    def _mapped(self, weights: NDArray[np.float64], mean: NDArray[np.float64]) -> "WordVectors":
        matrix = _transforms.affine(self.matrix, weights, mean)
        return WordVectors(self.words, matrix, _transforms.map_subwords(self.subwords, weights, mean), self.counts)

    def _table(self) -> dict[str, int]:
        """Word to row."""
        if self._rows_of is None:
            table = dict(zip(self.words, range(len(self.words)), strict=True))
            if len(table) != len(self.words):
                repeated = next(word for row, word in enumerate(self.words) if table[word] != row)
                raise ValueError(message("each word once", f"{repeated!r} more than once"))
            self._rows_of = table
        return self._rows_of
