"""A corpus that is not text: random walks on a ring, where neighbouring nodes must have similar vectors."""

import numpy as np


def walks(nodes=24, count=400, length=20, seed=5):
    """Returns walks of integers with steps of at most two to either side."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(nodes, size=(count, 1))
    return ((starts + np.cumsum(rng.integers(-2, 3, (count, length)), axis=1)) % nodes).tolist()


def agreement(vectors, nodes=24):
    """Computes Spearman's rank correlation of cosines with proximity on the ring."""
    nodes_of = np.array([int(word) for word in vectors.words])
    unit = np.asarray(vectors.matrix, "float64")
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    apart = np.abs(nodes_of[:, None] - nodes_of)
    apart = np.minimum(apart, nodes - apart)
    pairs = np.triu_indices(len(nodes_of), 1)
    return np.corrcoef(_ranks((unit @ unit.T)[pairs]), _ranks(-apart[pairs]))[0, 1]


def _ranks(values):
    """Computes mean ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
