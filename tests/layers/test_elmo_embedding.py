"""Mixes over one pass of an ELMo, against the oracle's layers and the closed form."""

import keras
import numpy as np
import pytest
from elmo_oracle import Oracle
from keras import ops
from small_elmo import SENTENCES, features, oracle_weights, small_elmo

from keras_embed.layers import ElmoEmbedding

MIXES = [((0.1, 0.3, 0.5), 1.1), ((0.2, -0.4, 0.6), 0.88)]
LENGTHS = [len(words) for words in SENTENCES]


@pytest.fixture(scope="module")
def elmo():
    return small_elmo()


@pytest.fixture(scope="module")
def bounded(elmo):
    """The oracle's layers of each sentence, boundaries included."""
    oracle = Oracle(oracle_weights(elmo), width=10, clips=(0.8, 0.5))
    return [oracle.sentence(words, row, boundaries=True) for row, words in enumerate(SENTENCES)]


def made(elmo, **arguments):
    layer = ElmoEmbedding(elmo, **{"num_mixes": 2, **arguments})
    layer.build({name: x.shape for name, x in features().items()})
    if "fixed_weights" not in arguments:
        for mix, (weights, gamma) in zip(layer.mixes, MIXES, strict=False):
            mix.scalars.assign(weights)
            mix.gamma.assign([gamma])
    return layer


def run(layer, **arguments):
    outputs = layer(features(), **arguments)
    return [ops.convert_to_numpy(x) for x in (outputs if isinstance(outputs, list) else [outputs])]


def mixed(layers, weights, gamma):
    """(T, N, D) -> (T, D)."""
    shares = np.exp(weights) / np.exp(weights).sum()
    return gamma * np.einsum("n,tnd->td", shares, layers)


def check(found, bounded, mixes=MIXES, boundaries=False):
    """Every row of every mix equals the closed form, and is zero at padding."""
    assert len(found) == len(mixes)
    for x, (weights, gamma) in zip(found, mixes, strict=True):
        for row, layers in enumerate(bounded):
            expected = mixed(layers if boundaries else layers[1:-1], weights, gamma)
            np.testing.assert_allclose(x[row, : len(expected)], expected, atol=2e-5)
            assert not x[row, len(expected) :].any()


def test_several_mixes_over_one_pass(elmo, bounded):
    check(run(made(elmo)), bounded)


def test_with_boundaries(elmo, bounded):
    found = run(made(elmo, keep_boundaries=True))
    assert found[0].shape[1] == max(LENGTHS) + 2
    check(found, bounded, boundaries=True)


@pytest.mark.parametrize(("scope", "epsilon"), [("tokens", 1e-12), ("with_boundaries", 1e-13)])
@pytest.mark.parametrize("keep_boundaries", [False, True])
def test_layers_normalised_over_tokens_with_or_without_boundaries(elmo, bounded, scope, epsilon, keep_boundaries):
    if keep_boundaries and scope == "tokens":
        with pytest.raises(ValueError, match="with_boundaries"):
            ElmoEmbedding(elmo, layer_norm=scope, keep_boundaries=True)
        return
    counted = np.concatenate(bounded if scope == "with_boundaries" else [layers[1:-1] for layers in bounded])
    mean = counted.mean(axis=(0, 2), keepdims=True)
    deviation = np.sqrt(counted.var(axis=(0, 2), keepdims=True) + epsilon)
    normal = [(layers - mean) / deviation for layers in bounded]
    found = run(made(elmo, layer_norm=scope, keep_boundaries=keep_boundaries))
    check(found, normal, boundaries=keep_boundaries)


def test_a_projection_follows_and_padding_stays_zero(elmo, bounded):
    layer = made(elmo, num_mixes=1, projection_dim=4)
    layer.projections[0].bias.assign(np.arange(4))
    [found] = run(layer)
    kernel = ops.convert_to_numpy(layer.projections[0].kernel)
    for row, layers in enumerate(bounded):
        expected = mixed(layers[1:-1], *MIXES[0]) @ kernel + np.arange(4)
        np.testing.assert_allclose(found[row, : LENGTHS[row]], expected, atol=2e-5)
        assert not found[row, LENGTHS[row] :].any()


