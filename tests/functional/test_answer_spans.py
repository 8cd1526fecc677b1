"""Best spans compared with brute force over all spans."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from keras_embed.functional.spans import IMPOSSIBLE, answer_spans


def brute_force(logits, max_length, starts=None, ends=None):
    """Returns all legal spans of one text, `(score, start, end)`, the best first."""
    start, end = logits.astype("float64")
    time = len(start)
    found = [
        (start[i] + end[j], i, j)
        for i in range(1, time)
        for j in range(i, min(time, i + max_length))
        if start[i] > IMPOSSIBLE / 2 and end[j] > IMPOSSIBLE / 2 and (starts is None or (starts[i] and ends[j]))
    ]
    return sorted(found, reverse=True)


@given(st.integers(0, 1000), st.sampled_from([1, 2, 9]), st.sampled_from([1, 4]))
def test_against_brute_force(seed, max_length, num_best):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(3, 2, 6)).astype("float32")
    possible = generator.uniform(size=(3, 1, 6)) < 0.7
    possible[:, :, 0] = True
    logits = np.where(possible, logits, IMPOSSIBLE).astype("float32")
    allowed = generator.uniform(size=(2, 3, 6)) < 0.7
    spans = [ops.convert_to_numpy(x) for x in answer_spans(logits, max_length, num_best, *allowed)]
    starts, ends, scores, none, total = spans
    for row in range(3):
        expected = brute_force(logits[row], max_length, *allowed[:, row])
        for place in range(num_best):
            if place < len(expected):
                score, start, end = expected[place]
                assert (starts[row, place], ends[row, place]) == (start, end)
                assert scores[row, place] == pytest.approx(score, abs=1e-5)
            else:
                assert (starts[row, place], ends[row, place]) == (0, 0)
                assert scores[row, place] <= IMPOSSIBLE
        assert none[row] == pytest.approx(logits[row, :, 0].sum(), abs=1e-5)
        if expected:
            assert total[row] == pytest.approx(np.logaddexp.reduce([s for s, _, _ in expected]), abs=1e-4)
        else:
            assert total[row] < IMPOSSIBLE


def test_probabilities_are_those_of_two_draws():
    """Start and end are drawn from their softmaxes, given that the span is legal or "no answer"."""
    logits = np.random.default_rng(0).normal(size=(1, 2, 5)).astype("float32")
    p, q = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    legal = {(i, j): p[i] * q[j] for i in range(1, 5) for j in range(i, min(5, i + 2))}
    chance = sum(legal.values()) + p[0] * q[0]
    spans = answer_spans(logits, 2, 3)
    _, _, scores, none, total = (ops.convert_to_numpy(x)[0] for x in spans)
    found = np.exp(scores) / (np.exp(total) + np.exp(none))
    np.testing.assert_allclose(found, sorted(legal.values(), reverse=True)[:3] / chance, rtol=1e-4)


def test_half_precision_scores_are_read_in_full():
    logits = np.array([[[0.0, 1000.5, 1000.0], [0.0, 0.0, 0.0]]])
    spans = answer_spans(ops.cast(logits, "float16"), 1)
    assert keras.backend.standardize_dtype(spans.scores.dtype) == "float32"
    assert ops.convert_to_numpy(spans.starts).tolist() == [[1]]
