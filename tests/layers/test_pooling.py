"""Pooling layers without a mask, and their arguments."""

import keras
import numpy as np
import pytest

from keras_embed import layers

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
KINDS = ["AttentionPooling", "FirstPooling", "LastPooling", "MaxPooling", "MeanPooling"]


@pytest.mark.parametrize("name", KINDS)
def test_without_a_mask_everything_is_real(name):
    layer = getattr(layers, name)()
    with_mask = layer(X, mask=np.ones((2, 3), bool))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(X)), keras.ops.convert_to_numpy(with_mask), rtol=1e-6)


def test_the_last_states_of_both_directions_are_those_that_keras_returns():
    """Bidirectional(return_sequences=False) gives the last forward and the last backward state."""
    inner = keras.layers.LSTM(2, return_sequences=True)
    both = keras.layers.Bidirectional(inner)
    sequence = both(X)
    states = keras.layers.Bidirectional(keras.layers.LSTM(2))
    states.build(X.shape)
    states.set_weights(both.get_weights())
    pooled = layers.LastPooling(bidirectional=True)(sequence)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(pooled), keras.ops.convert_to_numpy(states(X)), rtol=1e-5, atol=1e-6
    )


def test_attention_scores_are_those_of_the_paper():
    layer = layers.AttentionPooling(5)
    layer.build(X.shape)
    weight, bias, context = layer.get_weights()
    scores = np.tanh(X @ weight + bias) @ context[:, 0]  # (B, T)
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    expected = (weights[..., None] * X).sum(1)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(X)), expected, rtol=1e-4, atol=1e-5)


def test_dropped_words_are_a_share_of_the_real_ones_and_padding_stays_padding():
    mask = np.arange(400)[None] < np.array([[400], [200]])
    layer = layers.WordDropout(0.25, seed=3)
    kept = keras.ops.convert_to_numpy(layer(mask, training=True))
    assert not kept[~mask].any()
    assert 0.65 < kept[mask].mean() < 0.85
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(mask)), mask)
    again = keras.ops.convert_to_numpy(layer(mask, training=True))
    assert (kept != again).any()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: layers.AttentionPooling(0), "`attention_dim` to be a positive integer"),
        (lambda: layers.WordDropout(1.0), "`rate` in"),
        (lambda: layers.EmbeddingBag(0, 2), "`vocabulary_size` to be a positive integer"),
        (lambda: layers.EmbeddingBag(3, 2, scales=np.ones((2, 3))), r"`scales` of shape .*\(3, 2\).*\(2, 3\)"),
    ],
)
def test_bad_arguments(make, error):
    with pytest.raises(ValueError, match=error):
        make()
