"""Class weights equal scikit-learn's, and thresholds are optimal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.tasks.classification import class_sample_weights
from keras_embed.tasks.text_classifier import best_thresholds, checked_thresholds

CLASSES = ("a", "b", "c")


@given(st.lists(st.integers(0, 2), min_size=3, max_size=30))
def test_balanced_weights(ids):
    utils = pytest.importorskip("sklearn.utils.class_weight")
    labels = np.array([0, 1, 2, *ids])
    weights = class_sample_weights(labels, CLASSES, "balanced")
    np.testing.assert_allclose(weights, utils.compute_sample_weight("balanced", labels), rtol=1e-6)
    doubled = class_sample_weights(labels, CLASSES, "balanced", np.full(len(labels), 2.0))
    np.testing.assert_allclose(doubled, 2 * weights)


def test_balanced_weights_where_a_text_has_any_number_of_labels():
    hot = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1], [1, 0, 1], [0, 0, 1], [0, 1, 1]], float)
    weights = class_sample_weights(hot, CLASSES, "balanced", [1, 1, 1, 1, 1, 2])
    for k in (0, 1):  # both sides weigh the same, but for the last text's own weight
        plain = class_sample_weights(hot, CLASSES, "balanced")
        assert plain[hot[:, k] == 1, k].sum() == pytest.approx(plain[hot[:, k] == 0, k].sum())
    assert (weights[:5, 2] == 1).all() and weights[5].tolist() == [2.0, 10.0, 2.0]


def test_named_weights():
    weights = class_sample_weights(np.array([0, 1, 2, 1]), CLASSES, {"b": 3.0})
    assert weights.tolist() == [1.0, 3.0, 1.0, 3.0]


def f1(true, found):
    both = true.sum() + found.sum()
    return 2 * (true & found).sum() / both if both else 0.0


@given(st.integers(1, 12), st.integers(0, 10_000))
def test_no_threshold_is_better(count, seed):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 2, (count, 2))
    probabilities = (rng.integers(0, 6, (count, 2)) / 6).astype("float32")  # with ties
    thresholds = best_thresholds(true, probabilities)
    for k in range(2):
        if not true[:, k].any():
            assert thresholds[k] == 0.5
            continue
        every = [f1(true[:, k] == 1, probabilities[:, k] >= cut) for cut in {*probabilities[:, k].tolist()}]
        assert f1(true[:, k] == 1, probabilities[:, k] >= thresholds[k]) == pytest.approx(max(every))


def test_neighbouring_floats_are_told_apart():
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    thresholds = best_thresholds(np.array([[1], [0]]), np.array([[high], [low]]))
    assert low < thresholds[0] <= high


@pytest.mark.parametrize("thresholds", [1.5, [0.5, 0.5], -0.1, float("nan")])
def test_thresholds_are_probabilities(thresholds):
    with pytest.raises(ValueError, match="Expected `thresholds` to be a probability, or 3 of them"):
        checked_thresholds(thresholds, 3)
