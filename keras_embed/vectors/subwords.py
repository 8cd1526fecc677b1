"""Vectors of out-of-vocabulary words, composed of their character n-grams."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_embed import text

_GATHERED = 4_000_000  # floats that `Subwords.vectors` gathers at a time


@dataclass(frozen=True, eq=False)
class Subwords:
    """The n-gram rows of a fastText model, and the mapping from n-grams to rows.

    Attributes:
        matrix: (R, D) float32, one row for each bucket; in a pruned model one for each remaining bucket.
        num_buckets: modulus of the hashes.
        min_n: length of the shortest n-grams, in Unicode characters, including the brackets `<` and `>` of the word.
        max_n: length of the longest n-grams.
        kept: bucket to row of `matrix` in a pruned model; `None` if every bucket has its row.
        word_rows: (V, D) float32, the words' own rows without their n-grams, in the order of the words; `None` if they
            are not known.

    Example:
    >>> subwords = Subwords(np.eye(4, dtype="float32"), num_buckets=4, min_n=3, max_n=3)
    >>> subwords.rows("cat").tolist()
    [3, 3, 2]
    >>> subwords.vector("cat").tolist()
    [0.0, 0.0, 0.3333333432674408, 0.6666666865348816]
    """

    matrix: NDArray[np.float32]
    num_buckets: int
    min_n: int
    max_n: int
    kept: Mapping[int, int] | None = None
    word_rows: NDArray[np.float32] | None = None

    def rows(self, word: str) -> NDArray[np.int64]:
        """Returns the rows of `matrix` of a word's n-grams, one for each n-gram; pruned buckets have none.

        Args:
            word: any text. "</s>" has no n-grams.

        Returns:
            int64 (n,).
        """
        buckets = text.ngrams.ngram_buckets(word, self.min_n, self.max_n, self.num_buckets)
        if self.kept is None:
            return np.array(buckets, np.int64)
        return np.array([self.kept[bucket] for bucket in buckets if bucket in self.kept], np.int64)

    def vector(self, word: str) -> NDArray[np.float32]:
        """Computes the mean of a word's n-gram rows, zero if it has none: fastText's out-of-vocabulary vector.

        Args:
            word: any text.

        Returns:
            float32 (D,).
        """
        rows = self.rows(word)
        total = np.asarray(self.matrix[rows], np.float32).sum(axis=0)
        return np.asarray(total / np.float32(max(len(rows), 1)), np.float32)

    def row_table(self, words: Sequence[str | bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the `rows` of many words at once.

        Args:
            words: N words, as text or as UTF-8 bytes.

        Returns:
            The concatenated rows of all words, int64 (sum of lengths,), and the number of rows of each word, (N,).
        """
        buckets, lengths = text.ngrams.ngram_bucket_table(words, self.min_n, self.max_n, self.num_buckets)
        rows = buckets.astype(np.int64) if self._row_of is None else self._row_of[buckets]
        if self._row_of is not None:  # drop the n-grams of pruned buckets
            word = np.repeat(np.arange(len(words)), lengths)[rows >= 0]
            rows, lengths = rows[rows >= 0], np.bincount(word, minlength=len(words))
        return rows, lengths

    def vectors(
        self, words: Sequence[str | bytes], word_rows: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Computes the `vector` of many words at once.

        Args:
            words: N words, as text or as UTF-8 bytes.
            word_rows: (N, D) the words' own rows. With them the result is fastText's in-vocabulary vector, the mean of
                a word's own row and of its n-gram rows.

        Returns:
            float32 (N, D).
        """
        result = np.zeros((len(words), self.matrix.shape[1]), np.float32)
        rows, lengths = self.row_table(words)
        ends = np.cumsum(lengths)
        start = 0
        while start < len(words):
            # As many words as fit into the buffer, but at least one.
            begin = ends[start] - lengths[start]
            stop = int(np.searchsorted(ends, begin + max(_GATHERED // max(self.matrix.shape[1], 1), 1), side="right"))
            stop = max(stop, start + 1)
            some = np.flatnonzero(lengths[start:stop]) + start  # reduceat has no empty sums
            if len(some):
                gathered = np.asarray(self.matrix[rows[begin : ends[stop - 1]]], np.float32)
                result[some] = np.add.reduceat(gathered, (ends - lengths)[some] - begin, axis=0)
            start = stop
        # result holds sums; fastText counts a word's own row like one of its n-grams.
        if word_rows is not None:
            result += word_rows
            lengths = lengths + 1
        return result / np.maximum(lengths, 1).astype(np.float32)[:, None]

    def of_words(self, rows: NDArray[np.int64]) -> "Subwords":
        """Returns the same n-grams for a subset of the words, by their rows."""
        return self if self.word_rows is None else dataclasses.replace(self, word_rows=np.array(self.word_rows[rows]))

    def index(self, words: Sequence[str], normalizer: text.WordNormalizer | None = None) -> text.SubwordIndex:
        """Builds the ids of padding, words and n-gram rows, in that order, for TensorFlow graphs."""
        return text.SubwordIndex(words, self.min_n, self.max_n, self.num_buckets, self.kept, normalizer)

    @functools.cached_property
    def _row_of(self) -> NDArray[np.int64] | None:
        """(num_buckets,) row of each bucket, -1 if it was pruned."""
        if self.kept is None:
            return None
        table = np.full(max(self.num_buckets, 1), -1, np.int64)
        table[np.fromiter(self.kept.keys(), np.int64, len(self.kept))] = np.fromiter(
            self.kept.values(), np.int64, len(self.kept)
        )
        return table
