"""Pooling compared with loops over the real positions."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from keras import ops

from keras_embed.functional import pooling

MASK = np.array([[1, 1, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]], bool)
X = np.random.default_rng(0).normal(size=(4, 4, 3)).astype("float32")

LOOPS = {
    "masked_mean": lambda rows: rows.mean(0),
    "masked_max": lambda rows: rows.max(0),
    "first_vector": lambda rows: rows[0],
    "last_vector": lambda rows: rows[-1],
}


@pytest.mark.parametrize("name", LOOPS)
def test_only_real_positions_count(name):
    answer = ops.convert_to_numpy(getattr(pooling, name)(X, MASK))
    for row, x, mask in zip(answer, X, MASK, strict=True):
        expected = LOOPS[name](x[mask]) if mask.any() else np.zeros(3)
        np.testing.assert_allclose(row, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", LOOPS)
def test_what_stands_at_padding_changes_nothing(name):
    other = np.where(MASK[..., None], X, np.nan).astype("float32")
    pool = getattr(pooling, name)
    np.testing.assert_array_equal(ops.convert_to_numpy(pool(other, MASK)), ops.convert_to_numpy(pool(X, MASK)))


@given(st.integers(0, 1000))
def test_attention_is_a_mean_with_weights_that_sum_to_one(seed):
    generator = np.random.default_rng(seed)
    scores = generator.normal(scale=5, size=(4, 4)).astype("float32")
    answer = ops.convert_to_numpy(pooling.attention_pooling(X, scores, MASK))
    for row, x, score, mask in zip(answer, X, scores, MASK, strict=True):
        weights = np.exp(score[mask].astype("float64"))
        expected = weights @ x[mask] / weights.sum() if mask.any() else np.zeros(3)
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-5)


def test_a_bag_is_a_sparse_vector_times_a_matrix():
    matrix = np.random.default_rng(1).normal(size=(6, 3)).astype("float32")
    ids, weights = np.array([[5, 2, 0], [1, 0, 0]]), np.array([[0.5, -1, 0], [2, 0, 0]], "float32")
    sparse = np.zeros((2, 6), "float32")
    np.put_along_axis(sparse, ids[:, :2], weights[:, :2], axis=1)
    answer = ops.convert_to_numpy(pooling.bag_sum(matrix[ids], weights))
    np.testing.assert_allclose(answer, sparse @ matrix, rtol=1e-6)
