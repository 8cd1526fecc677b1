"""The loss of spans: scikit-learn's log loss of starts and of ends."""

import numpy as np
import pytest
from keras import ops

from keras_embed.functional.spans import IMPOSSIBLE
from keras_embed.losses import SpanLoss

log_loss = pytest.importorskip("sklearn.metrics").log_loss


def test_against_log_loss():
    logits = np.random.default_rng(0).normal(size=(6, 2, 5)).astype("float32")
    labels = np.array([[0, 0], [1, 3], [2, 2], [4, 4], [1, 2], [3, 4]])
    chances = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    sides = [log_loss(labels[:, side], chances[:, side], labels=range(5)) for side in (0, 1)]
    assert float(SpanLoss()(labels, logits)) == pytest.approx(np.mean(sides), rel=1e-5)
    weights = np.array([1.0, 0, 2, 1, 0, 1], "float32")
    each = ops.convert_to_numpy(SpanLoss(reduction="none")(labels, logits))
    assert float(SpanLoss(reduction="sum")(labels, logits, weights)) == pytest.approx((each * weights).sum(), rel=1e-5)


def test_positions_outside_of_answers_change_nothing():
    logits = np.random.default_rng(0).normal(size=(2, 2, 3)).astype("float32")
    labels = np.array([[0, 0], [1, 2]])
    padded = np.concatenate([logits, np.full((2, 2, 4), IMPOSSIBLE, "float32")], -1)
    assert float(SpanLoss()(labels, padded)) == pytest.approx(float(SpanLoss()(labels, logits)), rel=1e-6)


def test_half_precision_logits():
    logits = np.array([[[0.0, 300.0], [0.0, 300.0]]])
    assert float(SpanLoss()(np.array([[0, 0]]), ops.cast(logits, "float16"))) == pytest.approx(300.0)


@pytest.mark.parametrize(("true", "predicted"), [((2, 3), (2, 2, 4)), ((2, 2), (2, 4)), ((2, 2), (2, 3, 4))])
def test_shapes_that_do_not_fit(true, predicted):
    with pytest.raises(ValueError, match=r"Expected y_true \(B, 2\) and y_pred \(B, 2, T\)"):
        SpanLoss()(np.zeros(true, "int32"), np.zeros(predicted, "float32"))
