"""The losses of both directions against the formulas, direction by direction."""

import numpy as np
from keras import ops

from keras_embed.functional.sampled_softmax import full_cross_entropy, sampled_cross_entropy
from keras_embed.layers.language_model_head import LanguageModelHead

B, T, D, V, S = 2, 3, 4, 7, 5
RNG = np.random.default_rng(8)
HIDDEN = RNG.normal(size=(B, T, 2, D)).astype("float32")
TARGETS = RNG.integers(0, V, size=(B, 2, T)).astype("int32")


def made():
    head = LanguageModelHead(V)
    head.build((None, None, 2, D))
    head.set_weights([RNG.normal(size=weight.shape) for weight in head.get_weights()])
    return head


def test_without_sampled_words_it_is_the_full_softmax():
    head = made()
    losses = ops.convert_to_numpy(head(HIDDEN, TARGETS))
    assert losses.shape == (B, 2, T)
    for way in (0, 1):
        expected = full_cross_entropy(
            HIDDEN[:, :, way].reshape(-1, D), TARGETS[:, way].reshape(-1), head.kernel, head.bias
        )
        np.testing.assert_allclose(losses[:, way].reshape(-1), ops.convert_to_numpy(expected), rtol=1e-6)


def test_each_direction_has_its_own_sampled_words():
    head = made()
    candidates = np.stack([RNG.permutation(V)[:S] for _ in range(2)], axis=1).astype("int32")
    counts = RNG.normal(size=(B, 2, T)).astype("float32"), RNG.normal(size=(S, 2)).astype("float32")
    losses = ops.convert_to_numpy(head(HIDDEN, TARGETS, candidates, *counts))
    for way in (0, 1):
        drawn = (candidates[:, way], head.kernel, head.bias, counts[0][:, way].reshape(-1), counts[1][:, way])
        expected = sampled_cross_entropy(HIDDEN[:, :, way].reshape(-1, D), TARGETS[:, way].reshape(-1), *drawn)
        np.testing.assert_allclose(losses[:, way].reshape(-1), ops.convert_to_numpy(expected), rtol=1e-5)


def test_logits_are_those_of_the_loss():
    head = made()
    logits = ops.convert_to_numpy(head.logits(HIDDEN)).astype("float64")  # (B, T, 2, V)
    own = np.take_along_axis(logits, TARGETS.transpose(0, 2, 1)[..., None], axis=-1)[..., 0]
    expected = (np.log(np.exp(logits).sum(-1)) - own).transpose(0, 2, 1)
    np.testing.assert_allclose(ops.convert_to_numpy(head(HIDDEN, TARGETS)), expected, rtol=1e-5)
