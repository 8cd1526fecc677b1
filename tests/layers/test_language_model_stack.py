"""The recurrent layers against the oracle, and what their state, masks and dropout mean."""

import keras
import numpy as np
import pytest
from elmo_oracle import Direction
from keras import ops

from keras_embed.layers.language_model_stack import LanguageModelStack

STEPS, DIM, HIDDEN, LAYERS = 6, 3, 5, 3


def made(**arguments):
    """A stack with great weights, so that both clips are felt, and the same as datasets of a published file."""
    arguments = {"projection_dim": DIM, "cell_clip": 0.8, "projection_clip": 0.5, **arguments}
    stack = LanguageModelStack(LAYERS, HIDDEN, **arguments)
    stack.build((None, None, 2, arguments["projection_dim"]))
    rng = np.random.default_rng(3)
    stack.set_weights([rng.normal(size=w.shape) for w in stack.get_weights()])
    weights = {}
    for number, lstm in enumerate(stack.lstms):
        arrays = [ops.convert_to_numpy(x) for x in (lstm.input_kernel, lstm.cell.recurrent_kernel, lstm.bias)]
        for direction in (0, 1):
            here = f"RNN_{direction}/RNN/MultiRNNCell/Cell{number}/LSTMCell/"
            weights[here + "W_0"] = np.concatenate([arrays[0][direction], arrays[1][direction]])
            weights[here + "B"] = arrays[2][direction]
            if lstm.cell.projection is not None:
                weights[here + "W_P_0"] = ops.convert_to_numpy(lstm.cell.projection)[direction]
    return stack, weights


def streams(batch=2, dim=DIM, steps=STEPS):
    return np.random.default_rng(4).normal(size=(batch, steps, 2, dim)).astype("float32")


@pytest.mark.parametrize(
    "arguments",
    [{}, {"skip_connections": False}, {"cell_clip": None, "projection_clip": None}, {"projection_dim": HIDDEN}],
    ids=["published", "no skips", "no clips", "no projection"],
)
def test_it_is_the_oracle(arguments):
    stack, weights = made(**arguments)
    x = streams(dim=stack.projection_dim)
    outputs = ops.convert_to_numpy(stack(x))
    clips = (stack.cell_clip, stack.projection_clip)
    for row in range(len(x)):
        for number in (0, 1):
            direction = Direction(weights, number, *clips, skip=stack.skip_connections)
            expected = np.array([direction.step(step) for step in x[row, :, number]])  # (T, N, D)
            np.testing.assert_allclose(outputs[row, :, :, number], expected, atol=2e-6)


def test_a_state_goes_on_where_a_row_ended():
    stack, _ = made()
    x = streams(3)
    lengths = [STEPS, 2, 0]
    mask = np.arange(STEPS)[None] < np.array(lengths)[:, None]
    before = tuple(ops.convert_to_tensor(part) for part in (floats(3, LAYERS, 2, DIM), floats(3, LAYERS, 2, HIDDEN)))
    outputs, state = stack(x, mask=mask, initial_state=before, return_state=True)
    for row, length in enumerate(lengths):
        alone = tuple(part[row : row + 1] for part in before)
        if length == 0:
            expected, after = np.zeros((0, LAYERS, 2, DIM)), alone
        else:
            expected, after = stack(x[row : row + 1, :length], initial_state=alone, return_state=True)
            expected = ops.convert_to_numpy(expected)[0]
        np.testing.assert_allclose(ops.convert_to_numpy(outputs)[row, :length], expected, atol=1e-6)
        assert not ops.convert_to_numpy(outputs)[row, length:].any()
        for mine, theirs in zip(state, after, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(mine)[row], ops.convert_to_numpy(theirs)[0], atol=1e-6)


def floats(*shape):
    return np.random.default_rng(6).normal(size=shape).astype("float32")


def test_two_windows_are_one_text():
    stack, _ = made()
    x = streams(steps=8)
    whole = ops.convert_to_numpy(stack(x))
    first, state = stack(x[:, :5], return_state=True)
    second = stack(x[:, 5:], initial_state=state)
    np.testing.assert_allclose(ops.convert_to_numpy(first), whole[:, :5], atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(second), whole[:, 5:], atol=1e-6)


def test_the_first_layer_has_no_skip():
    """With a closed output gate the output of an LSTM is zero: only the skip connection remains."""
    stack, _ = made()
    weights = [np.zeros(w.shape) for w in stack.get_weights()]
    stack.set_weights(weights)
    assert not ops.convert_to_numpy(stack(streams())).any()


def test_dropout_is_for_training_alone():
    stack = LanguageModelStack(2, HIDDEN, DIM, dropout=0.5, seed=1)
    x = streams()
    calm = ops.convert_to_numpy(stack(x))
    np.testing.assert_array_equal(ops.convert_to_numpy(stack(x, training=False)), calm)
    shaken = ops.convert_to_numpy(stack(x, training=True))
    assert (shaken[:, :, -1] == 0).mean() > 0.2 and np.abs(shaken - calm).max() > 1e-3


def test_no_gradient_reaches_the_state_before():
    """Training carries the state between windows and cuts the gradient there."""
    before = keras.Variable(floats(1, LAYERS, 2, DIM)), keras.Variable(floats(1, LAYERS, 2, HIDDEN))

    class Carried(keras.Model):
        def __init__(self):
            super().__init__()
            self.stack, self.before = made()[0], before

        def call(self, x):
            return self.stack(x, initial_state=self.before)

    model = Carried()
    old = [ops.convert_to_numpy(part) for part in before]
    model.compile(keras.optimizers.SGD(0.1), loss="mse", jit_compile=False)
    moved = ops.convert_to_numpy(model.stack.lstms[0].cell.recurrent_kernel)
    model.fit(streams(1), np.zeros((1, STEPS, LAYERS, 2, DIM), "float32"), verbose=0)
    assert np.abs(ops.convert_to_numpy(model.stack.lstms[0].cell.recurrent_kernel) - moved).max() > 0
    for part, kept in zip(before, old, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(part), kept)


def test_a_projection_cannot_widen():
    with pytest.raises(ValueError, match="Expected `projection_dim` of at most `hidden_dim`.*projection_dim=9"):
        LanguageModelStack(1, 8, 9)
