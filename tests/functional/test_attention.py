"""Formulas of attention compared with loops over all queries and steps, and their laws."""

import attention_oracle as oracle
import numpy as np
import pytest
from autodiff import gradients
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from keras_embed.functional import attention, decoder_attention

RNG = np.random.default_rng(4)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]], bool)  # (B, S); one row has nothing real
QUERY, KEYS = RNG.normal(size=(3, 2, 4)).astype("float32"), RNG.normal(size=(3, 5, 4)).astype("float32")
OWN_KEYS = RNG.normal(size=(3, 2, 5, 4)).astype("float32")  # for each query
VECTOR = RNG.normal(size=4).astype("float32")
SCORES = (3 * RNG.normal(size=(3, 2, 5))).astype("float32")
SOFT = {"parallel": decoder_attention.parallel_weights, "recursive": decoder_attention.recursive_weights}


def numpy(x):
    return ops.convert_to_numpy(x)


def assert_close(actual, expected, tolerance=1e-5):
    np.testing.assert_allclose(numpy(actual), expected, rtol=tolerance, atol=tolerance)


def starts(batch, queries, steps):
    """All weight on the first step."""
    return np.eye(steps, dtype="float32")[np.zeros((batch, queries), int)]


@pytest.mark.parametrize("keys", [KEYS, OWN_KEYS], ids=["shared", "own"])
@pytest.mark.parametrize("gain", [None, 0.5])
def test_additive_scores(keys, gain):
    expected = oracle.each_score(oracle.additive(VECTOR, gain), QUERY, keys)
    assert_close(attention.additive_scores(QUERY, keys, VECTOR, gain), expected)


@pytest.mark.parametrize("keys", [KEYS, OWN_KEYS], ids=["shared", "own"])
@pytest.mark.parametrize("scale", [None, 0.5])
def test_dot_scores(keys, scale):
    expected = oracle.each_score(lambda q, k: (scale or 1.0) * (q @ k), QUERY, keys)
    assert_close(attention.dot_scores(QUERY, keys, scale), expected)


def test_the_normalised_score_does_not_see_the_length_of_its_vector():
    one, two = (attention.additive_scores(QUERY, KEYS, factor * VECTOR, 0.7) for factor in (1, 30))
    assert_close(one, numpy(two))


@pytest.mark.parametrize("mask", [MASK, RNG.random((3, 2, 5)) < 0.5], ids=["memory", "queries"])
def test_masked_softmax(mask):
    assert_close(attention.masked_softmax(SCORES, mask), oracle.softmax(SCORES, mask))


def test_weights_and_scores_are_float32_whatever_comes_in():
    half = [ops.cast(x, "float16") for x in (QUERY, KEYS, VECTOR, SCORES)]
    made = [
        attention.additive_scores(*half[:3]),
        attention.dot_scores(*half[:2]),
        attention.masked_softmax(half[3], MASK),
    ]
    assert all(numpy(x).dtype == np.float32 for x in made)
    assert numpy(attention.weighted_sum(made[2], half[1])).dtype == np.float16


def test_the_context_is_the_weighted_sum():
    weights = oracle.softmax(SCORES, MASK).astype("float32")
    assert_close(attention.weighted_sum(weights, KEYS), oracle.contexts(weights, KEYS))


def test_weights_of_a_row_of_padding_are_zero_and_its_gradients_finite():
    def total(query, keys):
        weights = attention.masked_softmax(attention.additive_scores(query, keys, VECTOR), MASK)
        return ops.sum(attention.weighted_sum(weights, keys) * keys[:, :2])

    for gradient in gradients(total, [QUERY, KEYS]):
        assert np.isfinite(gradient).all()
    assert (numpy(attention.masked_softmax(SCORES, MASK))[2] == 0).all()


CENTRE = np.array([[0.0, 2.3], [1.5, 2.9], [0.0, 0.0]], "float32")
ODD_MASK = np.array([[1, 1, 1, 1, 1], [0, 1, 1, 0, 1], [0, 0, 0, 0, 0]], bool)  # padding anywhere


@pytest.mark.parametrize("window", [1, 3])
def test_windows_count_real_steps_only(window):
    np.testing.assert_array_equal(
        numpy(decoder_attention.window_mask(CENTRE, ODD_MASK, window)), oracle.in_window(CENTRE, ODD_MASK, window)
    )
    factors = numpy(decoder_attention.gaussian_factors(CENTRE, ODD_MASK, window))
    assert_close(factors * ODD_MASK[:, None], oracle.gaussian(CENTRE, ODD_MASK, window / 2))


