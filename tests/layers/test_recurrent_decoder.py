"""RecurrentDecoder against a loop in NumPy, and against itself step by step."""

import keras
import numpy as np
import pytest
from contract import assert_equal
from decoder_oracle import decode, numpy

from keras_embed.layers import (
    BahdanauAttention,
    LocalAttention,
    LocationSensitiveAttention,
    LuongAttention,
    RecurrentDecoder,
)

RNG = np.random.default_rng(5)
B, T, S, E, M, D = 2, 4, 3, 5, 6, 4
LENGTHS = np.array([3, 2])
MASK = np.arange(S)[None] < LENGTHS[:, None]
X = RNG.normal(size=(B, T, E)).astype("float32")
MEMORY = RNG.normal(size=(B, S, M)).astype("float32")
CELLS = {"lstm": keras.layers.LSTMCell, "gru": keras.layers.GRUCell, "simple": keras.layers.SimpleRNNCell}
MODELS = {
    "Bahdanau": lambda: RecurrentDecoder(cells("gru"), BahdanauAttention(3)),
    "Bahdanau with a readout": lambda: RecurrentDecoder(cells("lstm", 2), BahdanauAttention(3), attentional_dim=7),
    "Luong": lambda: RecurrentDecoder(cells("lstm", 2), general(), "present", attentional_dim=7),
    "Luong side by side": lambda: RecurrentDecoder(cells("simple"), general(), "present"),
    "Luong without feeding": lambda: RecurrentDecoder(cells("gru", 2), general(), "present", False, 7),
    "no attention": lambda: RecurrentDecoder(cells("lstm", 2)),
}
STATEFUL = {
    "location": lambda: RecurrentDecoder(cells("gru"), LocationSensitiveAttention(BahdanauAttention(3))),
    "local-m without feeding": lambda: RecurrentDecoder(
        cells("simple"), LocalAttention(general(), "monotonic", 1), "present", False
    ),
}


def cells(kind, number=1):
    return [CELLS[kind](D) for _ in range(number)]


def general():
    return LuongAttention("general", D)


def first_states(decoder, rows=B):
    return [
        [0.5 * RNG.normal(size=(rows, D)).astype("float32") for _ in np.atleast_1d(cell.state_size)]
        for cell in decoder.cells
    ]


def run(decoder, states=None, x=X, memory=MEMORY, mask=MASK, **kwargs):
    """Outputs and weights, as arrays; without attention the weights are None."""
    answer = decoder(x, memory, mask, states, **kwargs)
    outputs, weights = answer if decoder.attention is not None else (answer, None)
    return numpy(outputs), None if weights is None else numpy(weights)


def stepped(decoder, states, x):
    """The same one step after the other, for the inputs of beams (B, T, K, E)."""
    beam_state, memory = decoder.begin(MEMORY, MASK, states, x.shape[2])
    outputs, weights = [], []
    for t in range(x.shape[1]):
        y, a, beam_state = decoder.step(x[:, t], beam_state, memory)
        outputs.append(numpy(y))
        weights.append(None if a is None else numpy(a))
    return np.stack(outputs, 1), None if weights[0] is None else np.stack(weights, 1)


@pytest.mark.parametrize("name", [*MODELS, *STATEFUL])
def test_all_at_once_in_numpy_and_beam_by_beam(name):
    decoder = (MODELS | STATEFUL)[name]()
    states = first_states(decoder)
    beams = np.stack([X, RNG.normal(size=X.shape).astype("float32")], 2)  # (B, T, K, E)
    rows = np.swapaxes(beams, 1, 2).reshape(B * 2, T, E)  # each beam as a row of its own
    memory, mask = np.repeat(MEMORY, 2, 0), np.repeat(MASK, 2, 0)
    first = [[np.repeat(part, 2, 0) for part in parts] for parts in states]
    outputs, weights = run(decoder, first, rows, memory, mask)

    step_outputs, step_weights = stepped(decoder, states, beams)
    np.testing.assert_allclose(np.swapaxes(step_outputs, 1, 2).reshape(outputs.shape), outputs, atol=1e-5)
    if weights is not None:
        np.testing.assert_allclose(np.swapaxes(step_weights, 1, 2).reshape(weights.shape), weights, atol=1e-5)
    for row, length in enumerate(mask.sum(1) if name in MODELS else ()):
        before = [[part[row].astype("float64") for part in parts] for parts in first]
        expected, alignment = decode(decoder, rows[row], memory[row, :length], before)
        np.testing.assert_allclose(outputs[row], expected, atol=1e-5)
        if weights is not None:
            np.testing.assert_allclose(weights[row, :, :length], alignment, atol=1e-5)
            assert (weights[row, :, length:] == 0).all()


@pytest.mark.parametrize("name", ["Bahdanau", "Luong without feeding"])
def test_padding_of_the_memory_changes_nothing(name):
    decoder = (MODELS | STATEFUL)[name]()
    states = first_states(decoder)
    outputs, weights = run(decoder, states)
    memory = np.concatenate([MEMORY, np.full((B, 4, M), 7.0, "float32")], 1)
    longer, longer_weights = run(decoder, states, memory=memory, mask=np.pad(MASK, ((0, 0), (0, 4))))
    np.testing.assert_allclose(longer, outputs, atol=1e-5)
    np.testing.assert_allclose(longer_weights[:, :, :S], weights, atol=1e-5)
    assert (longer_weights[:, :, S:] == 0).all()


