"""Batches of tags and of potentials for tests of metrics."""

import numpy as np

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def potentials_of(tags, mask):
    """Potentials (B, K + 2 + T, K + 1) without transitions whose best path is `tags`."""
    num_tags, tags, mask = len(TAGS), np.asarray(tags), np.asarray(mask)
    emissions = 3.0 * np.eye(num_tags)[np.maximum(tags, 0)]  # (B, T, K)
    rows = np.concatenate([emissions, mask[..., None].astype(float)], axis=-1)  # (B, T, K + 1)
    table = np.zeros((len(tags), num_tags + 2, num_tags + 1))
    return np.concatenate([table, rows], axis=1).astype("float32")