def test_a_predicted_centre_lies_within_each_row():
    logits = np.array([[-30.0, 30.0], [0.0, 1.0], [5.0, -5.0]], "float32")
    expected = MASK.sum(1, keepdims=True) / (1 + np.exp(-logits.astype("float64")))
    assert_close(decoder_attention.predicted_centre(logits, MASK), expected)


@pytest.mark.parametrize("mode", SOFT)
def test_monotonic_weights(mode):
    previous = RNG.dirichlet(np.ones(5), (3, 2)).astype("float32")
    for before in (starts(3, 2, 5), previous):
        assert_close(SOFT[mode](SCORES, before, ODD_MASK), oracle.monotonic(SCORES, before, ODD_MASK))


@given(st.integers(0, 10**6), st.floats(0, 60))
def test_the_parallel_weights_are_the_recursive_ones_and_a_part_of_one(seed, spread):
    rng = np.random.default_rng(seed)
    scores = (spread * rng.normal(size=(2, 1, 7))).astype("float32")
    mask = rng.random((2, 7)) < 0.8
    parallel, recursive = starts(2, 1, 7), starts(2, 1, 7)
    for _ in range(3):
        parallel = numpy(decoder_attention.parallel_weights(scores, parallel, mask))
        recursive = numpy(decoder_attention.recursive_weights(scores, recursive, mask))
        assert_close(parallel, recursive)
        assert (parallel >= 0).all() and (parallel.sum(-1) <= 1 + 1e-5).all()
        assert (parallel[~np.broadcast_to(mask[:, None], parallel.shape)] == 0).all()


@pytest.mark.parametrize("mode", SOFT)
def test_a_long_memory_and_sure_scores_neither_overflow_nor_vanish(mode):
    steps = 150  # the product of 1 - p is exp(-3000): the published parallel form divides by it
    scores = np.full((1, 1, steps), 20.0, "float32")
    scores[..., :10] = -20.0
    previous = starts(1, 1, steps)
    assert_close(SOFT[mode](scores, previous, np.ones((1, steps), bool)), np.eye(steps)[None, None, 10])
    far = np.eye(steps, dtype="float32")[None, None, 140]
    assert_close(SOFT[mode](scores, far, np.ones((1, steps), bool)), far)

    def total(scores):
        weights = SOFT[mode](scores, previous, np.ones((1, steps), bool))
        return ops.sum(weights * ops.arange(steps, dtype="float32"))

    assert np.isfinite(gradients(total, [scores])[0]).all()


@given(st.integers(0, 10**6))
def test_hard_attention_walks_to_the_right_as_the_algorithm_says(seed):
    rng = np.random.default_rng(seed)
    scores, mask = rng.normal(size=(6, 7)).astype("float32"), rng.random(7) < 0.8
    weights, places = starts(1, 1, 7), []
    for row in scores:
        weights = numpy(decoder_attention.hard_weights(row[None, None], weights, mask[None]))
        assert weights.sum() == (weights > 0).sum() <= 1
        places.append(int(weights.argmax()) if weights.any() else None)
    assert places == oracle.walk(scores, mask)
    known = [place for place in places if place is not None]
    assert known == sorted(known)


def test_sure_soft_weights_are_the_hard_ones():
    sure = np.where(SCORES > 0, 50, -50).astype("float32")
    hard = decoder_attention.hard_weights(sure, starts(3, 2, 5), ODD_MASK)
    assert_close(decoder_attention.parallel_weights(sure, starts(3, 2, 5), ODD_MASK), numpy(hard))


def test_coverage_loss_against_a_loop():
    weights = RNG.dirichlet(np.ones(5), (2, 4)).astype("float32")  # (B, T, S)
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], bool)
    expected = np.zeros((2, 4))
    for b, t in np.argwhere(mask):
        so_far = sum((weights[b, past] for past in range(t)), np.zeros(5))
        expected[b, t] = sum(min(weights[b, t, s], so_far[s]) for s in range(5))
    assert_close(decoder_attention.coverage_loss(weights, mask), expected)


def test_fertility_is_at_most_its_bound():
    values = numpy(decoder_attention.fertility(np.array([[-40.0, 0.0, 40.0]]), 3.0))
    assert_close(values, [[0.0, 1.5, 3.0]])
