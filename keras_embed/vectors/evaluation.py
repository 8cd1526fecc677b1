"""How well word vectors answer analogies, and how like people they judge likeness."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_positive
from keras_embed.vectors import _queries
from keras_embed.vectors._evaluation_files import Pair, Question, read_analogies, read_pairs

_TRIED = 5  # answers that are tried in turn, as many as gensim does


@dataclass(frozen=True)
class SectionScore:
    """One section of an analogy test.

    Attributes:
        name: of the section.
        correct: questions answered rightly.
        asked: questions all of whose words are known.
        total: questions.
    """

    name: str
    correct: int
    asked: int
    total: int

    @property
    def accuracy(self) -> float:
        """The share answered rightly of the questions asked; NaN where none was."""
        return self.correct / self.asked if self.asked else float("nan")

    @property
    def coverage(self) -> float:
        """The share of the questions that could be asked."""
        return self.asked / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return f"{self.name:<30}{self.accuracy:>8.1%}{self.correct:>7} of{self.asked:>6}{self.coverage:>10.1%} covered"


@dataclass(frozen=True)
class AnalogyScore:
    """An analogy test, by section.

    Attributes:
        sections: in the order of the file.
    """

    sections: tuple[SectionScore, ...]

    @property
    def total(self) -> SectionScore:
        """All questions."""
        return _sum("total", self.sections)

    @property
    def semantic(self) -> SectionScore:
        """Those of the sections that are not syntactic."""
        return _sum("semantic", [section for section in self.sections if not _is_syntactic(section)])

    @property
    def syntactic(self) -> SectionScore:
        """Those of the sections named "gram...", as Google's file has it."""
        return _sum("syntactic", [section for section in self.sections if _is_syntactic(section)])

    def __str__(self) -> str:
        return "\n".join(map(str, [*self.sections, self.semantic, self.syntactic, self.total]))


@dataclass(frozen=True)
class SimilarityScore:
    """Cosines against people's judgements.

    Attributes:
        spearman: correlation of the ranks, NaN below two pairs.
        pearson: correlation of the values.
        found: pairs both of whose words are known.
        total: pairs.
    """

    spearman: float
    pearson: float
    found: int
    total: int

    @property
    def coverage(self) -> float:
        """The share of the pairs that were found."""
        return self.found / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return (
            f"Spearman {self.spearman:.3f}, Pearson {self.pearson:.3f} on {self.found} of {self.total} pairs "
            f"({self.coverage:.1%})"
        )


def evaluate_analogies(
    vectors: Any,
    questions: str | Path | Mapping[str, Sequence[Question]],
    limit: int = 300_000,
    ignore_case: bool = True,
    method: str = "3cosadd",
) -> AnalogyScore:
    """Answers analogy questions among the most frequent words, as gensim's `evaluate_word_analogies` does.

    Args:
        vectors: `WordVectors`.
        questions: a file for `read_analogies`, or questions by section.
        limit: only so many words, from the first on, are asked about and may be answers.
        ignore_case: take words in capitals; of several that become the same, the first counts.
        method: "3cosadd" or "3cosmul".
    """
    check_positive("limit", limit)
    if isinstance(questions, (str, Path)):
        questions = read_analogies(questions)
    known = _numbers(vectors, limit, ignore_case)
    scores = []
    for name, rows in questions.items():
        cased = [[_cased(word, ignore_case) for word in row] for row in rows]
        asked = [row for row in cased if all(word in known for word in row)]
        numbers = [[known[word] for word in row[:3]] for row in asked]
        found = _queries.analogies(vectors, numbers, _TRIED, method, vectors.inverse_norms[:limit])[0]
        answers = [[_cased(vectors.words[row], ignore_case) for row in best if row >= 0] for best in found.tolist()]
        correct = sum(_is_right(row, tried) for row, tried in zip(asked, answers, strict=True))
        scores.append(SectionScore(name, correct, len(asked), len(rows)))
    return AnalogyScore(tuple(scores))


def evaluate_similarity(
    vectors: Any,
    pairs: str | Path | Iterable[Pair],
    limit: int | None = None,
    ignore_case: bool = True,
    compose: bool = False,
) -> SimilarityScore:
    """Rank correlation of cosines with people's judgements; pairs with an unknown word are left out, and counted.

    Args:
        vectors: `WordVectors`.
        pairs: a file for `read_pairs`, or triples `(word, word, score)`.
        limit: only so many words, from the first on, count as known.
        ignore_case: see `evaluate_analogies`.
        compose: make vectors of unknown words out of their n-grams, where there are `subwords`.
    """
    pairs = read_pairs(pairs) if isinstance(pairs, (str, Path)) else list(pairs)
    known = _numbers(vectors, len(vectors) if limit is None else limit, ignore_case)
    words = list(dict.fromkeys(word for pair in pairs for word in pair[:2]))
    numbers = {word: known.get(_cased(word, ignore_case)) for word in words}
    usable: dict[str, Any] = {
        word: vectors.words[number] if number is not None else word
        for word, number in numbers.items()
        if number is not None or (compose and vectors.subwords is not None)
    }
    kept = [(usable[a], usable[b], score) for a, b, score in pairs if a in usable and b in usable]
    gold = np.array([score for _, _, score in kept])
    cosines = _queries.similarities(vectors, [a for a, _, _ in kept], [b for _, b, _ in kept]) if kept else gold
    return SimilarityScore(spearman(gold, cosines), _pearson(gold, cosines), len(kept), len(pairs))


def spearman(left: ArrayLike, right: ArrayLike) -> float:
    """Spearman's rank correlation; values that are equal share the mean of their ranks.

    Args:
        left: (N,).
        right: (N,).

    Example:
    >>> round(spearman([1, 2, 3, 3], [2, 4, 8, 9]), 4)
    0.9487
    """
    return _pearson(_ranks(left), _ranks(right))


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    _, place, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def _pearson(left: ArrayLike, right: ArrayLike) -> float:
    x, y = np.asarray(left, np.float64), np.asarray(right, np.float64)
    if len(x) < 2:
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else float("nan")


def _sum(name: str, sections: Sequence[SectionScore]) -> SectionScore:
    return SectionScore(name, *(sum(getattr(s, what) for s in sections) for what in ("correct", "asked", "total")))


def _is_syntactic(section: SectionScore) -> bool:
    return section.name.startswith("gram")


def _cased(word: str, ignore_case: bool) -> str:
    return word.upper() if ignore_case else word


def _numbers(vectors: Any, limit: int, ignore_case: bool) -> dict[str, int]:
    """Word to row among the first rows; of words that become the same, the first."""
    words = vectors.words[:limit]
    return {_cased(words[row], ignore_case): row for row in range(len(words) - 1, -1, -1)}


def _is_right(question: Sequence[str], answers: Sequence[str]) -> bool:
    """Whether the best answer is the expected one, other spellings of the question's words passed over."""
    return next((answer for answer in answers if answer not in question[:3]), None) == question[3]
