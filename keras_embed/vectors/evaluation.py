"""Evaluation of word vectors: analogy questions, and correlation with human similarity judgements."""

import csv
import gzip
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import message
from keras_embed._types import PathLike
from keras_embed.vectors import _search
from keras_embed.vectors._extras import positive
from keras_embed.vectors._search import Vectors, Word

#: a, b, c, d of `a : b = c : d`.
Question: TypeAlias = tuple[str, str, str, str]
#: Two words and their similarity by human judgement.
Pair: TypeAlias = tuple[str, str, float]

_TRIED = 5  # answers that are tried in turn, as in gensim


@dataclass(frozen=True)
class SectionScore:
    """Score of a section of an analogy test.

    Attributes:
        name: name of the section.
        correct: number of correct answers.
        asked: number of questions whose words are all in the vocabulary.
        total: number of questions.
    """

    name: str
    correct: int
    asked: int
    total: int

    @property
    def accuracy(self) -> float:
        """Share of correct answers among the questions asked; NaN if none was."""
        return self.correct / self.asked if self.asked else float("nan")

    @property
    def coverage(self) -> float:
        """Share of the questions that were asked."""
        return self.asked / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return f"{self.name:<30}{self.accuracy:>8.1%}{self.correct:>7} of{self.asked:>6}{self.coverage:>10.1%} covered"


@dataclass(frozen=True)
class AnalogyScore:
    """Scores of an analogy test.

    Attributes:
        sections: scores in the order of the file.
    """

    sections: tuple[SectionScore, ...]

    @property
    def total(self) -> SectionScore:
        """Score over all questions."""
        return _sum("total", self.sections)

    @property
    def semantic(self) -> SectionScore:
        """Score over the sections that are not syntactic."""
        return _sum("semantic", [section for section in self.sections if not _is_syntactic(section)])

    @property
    def syntactic(self) -> SectionScore:
        """Score over the sections named "gram...", as in Google's file."""
        return _sum("syntactic", [section for section in self.sections if _is_syntactic(section)])

    def __str__(self) -> str:
        return "\n".join(map(str, [*self.sections, self.semantic, self.syntactic, self.total]))


@dataclass(frozen=True)
class SimilarityScore:
    """Correlation of cosines with human judgements.

    Attributes:
        spearman: correlation of the ranks, NaN for fewer than two pairs.
        pearson: correlation of the values.
        found: number of pairs whose words both have vectors.
        total: number of pairs.
    """

    spearman: float
    pearson: float
    found: int
    total: int

    @property
    def coverage(self) -> float:
        """Share of the pairs that were found."""
        return self.found / self.total if self.total else float("nan")

    def __str__(self) -> str:
        return (
            f"Spearman {self.spearman:.3f}, Pearson {self.pearson:.3f} on {self.found} of {self.total} pairs "
            f"({self.coverage:.1%})"
        )


def evaluate_analogies(
    vectors: Vectors,
    questions: PathLike | Mapping[str, Sequence[Question]],
    limit: int = 300_000,
    ignore_case: bool = True,
    method: str = "3cosadd",
) -> AnalogyScore:
    """Answers analogy questions among the most frequent words, as gensim's `evaluate_word_analogies` does.

    Args:
        vectors: `WordVectors`.
        questions: a file for `read_analogies`, or questions by section.
        limit: only the first `limit` words may occur in questions and answers.
        ignore_case: True to compare words in upper case; of words that differ only by case, the first is used.
        method: "3cosadd" or "3cosmul".

    Returns:
        `AnalogyScore`.
    """
    limit = positive("limit", limit)
    if isinstance(questions, (str, os.PathLike)):
        questions = read_analogies(questions)
    # Questions with an out-of-vocabulary word are not asked, as in gensim.
    known = _rows_by_word(vectors, limit, ignore_case)
    # Rows with NaN or inf are out-of-vocabulary.
    broken = set(np.flatnonzero(np.isnan(vectors.inverse_norms)).tolist())
    known = {word: row for word, row in known.items() if row not in broken} if broken else known
    scores = []
    for name, rows in questions.items():
        cased = [[_cased(word, ignore_case) for word in row] for row in rows]
        asked = [row for row in cased if all(word in known for word in row)]
        triples = [[known[word] for word in row[:3]] for row in asked]
        found = _search.analogies(vectors, triples, _TRIED, method, vectors.inverse_norms[:limit], True)[0]
        # Several answers, because another casing of a question's word may be the nearest.
        answers = [[_cased(vectors.words[row], ignore_case) for row in best if row >= 0] for best in found.tolist()]
        correct = sum(_is_correct(row, tried) for row, tried in zip(asked, answers, strict=True))
        scores.append(SectionScore(name, correct, len(asked), len(rows)))
    return AnalogyScore(tuple(scores))


