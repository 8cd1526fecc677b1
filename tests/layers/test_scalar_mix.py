"""Mixes of layers against the closed form of the paper and of the published code."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.layers import ScalarMix

LAYERS = np.random.default_rng(2).normal(size=(2, 4, 3, 5)).astype("float32")
MASK = np.array([[True, True, True, False], [True, False, False, False]])


def made(weights=None, gamma=1.0, **arguments):
    mix = ScalarMix(3, **arguments)
    mix.build(LAYERS.shape)
    if weights is not None:
        mix.scalars.assign(weights)
    mix.gamma.assign([gamma])
    return mix


def numpy(x):
    return ops.convert_to_numpy(x)


def test_it_starts_as_the_mean():
    np.testing.assert_allclose(numpy(made()(LAYERS)), LAYERS.mean(axis=2), atol=1e-6)


# The values of bilm-tf's and AllenNLP's own tests.
@pytest.mark.parametrize(("weights", "gamma"), [((0.1, 0.3, 0.5), 1.1), ((0.2, 0.4, 0.6), 0.88)])
def test_the_closed_form(weights, gamma):
    shares = np.exp(weights) / np.exp(weights).sum()
    expected = gamma * np.einsum("n,btnd->btd", shares, LAYERS)
    np.testing.assert_allclose(numpy(made(weights, gamma)(LAYERS)), expected, atol=1e-6)


@pytest.mark.parametrize("epsilon", [1e-12, 1e-13])
def test_layers_are_normalised_before_they_are_mixed(epsilon):
    weights = (0.1, 0.3, 0.5)
    shares = np.exp(weights) / np.exp(weights).sum()
    expected = 0
    for number, share in enumerate(shares):
        layer = LAYERS[:, :, number]
        real = layer[MASK]  # one mean and one variance for all elements of all real tokens
        expected = expected + share * (layer - real.mean()) / np.sqrt(real.var() + epsilon)
    mixed = numpy(made(weights, layer_norm=True, epsilon=epsilon)(LAYERS, mask=MASK))
    np.testing.assert_allclose(mixed[MASK], expected[MASK], atol=1e-5)


def test_the_penalty_is_on_the_weights_as_they_are():
    mix = made((0.5, -2.0, 1.0), gamma=3.0, l2=0.1)
    mix(LAYERS)
    np.testing.assert_allclose(sum(numpy(loss) for loss in mix.losses), 0.1 * (0.25 + 4 + 1), rtol=1e-5)
    assert not made((0.5, -2.0, 1.0)).losses


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_fixed_weights_choose_a_layer_and_are_not_trained(policy):
    mix = ScalarMix(3, fixed_weights=(-9e10, 1, -9e10), l2=1.0, dtype=policy)
    mixed = numpy(mix(LAYERS)).astype("float32")
    np.testing.assert_allclose(mixed, LAYERS[:, :, 1], atol=1e-6 if policy == "float32" else 2e-3)
    assert not mix.trainable_weights and not mix.losses
    assert [weight.shape for weight in mix.non_trainable_weights] == [(3,), (1,)]


def test_gradients_are_those_of_the_closed_form():
    """One step of gradient descent on the sum of squares, against finite differences."""
    mix = made((0.1, 0.3, 0.5), 1.1)
    model = keras.Sequential([keras.Input((4, 3, 5)), mix])
    model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=False)

    def loss(weights, gamma):
        shares = np.exp(weights) / np.exp(weights).sum()
        return np.square(gamma * np.einsum("n,btnd->btd", shares, LAYERS.astype("float64"))).mean()

    weights, gamma, step = np.array([0.1, 0.3, 0.5]), 1.1, 1e-6
    slopes = [(loss(weights + step * one, gamma) - loss(weights - step * one, gamma)) / (2 * step) for one in np.eye(3)]
    slope = (loss(weights, gamma + step) - loss(weights, gamma - step)) / (2 * step)
    model.train_on_batch(LAYERS, np.zeros((2, 4, 5)))
    np.testing.assert_allclose(numpy(mix.scalars), weights - slopes, atol=1e-5)
    np.testing.assert_allclose(numpy(mix.gamma), [gamma - slope], atol=1e-5)


def test_arguments_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="3 `fixed_weights`"):
        ScalarMix(3, fixed_weights=(1, 2))
    with pytest.raises(ValueError, match="`l2` of at least 0"):
        ScalarMix(3, l2=-1)
    with pytest.raises(ValueError, match="num_layers"):
        ScalarMix(0)
