"""Streaming F1 is scikit-learn's of the whole."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.metrics import ClassF1, Matthews

sklearn_metrics = pytest.importorskip("sklearn.metrics")
AVERAGES = ("macro", "micro", "weighted")


def theirs(true, predicted, average, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sklearn_metrics.f1_score(true, predicted, average=average, zero_division=0, **arguments)


def streamed(metric, true, predicted, weights=None):
    for start in range(0, len(true), 3):
        part = slice(start, start + 3)
        metric.update_state(true[part], predicted[part], None if weights is None else weights[part])
    return float(metric.result())


@pytest.mark.parametrize("average", AVERAGES)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=20))
def test_one_label(average, texts):
    true, predicted, weights = (np.array(column) for column in zip(*texts, strict=True))
    assert streamed(ClassF1(5, average), true, predicted) == pytest.approx(theirs(true, predicted, average), abs=1e-6)
    scores = np.eye(5, dtype="float32")[predicted]
    assert streamed(ClassF1(5, average), true, scores) == pytest.approx(theirs(true, predicted, average), abs=1e-6)
    if weights.sum() and average != "macro":
        expected = theirs(true, predicted, average, sample_weight=weights)
        assert streamed(ClassF1(5, average), true, predicted, weights) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("average", AVERAGES)
@given(st.integers(1, 12), st.integers(0, 10_000))
def test_any_number_of_labels(average, count, seed):
    rng = np.random.default_rng(seed)
    true, logits = rng.integers(0, 2, (count, 4)), rng.normal(size=(count, 4)).astype("float32")
    expected = theirs(true, logits >= 0, average)
    assert streamed(ClassF1(4, average, threshold=0.0), true, logits) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("make", [ClassF1, Matthews])
def test_a_row_without_a_true_class_counts_nowhere(make):
    true, predicted = [0, 1, 1, 2, 0], [0, 1, 2, 2, 1]
    expected, metric = make(3), make(3)
    expected.update_state(true, predicted)
    metric.update_state([-1, *true, -1], [2, *predicted, 1])
    assert float(metric.result()) == pytest.approx(float(expected.result())) != 0


@pytest.mark.parametrize("make", [ClassF1, Matthews])
@pytest.mark.parametrize(
    "scores", [[[0.7], [0.2]], [0.7, 0.2], [[0.1, 0.2, 0.3], [0.0, 0.0, 1.0]], [[1, 0, 1], [0, 1, 1]]]
)
def test_scores_of_other_classes_are_no_class_numbers(make, scores):
    with pytest.raises(ValueError, match=r"Expected y_pred of shape \(B, 2\), scores, or \(B,\), int.*Try class ids"):
        make(2).update_state([1, 0], np.array(scores))


def test_nothing_seen_is_zero():
    assert float(ClassF1(3).result()) == 0.0
    assert float(ClassF1(3, "weighted", 0.5).result()) == 0.0


def test_bad_arguments():
    with pytest.raises(ValueError, match="`average` to be one of"):
        ClassF1(3, "median")
    with pytest.raises(ValueError, match="`num_classes` to be a positive integer"):
        ClassF1(0)
    with pytest.raises(ValueError, match=r"Expected y_true and y_pred of shape \(B, 3\).*Try threshold=None"):
        ClassF1(3, threshold=0.5).update_state([0, 1], np.zeros((2, 3)))