def test_fixed_weights_choose_a_layer_of_every_mix(elmo, bounded):
    layer = made(elmo, fixed_weights=(-9e10, 1, -9e10))
    for x in run(layer):
        for row, layers in enumerate(bounded):
            np.testing.assert_allclose(x[row, : LENGTHS[row]], layers[1:-1, 1], atol=2e-5)
    assert not [weight for mix in layer.mixes for weight in mix.trainable_weights]


def test_the_penalties_of_all_mixes_are_losses(elmo):
    layer = made(elmo, l2=0.5)
    run(layer)
    expected = 0.5 * sum(np.square(weights).sum() for weights, _ in MIXES)
    np.testing.assert_allclose(sum(ops.convert_to_numpy(loss) for loss in layer.losses), expected, rtol=1e-5)


def test_dropout_in_training_alone_and_repeatable(elmo):
    still, *_ = run(made(elmo, dropout=0.5))
    first, second = run(made(elmo, dropout=0.5, seed=1), training=True)
    again, _ = run(made(elmo, dropout=0.5, seed=1), training=True)
    np.testing.assert_array_equal(first, again)
    kept = first != 0
    assert 0.2 < kept[np.abs(still) > 0].mean() < 0.8
    np.testing.assert_allclose(first[kept], 2 * still[kept], rtol=1e-4)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_frozen_elmo_leaves_the_mixes_to_be_trained(when):
    elmo = small_elmo()
    elmo.trainable = when != "before"
    layer = made(elmo, projection_dim=2)
    elmo.trainable = False
    frozen = [ops.convert_to_numpy(weight).copy() for weight in elmo.weights]
    assert len(layer.trainable_weights) == 2 * (2 + 2)
    inputs = {name: keras.Input(x.shape[1:], dtype=x.dtype.name, name=name) for name, x in features().items()}
    model = keras.Model(inputs, keras.layers.Concatenate()(layer(inputs)))
    model.compile(keras.optimizers.SGD(0.5), "mse", jit_compile=False)
    before = [ops.convert_to_numpy(weight).copy() for weight in layer.trainable_weights]
    model.fit(features(), np.ones((4, max(LENGTHS), 4)), epochs=2, verbose=0)
    for weight, old in zip(elmo.weights, frozen, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight), old)
    for weight, old in zip(layer.trainable_weights, before, strict=True):
        assert not np.array_equal(ops.convert_to_numpy(weight), old), weight.path


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="the others follow no weights that are not asked for"
)
@pytest.mark.parametrize("frozen", [True, False])
def test_gradients_stop_before_a_frozen_elmo(frozen):
    """Tracing those of its loops would take many seconds, for nothing."""
    import tensorflow as tf

    elmo = small_elmo()
    layer = made(elmo, num_mixes=1, dropout=0.0)
    elmo.trainable = not frozen
    weights = [weight.value for weight in elmo.weights]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss = ops.sum(layer(features()))
    assert all(gradient is None for gradient in tape.gradient(loss, weights)) == frozen


def test_a_frozen_layer_has_nothing_to_train():
    elmo = small_elmo()
    elmo.trainable = False
    assert not made(elmo, trainable=False, projection_dim=2).trainable_weights


def test_arguments_that_do_not_fit_are_named(elmo):
    with pytest.raises(ValueError, match="one place for each mix"):
        ElmoEmbedding(elmo, num_mixes=2, places=("input",))
    with pytest.raises(ValueError, match="places"):
        ElmoEmbedding(elmo, places=("middle",))
    with pytest.raises(ValueError, match="layer_norm"):
        ElmoEmbedding(elmo, layer_norm="token")
    with pytest.raises(ValueError, match="3 `fixed_weights`"):
        ElmoEmbedding(elmo, fixed_weights=(1, 2))
