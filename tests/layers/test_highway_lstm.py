"""The highway LSTM against the equations of its paper, step by step, and what masks, directions and dropout mean."""

import numpy as np
import pytest
from keras import ops

from keras_embed.functional.recurrence import highway_lstm_step
from keras_embed.layers import HighwayLSTM

UNITS, DIM = 4, 3
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 0]], bool)
X = np.random.default_rng(2).normal(size=(*MASK.shape, DIM)).astype("float32")


def numpy(x):
    return ops.convert_to_numpy(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def made(**arguments):
    """A layer with random weights."""
    layer, rng = HighwayLSTM(UNITS, **arguments), np.random.default_rng(1)
    layer.build((None, None, DIM))
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights() if weight.dtype == "float32"])
    return layer


def steps(layer, words):
    """(T, H) of one text without padding, a matrix a gate, as the paper writes it."""
    kernel, recurrent, bias = (numpy(x).astype("float64") for x in (layer.kernel, layer.recurrent_kernel, layer.bias))
    w_i, w_f, w_c, w_o, w_r, w_h = np.split(kernel, 6, axis=1)
    u_i, u_f, u_c, u_o, u_r = np.split(recurrent, 5, axis=1)
    b_i, b_f, b_c, b_o, b_r = np.split(bias, 5)
    h = c = np.zeros(UNITS)
    outputs = []
    for x in words:
        candidate = np.tanh(x @ w_c + h @ u_c + b_c)
        c = sigmoid(x @ w_i + h @ u_i + b_i) * candidate + sigmoid(x @ w_f + h @ u_f + b_f) * c
        r = sigmoid(x @ w_r + h @ u_r + b_r)
        h = r * sigmoid(x @ w_o + h @ u_o + b_o) * np.tanh(c) + (1 - r) * (x @ w_h)
        outputs.append(h)
    return np.array(outputs).reshape(-1, UNITS)


@pytest.mark.parametrize("backwards", [False, True])
def test_it_is_the_paper_for_any_padding(backwards):
    layer = made(go_backwards=backwards)
    outputs = numpy(layer(X, mask=MASK))
    order = slice(None, None, -1 if backwards else 1)
    for row, words, mask in zip(outputs, X, MASK, strict=True):
        np.testing.assert_allclose(row[mask], steps(layer, words[mask][order])[order], atol=1e-5)
        assert not row[~mask].any()


def test_an_open_highway_gives_the_projected_input():
    layer = made()
    layer.bias.assign(np.where(np.arange(5 * UNITS) < 4 * UNITS, 0.0, -100.0))
    projected = X @ numpy(layer.kernel)[:, 5 * UNITS :]
    np.testing.assert_allclose(numpy(layer(X)), projected, atol=1e-5)


def test_gates_that_know_nothing_halve_everything():
    hidden, cell = highway_lstm_step(np.zeros((1, 10)), np.array([[1.0, 2.0]]), np.array([[4.0, -4.0]]))
    np.testing.assert_allclose(numpy(cell), [[2.0, -2.0]])
    np.testing.assert_allclose(numpy(hidden), [[0.25 * np.tanh(2) + 0.5, -0.25 * np.tanh(2) + 1]], rtol=1e-6)


def test_matrices_are_orthonormal_at_first_and_forgetting_is_slow():
    layer = HighwayLSTM(UNITS)
    layer.build((None, None, UNITS))
    for kernel, gates in ((layer.kernel, 6), (layer.recurrent_kernel, 5)):
        parts = np.split(numpy(kernel), gates, axis=1)
        for part in parts:
            np.testing.assert_allclose(part @ part.T, np.eye(UNITS), atol=1e-5)
        assert np.abs(parts[0] - parts[1]).max() > 0.01
    np.testing.assert_array_equal(np.split(numpy(layer.bias), 5), np.eye(5)[1][:, None].repeat(UNITS, 1))


def test_one_mask_drops_the_same_units_at_all_steps():
    x = np.ones((8, 3, DIM), "float32")
    layer = made(recurrent_dropout=0.5, seed=3)
    dropped = numpy(layer(x, training=True)) == 0
    assert 0.2 < dropped.mean() < 0.8
    assert (dropped == dropped[:, :1]).all()
    again = numpy(made(recurrent_dropout=0.5, seed=3)(x, training=True)) == 0
    np.testing.assert_array_equal(again, dropped)
    assert not (numpy(layer(x)) == 0).any()
