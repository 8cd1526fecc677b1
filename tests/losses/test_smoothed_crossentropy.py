"""Smoothed cross-entropy of tokens, against one-hot labels in NumPy and against Keras."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.functional import crossentropy as formulas
from keras_embed.losses import SmoothedCrossentropy

B, T, V = 3, 4, 7
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(scale=3, size=(B, T, V)).astype("float32")
LABELS = np.where(np.arange(T) < np.array([[4], [2], [0]]), RNG.integers(0, V, (B, T)), -1)


def smoothed(labels, logits, e):
    """(B, T) losses in float64, by smoothed one-hot labels."""
    logits = logits.astype("float64")
    log_softmax = logits - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True))
    log_softmax = log_softmax - logits.max(-1, keepdims=True)
    q = (1 - e) * np.eye(V)[np.maximum(labels, 0)] + e / V
    return np.where(labels >= 0, -(q * log_softmax).sum(-1), 0.0)


def gradient(loss, logits):
    """Of a scalar loss by logits, by one step of descent at rate 1."""
    layer = keras.layers.Embedding(B, T * V, embeddings_initializer=lambda *_, **__: logits.reshape(B, T * V))
    model = keras.Sequential([keras.Input((), dtype="int32"), layer, keras.layers.Reshape((T, V))])
    model.compile(keras.optimizers.SGD(1.0), loss)
    model.train_on_batch(np.arange(B), LABELS)
    return logits - model.get_weights()[0].reshape(B, T, V)


@pytest.mark.parametrize("e", [0.0, 0.1, 0.6])
def test_it_is_the_mean_over_real_tokens(e):
    expected = smoothed(LABELS, LOGITS, e)
    np.testing.assert_allclose(formulas.crossentropy(LABELS, LOGITS, e), expected, rtol=1e-5, atol=1e-6)
    assert float(SmoothedCrossentropy(e)(LABELS, LOGITS)) == pytest.approx(expected.sum() / 6, rel=1e-5)
    assert float(SmoothedCrossentropy(e, "sum")(LABELS, LOGITS)) == pytest.approx(expected.sum(), rel=1e-5)
    values = SmoothedCrossentropy(e, reduction="none")(LABELS, LOGITS)
    np.testing.assert_allclose(ops.convert_to_numpy(values), expected, rtol=1e-5, atol=1e-6)


def test_without_padding_it_is_keras_own():
    labels = np.maximum(LABELS, 0)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    expected = float(theirs(np.eye(V, dtype="float32")[labels], LOGITS))
    assert float(SmoothedCrossentropy(0.1)(labels, LOGITS)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("e", [0.0, 0.1])
def test_its_gradient_is_softmax_minus_labels(e):
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    expected = (softmax - (1 - e) * np.eye(V)[LABELS] - e / V) * (LABELS >= 0)[..., None] / 6
    np.testing.assert_allclose(gradient(SmoothedCrossentropy(e), LOGITS), expected, atol=2e-6)


@pytest.mark.parametrize("shape", [(B,), (B, 1), (B, T)])
def test_weights_divide_too(shape):
    weights = RNG.uniform(0.5, 2, shape).astype("float32")
    full = np.broadcast_to(weights.reshape(B, -1), (B, T)) * (LABELS >= 0)
    expected = (smoothed(LABELS, LOGITS, 0.1) * full).sum() / full.sum()
    loss = SmoothedCrossentropy(0.1)
    assert float(loss(LABELS, LOGITS, weights)) == pytest.approx(expected, rel=1e-5)
    model = keras.Sequential([keras.Input((T, V)), keras.layers.Activation("linear")])
    model.compile("sgd", loss)
    assert model.evaluate(LOGITS, LABELS, sample_weight=weights, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_a_batch_of_padding_costs_nothing():
    loss = SmoothedCrossentropy()
    assert float(loss(np.full((B, T), -1), LOGITS)) == 0.0
    assert not np.isnan(gradient(SmoothedCrossentropy(reduction="sum"), LOGITS)).any()


def test_far_logits_stay_finite():
    logits = np.array([[[3e4, -3e4, 0.0]]], "float32")
    assert float(SmoothedCrossentropy(0.0)(np.array([[1]]), logits)) == pytest.approx(6e4)
    assert float(SmoothedCrossentropy(0.0)(np.array([[0]]), logits)) == 0.0


def test_half_precision_is_computed_in_full():
    half = ops.cast(LOGITS, "float16")
    value = SmoothedCrossentropy(0.1)(LABELS, half)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    exact = smoothed(LABELS, ops.convert_to_numpy(half), 0.1).sum() / 6
    assert float(value) == pytest.approx(exact, rel=1e-5)


def test_arguments_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="`label_smoothing` in"):
        SmoothedCrossentropy(1.0)
    with pytest.raises(ValueError, match="`reduction` to be one of"):
        SmoothedCrossentropy(reduction="sum_over_batch_size")
    with pytest.raises(ValueError, match=r"labels \(B, T\) and logits \(B, T, V\)"):
        SmoothedCrossentropy()(LABELS[:, :2], LOGITS)
    with pytest.raises(ValueError, match=r"`sample_weight` of shape \(B,\) or \(B, T\)"):
        SmoothedCrossentropy()(LABELS, LOGITS, np.ones((B, 2)))