def evaluate_similarity(
    vectors: Vectors,
    pairs: PathLike | Iterable[Pair],
    limit: int | None = None,
    ignore_case: bool = True,
    compose: bool = False,
) -> SimilarityScore:
    """Correlates cosines with human judgements. Pairs with an out-of-vocabulary word are skipped and counted.

    Args:
        vectors: `WordVectors`.
        pairs: a file for `read_pairs`, or triples `(word, word, score)`.
        limit: only the first `limit` words are used.
        ignore_case: see `evaluate_analogies`.
        compose: True to compose vectors of out-of-vocabulary words of their n-grams, if there are `subwords`.

    Returns:
        `SimilarityScore`.
    """
    listed = read_pairs(pairs) if isinstance(pairs, (str, os.PathLike)) else list(pairs)
    known = _rows_by_word(vectors, len(vectors) if limit is None else limit, ignore_case)
    words = list(dict.fromkeys(word for pair in listed for word in pair[:2]))
    rows = {word: known.get(_cased(word, ignore_case)) for word in words}
    for word, row in rows.items():
        if row is not None and not np.isfinite(np.asarray(vectors.matrix[row], np.float32)).all():
            rows[word] = None  # NaN or inf
    usable: dict[str, str] = {
        word: vectors.words[row] if row is not None else word
        for word, row in rows.items()
        if row is not None or (compose and vectors.subwords is not None)
    }
    found = [(usable[a], usable[b], score) for a, b, score in listed if a in usable and b in usable]
    left: list[Word] = [a for a, _, _ in found]
    right: list[Word] = [b for _, b, _ in found]
    gold = np.array([score for _, _, score in found])
    cosines = _search.similarities(vectors, left, right) if found else gold
    return SimilarityScore(spearman(gold, cosines), _pearson(gold, cosines), len(found), len(listed))


def spearman(left: ArrayLike, right: ArrayLike) -> float:
    """Computes Spearman's rank correlation; equal values share the mean of their ranks.

    Args:
        left: (N,).
        right: (N,).

    Example:
    >>> round(spearman([1, 2, 3, 3], [2, 4, 8, 9]), 4)
    0.9487
    """
    return _pearson(_ranks(left), _ranks(right))


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    _, index, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[index]  # the mean rank of each group of equal values


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


def _rows_by_word(vectors: Vectors, limit: int, ignore_case: bool) -> dict[str, int]:
    """Maps words to rows among the first `limit`; of words that differ only by case, the first is used."""
    words = vectors.words[:limit]
    return {_cased(words[row], ignore_case): row for row in range(len(words) - 1, -1, -1)}


def _is_correct(question: Sequence[str], answers: Sequence[str]) -> bool:
    """Returns True if the first answer that is not another spelling of the question's words is the expected one."""
    return next((answer for answer in answers if answer not in question[:3]), None) == question[3]


def read_analogies(path: PathLike) -> dict[str, list[Question]]:
    """Reads questions by section from a file in the format of Google's `questions-words.txt`, plain or gz.

    Args:
        path: file with lines `: section` and `a b c d`.

    Raises:
        ValueError: If a line is neither; the message names it.
    """
    sections: dict[str, list[Question]] = {}
    for number, line in _lines(path):
        words = line.split()
        if line.startswith(":"):
            questions = sections.setdefault(line[1:].strip(), [])
        elif len(words) == 4 and sections:
            questions.append((words[0], words[1], words[2], words[3]))
        elif words:
            what = "four words" if sections else "a section, ': name',"
            raise ValueError(f"{path}, line {number}: " + message(f"{what} on the line", line))
    return sections


def read_pairs(path: PathLike, score_column: int = 2) -> list[Pair]:
    """Reads pairs of words with human similarity judgements: WordSim-353, SimLex, MEN, RUSSE and similar, plain or gz.

    Columns are separated by tabs, by commas, or else by whitespace. Lines that begin with # are skipped, and so is a
    first line without a number.

    Args:
        path: file with two words in the first columns.
        score_column: index of the column with the score.

    Raises:
        ValueError: If a line has no such score; the message names it.
    """
    pairs: list[Pair] = []
    first = True
    for number, line in _lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        fields = _fields(line)
        try:
            pairs.append((fields[0].strip(), fields[1].strip(), float(fields[score_column])))
        except (ValueError, IndexError) as error:
            if not first:
                expected = f"two words, and a number in column {score_column}"
                raise ValueError(f"{path}, line {number}: " + message(expected, line)) from error
        first = False
    return pairs


def _lines(path: PathLike) -> Iterator[tuple[int, str]]:
    """Yields the numbered lines of a file, plain or gz, split at line feeds only."""
    data = Path(path).read_bytes()  # these files are small
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        decoded = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as wrong:
        bad = data[: wrong.start].count(b"\n") + 1
        received = f"{data[wrong.start : wrong.start + 8]!r}"
        raise ValueError(f"{path}, line {bad}: " + message("UTF-8", received, "the file converted to UTF-8")) from wrong
    for number, line in enumerate(decoded.split("\n"), 1):
        yield number, line.rstrip("\r")


def _fields(line: str) -> list[str]:
    if "\t" in line:
        return line.split("\t")
    return next(csv.reader([line])) if "," in line else line.split()
