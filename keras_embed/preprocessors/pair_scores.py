"""Scores of pairs as users hand them over: numbers, perhaps within a range."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message


def pair_scores(scores: Iterable[Any], score_range: tuple[float, float] | None = None) -> NDArray[np.float32]:
    """Scores in Python as float32 (N,).

    Args:
        scores: a number for each pair.
        score_range: within which all must lie; `None` for any.

    Raises:
        ValueError: naming the pair whose score is no finite number, or out of range.

    Example:
    >>> pair_scores([0, 2.5], (0.0, 5.0)).tolist()
    [0.0, 2.5]
    """
    found = [_number(score, place) for place, score in enumerate(scores)]
    if score_range is not None:
        low, high = score_range
        for place, score in enumerate(found):
            if not low <= score <= high:
                expected = f"every score from {low} to {high}"
                raise ValueError(message(expected, f"{score} at pair {place}", "a wider `score_range`"))
    return np.array(found, np.float32)


def _number(score: Any, place: int) -> float:
    try:
        number = float("nan") if isinstance(score, (str, bytes, bool)) else float(score)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise ValueError(message("every score to be a finite number", f"{score!r} at pair {place}"))
    return number


def check_range(score_range: Any) -> tuple[float, float] | None:
    """The range as a pair of numbers; raises `ValueError` for one that does not rise."""
    if score_range is None:
        return None
    try:
        low, high = (float(end) for end in score_range)
    except (TypeError, ValueError):
        low = high = 0.0
    if not -np.inf < low < high < np.inf:
        raise ValueError(message("`score_range` to be two numbers that rise", score_range, "score_range=(0, 5)"))
    return low, high
