"""Naive Bayes' weights of terms."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def log_count_ratios(rows: Any, ids: Any, labels: Any, num_terms: int, smoothing: float = 1.0) -> NDArray[np.float32]:
    """How much more often a term stands in texts of a class than in others (Wang and Manning 2012, section 2.1).

    `r_k = ln((p_k / |p_k|_1) / (q_k / |q_k|_1))`, where `p_k` is the number of texts of class k that have the term,
    plus `smoothing`, and `q_k` the same of the texts of all other classes.

    Args:
        rows: (N,) the text of each entry, each pair of text and term once.
        ids: (N,) the term of each entry.
        labels: (B, K) of 0 and 1.
        num_terms: V.
        smoothing: added to all counts, above 0.

    Returns:
        (V, K).

    Example:
    >>> ratios = log_count_ratios([0, 0, 1], [0, 1, 1], [[1, 0], [0, 1]], num_terms=2)
    >>> np.round(ratios.astype(float), 3).tolist()
    [[0.405, -0.405], [-0.288, 0.288]]
    """
    labels = np.asarray(labels, np.float64)
    rows, ids = np.asarray(rows, np.int64), np.asarray(ids, np.int64)
    with_term = np.stack([np.bincount(ids, column[rows], minlength=num_terms) for column in labels.T], axis=1)  # (V, K)
    documents = np.bincount(ids, minlength=num_terms)[:, None]
    inside, outside = smoothing + with_term, smoothing + documents - with_term
    ratios = np.log(inside / inside.sum(0)) - np.log(outside / outside.sum(0))
    return ratios.astype(np.float32)
