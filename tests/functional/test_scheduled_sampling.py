"""Decays compared with their closed forms, and sampling by inverting a cumulative distribution."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.functional import scheduled_sampling


def value(x):
    return float(keras.ops.convert_to_numpy(x))


@given(st.integers(0, 5000))
def test_decays_are_those_of_the_paper(step):
    assert value(scheduled_sampling.linear_decay(step, 0.001, 0.9, 0.1)) == pytest.approx(
        max(0.1, 0.9 - 0.001 * step), abs=1e-5
    )
    assert value(scheduled_sampling.exponential_decay(step, 0.99)) == pytest.approx(0.99**step, abs=1e-5)
    expected = 50 / (50 + math.exp(step / 50))
    assert value(scheduled_sampling.inverse_sigmoid_decay(step, 50.0)) == pytest.approx(expected, abs=1e-5)


def test_a_late_step_does_not_overflow():
    assert value(scheduled_sampling.inverse_sigmoid_decay(10_000_000, 10.0)) == 0.0


@given(st.lists(st.floats(-6, 6, width=32), min_size=2, max_size=7), st.floats(0, 1, exclude_max=True, width=32))
def test_a_sample_is_where_the_cumulative_distribution_passes_the_number(logits, uniform):
    probabilities = np.exp(np.array(logits)) / np.exp(np.array(logits)).sum()
    below = np.cumsum(probabilities) - uniform
    sampled = int(keras.ops.convert_to_numpy(scheduled_sampling.sample(np.array([logits]), np.array([uniform])))[0])
    if np.abs(below).min() > 1e-5:
        assert sampled == int((below <= 0).sum())
    assert 0 <= sampled < len(logits)


def test_an_impossible_token_is_never_drawn():
    logits = np.array([[-np.inf, 0.0, -np.inf, 0.0, -np.inf]] * 4)
    sampled = scheduled_sampling.sample(logits, np.array([0.0, 0.49, 0.51, 1 - 2**-24]))
    assert keras.ops.convert_to_numpy(sampled).tolist() == [1, 1, 3, 3]


def test_frequencies_are_probabilities():
    uniform = (np.arange(1000) + 0.5) / 1000
    sampled = keras.ops.convert_to_numpy(scheduled_sampling.sample(np.log([[0.1, 0.2, 0.7]] * 1000), uniform))
    assert np.bincount(sampled).tolist() == pytest.approx([100, 200, 700], abs=1)
