"""ScheduledSampling over a decoder that can be followed by hand."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.layers import ScheduledSampling

IDS = np.array([[2, 5, 6, 7, 3, 0], [2, 7, 7, 3, 0, 0]], "int32")
VOCABULARY = 11
TABLE = np.random.default_rng(3).normal(size=(VOCABULARY, VOCABULARY)).astype("float32")


def step(tokens, position, state):
    """Logits depend on all tokens so far: the state sums their rows of a table."""
    (total,), fixed = state
    total = total + ops.take(ops.convert_to_tensor(TABLE), tokens, axis=0)
    return total, None, ((total,), fixed)


def mixed(sampling, training=True):
    state = ((ops.zeros((2, 1, VOCABULARY)),), ())
    return ops.convert_to_numpy(sampling(IDS, step=step, state=state, training=training))


def own_tokens():
    """What the decoder writes if it reads itself alone."""
    rows = []
    for row in IDS:
        tokens, total = [int(row[0])], np.zeros(VOCABULARY)
        while len(tokens) < len(row):
            total = total + TABLE[tokens[-1]]
            tokens.append(int(total.argmax()))
        rows.append(tokens)
    return np.array(rows)


def test_with_true_tokens_alone_it_is_teacher_forcing():
    np.testing.assert_array_equal(mixed(ScheduledSampling("constant", share=1.0)), IDS)


def test_with_none_it_reads_what_it_would_write():
    np.testing.assert_array_equal(mixed(ScheduledSampling("constant", "argmax", share=0.0)), own_tokens())


def test_in_between_each_own_token_follows_from_the_mixed_ones():
    answer = mixed(ScheduledSampling("constant", "argmax", share=0.5, seed=4))
    taken = 0
    for row, true in zip(answer, IDS, strict=True):
        assert row[0] == true[0]
        total = np.zeros(VOCABULARY)
        for t in range(1, len(row)):
            total = total + TABLE[row[t - 1]]
            assert row[t] in (true[t], total.argmax())
            taken += row[t] != true[t]
    assert 0 < taken < 10


def test_a_constant_share_is_kept():
    ids = np.full((400, 6), 5, "int32")
    sampling = ScheduledSampling("constant", "argmax", share=0.7, seed=1)

    def always_four(tokens, position, state):
        return ops.one_hot(tokens * 0 + 4, VOCABULARY), None, state

    answer = ops.convert_to_numpy(sampling(ids, step=always_four, state=((), ()), training=True))
    assert (answer[:, 0] == 5).all()
    assert np.mean(answer[:, 1:] == 5) == pytest.approx(0.7, abs=0.05)


def test_samples_follow_the_logits():
    logits = np.log(np.array([0.5, 0.2, 0.3], "float32"))

    def coin(tokens, position, state):
        return ops.zeros((*ops.shape(tokens), 3)) + logits, None, state

    sampling = ScheduledSampling("constant", share=0.0, seed=2)
    answer = ops.convert_to_numpy(sampling(np.zeros((500, 5), "int32"), step=coin, state=((), ()), training=True))
    assert np.bincount(answer[:, 1:].ravel()) / 2000 == pytest.approx([0.5, 0.2, 0.3], abs=0.04)


def test_calls_in_training_are_counted_and_lower_the_share():
    sampling = ScheduledSampling("linear", slope=0.25)
    rates = []
    for _ in range(5):
        rates.append(float(ops.convert_to_numpy(sampling.rate)))
        mixed(sampling)
    assert rates == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    np.testing.assert_array_equal(mixed(sampling, training=False), IDS)
    assert int(ops.convert_to_numpy(sampling.steps)) == 5


def test_a_config_makes_an_equal_layer():
    sampling = ScheduledSampling("inverse_sigmoid", "argmax", scale=40.0)
    copy = ScheduledSampling.from_config(sampling.get_config())
    assert copy.get_config() == sampling.get_config()
    assert float(ops.convert_to_numpy(copy.rate)) == pytest.approx(1 / 41)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"decay": "cosine"}, "decay"),
        ({"decay": "linear", "scale": 2.0}, "arguments of the decay 'linear'"),
        ({"decay": "constant", "share": 0.5, "choice": "beam"}, "choice"),
    ],
)
def test_errors_say_what_to_do(arguments, text):
    with pytest.raises(ValueError, match=text):
        ScheduledSampling(**arguments)


def test_in_a_compiled_fit_the_counter_moves():
    class Reader(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.sampling = ScheduledSampling("constant", "argmax", share=0.0)
            self.scale = self.add_weight(())

        def call(self, ids, training=False):
            state = ((ops.zeros((ops.shape(ids)[0], 1, VOCABULARY)),), ())
            mixed_ids = self.sampling(ids, step=step, state=state, training=training)
            return self.scale * ops.cast(mixed_ids, "float32")

        def compute_output_spec(self, ids, training=False):
            return keras.KerasTensor(ids.shape, "float32")

    inputs = keras.Input((None,), dtype="int32")
    reader = Reader()
    model = keras.Model(inputs, reader(inputs))
    model.compile("sgd", "mse")
    model.fit(IDS, IDS, epochs=3, verbose=0)
    assert int(ops.convert_to_numpy(reader.sampling.steps)) == 3
