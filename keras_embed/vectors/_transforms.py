"""Affine maps of all vectors: projections to principal components, or their removal.

A vector composed of n-gram rows is their mean, and an affine map of a mean is the mean of the mapped rows. So n-gram
rows are mapped too, and composed vectors of out-of-vocabulary words are the same as if they had been mapped themselves.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors._search import BLOCK, finite
from keras_embed.vectors.quantized import Matrix
from keras_embed.vectors.subwords import Subwords


def mean_row(matrix: Matrix) -> NDArray[np.float64]:
    """Computes the mean of all finite rows, (D,), summed in float64."""
    count, total = 0, np.zeros(matrix.shape[1])
    for start in range(0, len(matrix), BLOCK):
        block = finite(np.asarray(matrix[start : start + BLOCK], np.float32))
        total += block.sum(axis=0, dtype=np.float64)
        count += len(block)
    return total / max(count, 1)


def principal_components(matrix: Matrix, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Computes the mean and the first principal directions of the rows.

    Args:
        matrix: (V, D).
        count: number of directions.

    Returns:
        (D,) and (count, D), the direction of greatest variance first, each with its largest entry positive.
    """
    # Covariance in blocks: the centred matrix is never held as a whole.
    mean = mean_row(matrix)
    covariance = np.zeros((matrix.shape[1], matrix.shape[1]))
    for start in range(0, len(matrix), BLOCK):
        centred = finite(np.asarray(matrix[start : start + BLOCK], np.float32)) - mean
        covariance += centred.T @ centred
    # eigh sorts in ascending order; eigenvectors are columns and their signs are arbitrary.
    directions = np.linalg.eigh(covariance)[1][:, ::-1].T[:count]  # (count, D)
    signs = np.sign(directions[np.arange(count), np.abs(directions).argmax(axis=1)])
    return mean, directions * signs[:, None]


def affine(matrix: Matrix, weights: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float32]:
    """Computes `(x - mean) W` for each row x, block by block.

    Args:
        matrix: (V, D).
        weights: (D, E).
        mean: (D,).

    Returns:
        float32 (V, E).
    """
    result = np.empty((len(matrix), weights.shape[1]), np.float32)  # (V, E)
    for start in range(0, len(matrix), BLOCK):
        result[start : start + BLOCK] = (np.asarray(matrix[start : start + BLOCK], np.float32) - mean) @ weights
    return result


def map_subwords(subwords: Subwords | None, weights: NDArray[np.float64], mean: NDArray[np.float64]) -> Subwords | None:
    """Applies `affine` to all rows that vectors are composed of."""
    if subwords is None:
        return None
    words = None if subwords.word_rows is None else affine(subwords.word_rows, weights, mean)
    return dataclasses.replace(subwords, matrix=affine(subwords.matrix, weights, mean), word_rows=words)
