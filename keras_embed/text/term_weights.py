"""Weights of terms: the formulas of TF-IDF."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of

Floats = NDArray[np.float64]

#: idf by name, of N documents and the number of them with the term, df.
IDF = {
    "smooth": lambda n, df: np.log((1 + n) / (1 + df)) + 1,
    "plain": lambda n, df: np.log(n / df) + 1,
    "textbook": lambda n, df: np.log(n / df),
    "keras": lambda n, df: np.log(1 + n / (1 + df)),
    "none": lambda n, df: np.ones_like(df),
}
NORMS = ("l1", "l2", None)


def idf(name: str, num_documents: int, documents: Any) -> Floats:
    """Inverse document frequency.

    Args:
        name: "smooth", ln((1 + N) / (1 + df)) + 1, scikit-learn's; "plain", ln(N / df) + 1, scikit-learn's with
            `smooth_idf=False`; "textbook", ln(N / df); "keras", ln(1 + N / (1 + df)), of Keras' TextVectorization;
            "none", 1.
        num_documents: N.
        documents: df of each term, at least 1, (V,).

    Returns:
        float64 (V,).

    Raises:
        ValueError: for another name of an idf.

    Example:
    >>> idf("textbook", 8, [8, 1]).round(4).tolist()
    [0.0, 2.0794]
    """
    check_one_of("idf", name, IDF)
    return np.asarray(IDF[name](float(num_documents), np.asarray(documents, np.float64)))
