"""Streamed correlations are those of scipy and scikit-learn of the whole."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed.metrics import Matthews, Pearson, Spearman

stats = pytest.importorskip("scipy.stats")
sklearn_metrics = pytest.importorskip("sklearn.metrics")

# Few different numbers, so that many are equal.
PAIRS = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 3)), min_size=2, max_size=20)
OURS_AND_THEIRS = [(Pearson, stats.pearsonr), (lambda: Spearman(64), stats.spearmanr)]


def streamed(metric, true, predicted, weights=None):
    for start in range(0, len(true), 3):
        part = slice(start, start + 3)
        metric.update_state(true[part], predicted[part], None if weights is None else weights[part])
    return float(metric.result())


def expected_of(theirs, true, predicted):
    constant = len(set(true.tolist())) < 2 or len(set(predicted.tolist())) < 2
    return 0.0 if constant else theirs(true, predicted)[0]


@pytest.mark.parametrize(("make", "theirs"), OURS_AND_THEIRS, ids=["Pearson", "Spearman"])
@given(PAIRS)
def test_of_the_whole_with_ties_and_weights(make, theirs, pairs):
    true, predicted, weights = (np.array(column, "float32") for column in zip(*pairs, strict=True))
    assert streamed(make(), true, predicted) == pytest.approx(expected_of(theirs, true, predicted), abs=1e-5)
    repeated = [np.repeat(x, weights.astype(int)) for x in (true, predicted)]
    assert streamed(make(), true, predicted, weights) == pytest.approx(expected_of(theirs, *repeated), abs=1e-5)


@pytest.mark.parametrize(("make", "theirs"), OURS_AND_THEIRS, ids=["Pearson", "Spearman"])
def test_great_means_and_small_spreads_lose_nothing(make, theirs):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 50))
    true = (1000.0 + noise[0]).astype("float32")
    predicted = (-5e-6 * (noise[0] + noise[1])).astype("float32")
    expected = theirs(true.astype("float64"), predicted.astype("float64"))[0]
    assert streamed(make(), true[:, None], predicted[:, None]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("make", [Pearson, lambda: Spearman(64)], ids=["Pearson", "Spearman"])
def test_a_constant_side_and_nothing_seen_are_zero(make):
    assert float(make().result()) == 0.0
    assert streamed(make(), np.arange(7.0), np.full(7, 0.1)) == 0.0
    metric = make()
    metric.update_state([1.0, 2.0], [1.0, 3.0])
    assert float(metric.result()) == pytest.approx(1.0)
    metric.reset_state()
    metric.update_state([1.0, 2.0], [3.0, 1.0])
    assert float(metric.result()) == pytest.approx(-1.0)
    metric.update_state([1.0], [np.nan])
    assert np.isnan(float(metric.result()))


@pytest.mark.parametrize(("make", "theirs"), OURS_AND_THEIRS, ids=["Pearson", "Spearman"])
def test_what_weighs_nothing_counts_for_nothing_whatever_it_is(make, theirs):
    metric = make()
    metric.update_state(np.zeros(0, "float32"), np.zeros(0, "float32"))
    metric.update_state([np.nan, 1e9], [2.0, np.inf], [0.0, 0.0])
    metric.update_state([1e9, 0.5, 0.25, 0.5], [7.0, 2.0, 1.0, 3.0], [0.0, 1.0, 1.0, 2.0])
    metric.update_state([np.nan, 0.75], [2.0, 2.0], [0.0, 1.0])
    expected = theirs([0.5, 0.25, 0.5, 0.5, 0.75], [2.0, 1.0, 3.0, 3.0, 2.0])[0]
    assert float(metric.result()) == pytest.approx(expected, abs=1e-5)


def test_more_pairs_than_there_is_room_for_are_no_number():
    metric = Spearman(4)
    assert streamed(metric, np.arange(4.0), np.arange(4.0) ** 2) == pytest.approx(1.0)
    metric.update_state([4.0], [16.0], [0.0])  # counts for nothing, takes no room
    assert float(metric.result()) == pytest.approx(1.0)
    metric.update_state([4.0, 5.0], [16.0, 25.0])
    assert np.isnan(float(metric.result()))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=20))
def test_matthews(texts):
    true, predicted, weights = (np.array(column) for column in zip(*texts, strict=True))
    theirs = sklearn_metrics.matthews_corrcoef
    assert streamed(Matthews(4), true, predicted) == pytest.approx(theirs(true, predicted), abs=1e-5)
    scores = np.eye(4, dtype="float32")[predicted]
    weighted = theirs(true, predicted, sample_weight=weights) if weights.any() else 0.0
    assert streamed(Matthews(4), true, scores, weights) == pytest.approx(weighted, abs=1e-5)


def test_matthews_of_rare_classes():
    true = np.zeros(300_000, "int32")
    predicted = true.copy()
    true[:3], predicted[1:5] = 1, 1
    metric = Matthews(2)
    metric.update_state(true, predicted)
    assert float(metric.result()) == pytest.approx(sklearn_metrics.matthews_corrcoef(true, predicted), abs=1e-5)


def test_inside_evaluate_they_are_exact_over_the_epoch():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 50, 1)).astype("float32")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Activation("linear")])
    model.compile(loss="mse", metrics=[Pearson(), Spearman(64)])
    scores = model.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
    assert scores["pearson"] == pytest.approx(stats.pearsonr(x[:, 0], y[:, 0])[0], abs=1e-5)
    assert scores["spearman"] == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-5)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"Expected y_true and y_pred of shape \(B,\).*Try a metric for each column"):
        Pearson().update_state(np.zeros((2, 3)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="`capacity` to be a positive integer"):
        Spearman(0)
    with pytest.raises(ValueError, match="`num_classes` to be a positive integer"):
        Matthews(0)
