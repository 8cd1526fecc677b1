"""Accuracy and perplexity of tokens from logits, against NumPy, alone and in `compile`."""

import keras
import numpy as np
import pytest

from keras_embed.losses import SmoothedCrossentropy
from keras_embed.metrics import TokenAccuracy, TokenPerplexity

B, T, V = 4, 5, 6
RNG = np.random.default_rng(1)
LOGITS = RNG.normal(size=(B, T, V)).astype("float32")
LABELS = np.where(np.arange(T) < np.array([[5], [3], [1], [4]]), LOGITS.argmax(-1), -1)
LABELS[:, 0] = 2
REAL = LABELS >= 0
LOSSES = np.log(np.exp(LOGITS).sum(-1)) - np.take_along_axis(LOGITS, np.maximum(LABELS, 0)[..., None], -1)[..., 0]
RIGHT = LABELS == LOGITS.argmax(-1)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 2.0, 0.5], "float32")])
def test_they_count_real_tokens_over_batches(weights):
    accuracy, perplexity = TokenAccuracy(), TokenPerplexity()
    for rows in (slice(0, 1), slice(1, 4)):
        weight = None if weights is None else weights[rows]
        accuracy.update_state(LABELS[rows], LOGITS[rows], weight)
        perplexity.update_state(LABELS[rows], LOGITS[rows], weight)
    full = REAL * (np.ones(B) if weights is None else weights)[:, None]
    assert float(accuracy.result()) == pytest.approx((RIGHT * full).sum() / full.sum(), rel=1e-5)
    assert float(perplexity.result()) == pytest.approx(np.exp((LOSSES * full).sum() / full.sum()), rel=1e-5)


def test_beside_the_loss_in_a_compiled_model():
    model = keras.Sequential([keras.Input((T, V)), keras.layers.Activation("linear")])
    model.compile("sgd", SmoothedCrossentropy(0.1), metrics=[TokenAccuracy(), TokenPerplexity()])
    scores = model.evaluate(LOGITS, LABELS, batch_size=2, verbose=0, return_dict=True)
    assert scores["token_accuracy"] == pytest.approx(RIGHT.sum() / REAL.sum(), rel=1e-5)
    assert scores["perplexity"] == pytest.approx(np.exp(LOSSES[REAL].mean()), rel=1e-5)
    model.fit(LOGITS, LABELS, batch_size=2, verbose=0)


def test_a_batch_of_padding_changes_nothing():
    metric = TokenAccuracy()
    metric.update_state(LABELS, LOGITS)
    before = float(metric.result())
    metric.update_state(np.full((B, T), -1), LOGITS)
    assert float(metric.result()) == before
