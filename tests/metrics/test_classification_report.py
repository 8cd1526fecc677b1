"""The report is scikit-learn's, number by number and line by line."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.metrics import classification_report

sklearn_metrics = pytest.importorskip("sklearn.metrics")
NAMES = ("a", "much longer than weighted avg", "ü", "z")
SCORES = (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score"))
LABEL = st.sampled_from(NAMES)


def theirs(function, *arguments, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **named)


def hot(rows):
    return np.array([[name in row for name in NAMES] for row in rows], int)


def assert_same(ours, expected):
    for row, name in enumerate(ours.classes):
        for score, key in (
            ("precision", "precision"),
            ("recall", "recall"),
            ("f1", "f1-score"),
            ("support", "support"),
        ):
            assert getattr(ours, score)[row] == pytest.approx(expected[name][key])
    for average, scores in ours.averages.items():
        if f"{average} avg" in expected:
            for score, key in SCORES:
                assert scores[score] == pytest.approx(expected[f"{average} avg"][key])


@given(st.lists(st.tuples(LABEL, LABEL), min_size=1, max_size=25))
def test_one_label_a_text(pairs):
    true, predicted = (list(column) for column in zip(*pairs, strict=True))
    ours = classification_report(true, predicted)
    assert_same(ours, theirs(sklearn_metrics.classification_report, true, predicted, output_dict=True, zero_division=0))
    table = theirs(sklearn_metrics.classification_report, true, predicted, zero_division=0)
    assert str(ours) == re.sub(
        r"  (\d+)\.0$", r"    \1", table, flags=re.M
    )  # where nothing is right, theirs are floats
    np.testing.assert_array_equal(ours.confusion, sklearn_metrics.confusion_matrix(true, predicted))
    assert ours.accuracy == pytest.approx(sklearn_metrics.accuracy_score(true, predicted))


@given(st.lists(st.tuples(st.sets(LABEL), st.sets(LABEL)), min_size=1, max_size=25))
def test_any_number_of_labels_a_text(pairs):
    true, predicted = ([sorted(row) for row in column] for column in zip(*pairs, strict=True))
    ours = classification_report(true, predicted, NAMES)
    named = dict(target_names=NAMES, zero_division=0)
    arguments = (hot(true), hot(predicted))
    assert_same(ours, theirs(sklearn_metrics.classification_report, *arguments, output_dict=True, **named))
    assert str(ours) == theirs(sklearn_metrics.classification_report, *arguments, **named)
    np.testing.assert_array_equal(ours.confusion, sklearn_metrics.multilabel_confusion_matrix(*arguments))
    assert ours.accuracy == pytest.approx(sklearn_metrics.accuracy_score(*arguments))


def test_classes_keep_the_order_that_is_asked_for_and_absent_ones_are_left_out():
    report = classification_report(["a", "b"], ["b", "b"], classes=["c", "b", "a"])
    assert report.classes == ("b", "a")
    np.testing.assert_array_equal(report.confusion, [[1, 0], [1, 0]])


@pytest.mark.parametrize(
    ("true", "predicted", "classes", "error"),
    [
        ([], [], None, "Expected as many predicted as true labels, at least one. Received: 0, 0"),
        (["a"], ["a", "b"], None, "Received: 2, 1"),
        (["a"], [["a"]], None, "a mixture"),
        (["a"], ["b"], ["a"], r"Expected labels among \['a'\]. Received: \['b'\]"),
    ],
)
def test_what_cannot_be_compared(true, predicted, classes, error):
    with pytest.raises(ValueError, match=error):
        classification_report(true, predicted, classes)
