"""Highways, projected LSTMs, mixes and reading orders compared element by element with their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from keras_embed.functional.elmo import (
    bounded_positions,
    normalized_layers,
    opposite_positions,
    reading_orders,
    scalar_mix,
    take_steps,
)
from keras_embed.functional.recurrence import highway, projected_lstm_step

RNG = np.random.default_rng(5)


def floats(*shape):
    return RNG.normal(size=shape).astype("float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_highway_opens_for_what_is_transformed():
    x, gate, transform = floats(3, 4), floats(3, 4), floats(3, 4)
    expected = np.zeros((3, 4))
    for place in np.ndindex(3, 4):
        g = sigmoid(gate[place])
        expected[place] = g * max(transform[place], 0) + (1 - g) * x[place]
    np.testing.assert_allclose(ops.convert_to_numpy(highway(x, gate, transform)), expected, atol=1e-6)
    closed = ops.convert_to_numpy(highway(x, np.full((3, 4), -40, "float32"), transform))
    np.testing.assert_allclose(closed, x, atol=1e-6)


@pytest.mark.parametrize(("cell_clip", "projection_clip"), [(None, None), (0.5, 0.3)])
@pytest.mark.parametrize("projected", [True, False])
def test_one_step_of_a_projected_lstm(cell_clip, projection_clip, projected):
    gates, cell, projection = floats(2, 12), floats(2, 3), floats(3, 2)
    hidden, after = projected_lstm_step(gates, cell, projection if projected else None, cell_clip, projection_clip)
    for row in range(2):
        i, j, f, o = gates[row].reshape(4, 3)
        c = sigmoid(f + 1) * cell[row] + sigmoid(i) * np.tanh(j)
        c = c if cell_clip is None else np.minimum(np.maximum(c, -cell_clip), cell_clip)
        h = sigmoid(o) * np.tanh(c)
        if projected:
            h = h @ projection
            h = h if projection_clip is None else np.minimum(np.maximum(h, -projection_clip), projection_clip)
        np.testing.assert_allclose(ops.convert_to_numpy(after)[row], c, atol=1e-6)
        np.testing.assert_allclose(ops.convert_to_numpy(hidden)[row], h, atol=1e-6)


# The values of bilm-tf's and AllenNLP's own tests.
@pytest.mark.parametrize(("weights", "gamma"), [((0.1, 0.3, 0.5), 1.1), ((0.2, 0.4, 0.6), 0.88)])
def test_a_mix_is_the_closed_form(weights, gamma):
    layers = floats(2, 4, 3, 5)
    shares = np.exp(weights) / np.exp(weights).sum()
    expected = gamma * sum(share * layers[:, :, number] for number, share in enumerate(shares))
    mixed = scalar_mix(layers, np.array(weights, "float32"), np.array([gamma], "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(mixed), expected, atol=1e-6)


def test_great_weights_choose_a_layer():
    layers = floats(2, 4, 3, 5)
    mixed = scalar_mix(layers, np.array([-9e10, 1, -9e10], "float32"), np.ones(1, "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(mixed), layers[:, :, 1], atol=1e-6)


def test_layers_are_normalised_over_all_real_elements_of_the_batch():
    layers, mask = floats(3, 4, 2, 5), np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    normal = ops.convert_to_numpy(normalized_layers(layers, mask))
    for number in range(2):
        real = layers[:, :, number][mask]  # all tokens, all elements
        expected = (real - real.mean()) / np.sqrt(real.var() + 1e-12)
        np.testing.assert_allclose(normal[:, :, number][mask], expected, atol=1e-5)
    assert np.isfinite(ops.convert_to_numpy(normalized_layers(layers, np.zeros_like(mask)))).all()


masks = st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=3)


@given(masks)
def test_both_orders_hold_each_sentence_between_its_boundaries(rows):
    mask = np.array(rows)
    tokens = np.arange(mask.size, dtype="int32").reshape(mask.shape)
    orders, long_mask = reading_orders(tokens, mask, 100, 200)
    orders, long_mask = ops.convert_to_numpy(orders), ops.convert_to_numpy(long_mask)
    assert orders.shape == (len(rows), 6, 2)
    back = ops.convert_to_numpy(take_steps(orders[..., 1], opposite_positions(long_mask)))
    there = ops.convert_to_numpy(take_steps(orders[..., 0], bounded_positions(mask)))
    for row in range(len(rows)):
        real = [100, *tokens[row][mask[row]].tolist(), 200]
        assert long_mask[row].tolist() == [True] * len(real) + [False] * (6 - len(real))
        assert orders[row, : len(real), 0].tolist() == real
        assert orders[row, : len(real), 1].tolist() == real[::-1]
        assert back[row, : len(real)].tolist() == real
        assert there[row][mask[row]].tolist() == tokens[row][mask[row]].tolist()