def test_a_row_without_memory_is_finite():
    outputs, weights = run(MODELS["Bahdanau"](), mask=np.array([[True] * S, [False] * S]))
    assert np.isfinite(outputs).all()
    assert (weights[1] == 0).all()


def test_gradients_reach_all_weights():
    decoder = MODELS["Luong"]()
    x, memory = keras.Input((None, E)), keras.Input((None, M))
    mask = keras.Input((None,), dtype="bool")
    states = [[keras.Input((D,)) for _ in np.atleast_1d(cell.state_size)] for cell in decoder.cells]
    answer = decoder(x, memory, mask, states)
    answer = answer if decoder.attention is None else answer[0]
    model = keras.Model([x, memory, mask, *keras.tree.flatten(states)], answer)
    model.compile(keras.optimizers.SGD(10.0), "mse", run_eagerly=True)
    before = [numpy(weight) for weight in decoder.trainable_weights]
    arrays = [X, MEMORY, MASK, *keras.tree.flatten(first_states(decoder))]
    model.train_on_batch(arrays, np.zeros((B, T, answer.shape[-1]), "float32"))
    changed = [np.abs(numpy(weight) - old).max() for weight, old in zip(decoder.trainable_weights, before, strict=True)]
    assert min(changed) > 0, [w.path for w, c in zip(decoder.trainable_weights, changed, strict=True) if c == 0]


class OwnCell(keras.layers.Layer):
    """A cell whose state is one tensor, and whose input comes in one piece."""

    state_size = output_size = D

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], D))
        self.built = True

    def get_initial_state(self, batch_size=None):
        return keras.ops.ones((batch_size, D))

    def call(self, x, states):
        hidden = keras.ops.tanh(keras.ops.matmul(x, self.kernel) + states[0])
        return hidden, hidden


def test_a_cell_of_the_users_own():
    cell = OwnCell()
    outputs, _ = run(RecurrentDecoder([cell]))
    hidden = np.ones((B, D))
    for t in range(T):
        hidden = np.tanh(X[:, t] @ numpy(cell.kernel) + hidden)
        np.testing.assert_allclose(outputs[:, t], hidden, atol=1e-5)


@pytest.mark.parametrize("arguments", [{"reset_after": False}, {"use_bias": False}, {"activation": "relu"}])
def test_cells_as_the_layers_of_keras(arguments):
    cell = keras.layers.GRUCell(D, **arguments)
    outputs, _ = run(RecurrentDecoder([cell]))
    assert_equal(outputs, keras.layers.RNN(cell, return_sequences=True)(X))


def test_dropout_draws_one_mask_for_all_steps():
    decoder = RecurrentDecoder(cells("simple"), attentional_dim=40, dropout=0.5, seed=3)
    outputs, _ = run(decoder, training=True)
    dropped = outputs == 0
    assert 0.2 < dropped.mean() < 0.8
    assert (dropped == dropped[:, :1]).all()
    assert (run(decoder)[0] != 0).all()


def test_one_set_of_masks_gives_the_same_call_and_steps():
    decoder = RecurrentDecoder(cells("simple", 2), general(), "present", attentional_dim=7, dropout=0.4)
    decoder.build((B, T, E), (B, S, M))
    masks = decoder.draw_masks(B, E, M)
    assert set(masks) == {"input", "output", "feedback", "cell_0"}
    outputs, _ = run(decoder, masks=masks)
    beam_state, memory = decoder.begin(MEMORY, MASK)
    y, _, _ = decoder.step(X[:, 0, None], beam_state, memory, masks)
    np.testing.assert_allclose(numpy(y)[:, 0], outputs[:, 0], atol=1e-5)


def test_a_config_makes_an_equal_decoder():
    config = MODELS["Luong"]().get_config()
    copy = RecurrentDecoder.from_config(config)
    assert copy.get_config() == config
    assert type(copy.attention) is LuongAttention
    assert [type(cell) for cell in copy.cells] == [keras.layers.LSTMCell] * 2


def test_half_precision_keeps_weights_in_float32():
    policy = keras.dtype_policies.DTypePolicy("mixed_bfloat16")
    decoder = RecurrentDecoder(cells("gru"), BahdanauAttention(3, dtype=policy), attentional_dim=7, dtype=policy)
    outputs, weights = decoder(X, MEMORY, MASK)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    np.testing.assert_allclose(numpy(weights).sum(-1), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: RecurrentDecoder([]), "at least one cell"),
        (lambda: RecurrentDecoder([keras.layers.GRUCell(3, dropout=0.5)]), "without dropout of their own"),
        (lambda: RecurrentDecoder(cells("gru"), attend_with="next"), "attend_with"),
        (lambda: RecurrentDecoder(cells("gru"), general(), "previous", False), "input_feeding=True"),
        (lambda: RecurrentDecoder(cells("gru"), dropout=1.0), "dropout"),
    ],
)
def test_errors_say_what_to_do(make, text):
    with pytest.raises(ValueError, match=text):
        make()
