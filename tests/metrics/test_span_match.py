"""Scores of spans against brute force over all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.metrics import SpanF1, SpanMatch


def best(logits, max_length):
    start, end = logits
    spans = {(i, j): start[i] + end[j] for i in range(1, 5) for j in range(i, min(5, i + max_length))}
    return max({**spans, (0, 0): start[0] + end[0]}.items(), key=lambda item: item[1])[0]


@given(st.integers(0, 1000), st.integers(1, 5))
def test_against_brute_force(seed, max_length):
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(6, 2, 5)).astype("float32")
    true = np.sort(generator.integers(1, 5, (6, 2)), axis=1) * generator.integers(0, 2, (6, 1))
    weights = generator.integers(0, 3, 6).astype("float32")
    matches, overlaps = [], []
    for row in range(6):
        found = set(range(best(logits[row], max_length)[0], best(logits[row], max_length)[1] + 1))
        right = set(range(true[row, 0], true[row, 1] + 1))
        matches.append(found == right)
        overlaps.append(2 * len(found & right) / (len(found) + len(right)))
    for metric, scores in ((SpanMatch(max_length), matches), (SpanF1(max_length), overlaps)):
        metric.update_state(true[:4], logits[:4])
        metric.update_state(true[4:], logits[4:])
        assert float(metric.result()) == pytest.approx(np.mean(scores), abs=1e-6)
        metric.reset_state()
        assert float(metric.result()) == 0.0
        metric.update_state(true, logits, weights)
        expected = np.average(scores, weights=weights) if weights.sum() else 0.0
        assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
