"""Language models' backbones: all steps at once and one by one, causality, padding, round trips, errors."""

import keras
import keras_hub
import numpy as np
import pytest
from keras import ops

from keras_embed.backbones import RecurrentLanguageModelBackbone, TransformerLanguageModelBackbone
from keras_embed.layers.positions import RotaryPositions

V = 11
LENGTHS = np.array([6, 4, 1])
RNG = np.random.default_rng(5)
MASK = np.arange(6) < LENGTHS[:, None]
IDS = np.where(MASK, RNG.integers(1, V, MASK.shape), 0).astype("int32")
FEATURES = {"token_ids": IDS, "padding_mask": MASK}
MAKERS = {
    "lstm": lambda **kw: RecurrentLanguageModelBackbone(V, embedding_dim=4, hidden_dim=6, num_layers=2, **kw),
    "cell": lambda **kw: RecurrentLanguageModelBackbone(V, keras.layers.GRUCell(4), 4, 4, **kw),
    "transformer": lambda **kw: TransformerLanguageModelBackbone(V, 2, 2, 8, 8, **kw),
    "positions": lambda **kw: TransformerLanguageModelBackbone(V, 1, 2, 8, 8, RotaryPositions(), **kw),
    "learned": lambda **kw: TransformerLanguageModelBackbone(V, 1, 2, 8, 8, "learned", max_length=6, **kw),
}
EVERY = pytest.mark.parametrize("name", MAKERS)


def numpy(x):
    return ops.convert_to_numpy(x)


def stepped(model, ids, beams=1):
    """Logits (B, T, V) of a loop over `step`, all beams with the same tokens."""
    state, found = model.begin({"token_ids": ids[:, :1]}, beams, ids.shape[1]), []
    for position in range(ids.shape[1]):
        tokens = np.repeat(ids[:, position, None], beams, axis=1)
        logits, attention, state = model.step(ops.convert_to_tensor(tokens), ops.convert_to_tensor(position), state)
        assert attention is None and tuple(logits.shape) == (len(ids), beams, V)
        found.append(numpy(logits)[:, -1])
    return np.stack(found, axis=1)


@EVERY
def test_steps_are_all_at_once_and_look_at_nothing_to_come(name):
    model = MAKERS[name]()
    outputs = model.predict_on_batch(FEATURES)
    assert outputs["logits"].dtype == "float32" and outputs["logits"].shape == (3, 6, V)
    np.testing.assert_allclose(stepped(model, IDS, beams=2)[MASK], outputs["logits"][MASK], atol=1e-5)
    later = IDS.copy()
    later[:, 3:] = (later[:, 3:] + 4) % V
    changed = model.predict_on_batch({**FEATURES, "token_ids": later})["logits"]
    real = MASK[:, :3]
    np.testing.assert_allclose(changed[:, :3][real], outputs["logits"][:, :3][real], atol=1e-6)
    assert np.abs(changed[0, 3:] - outputs["logits"][0, 3:]).max() > 1e-3


@EVERY
def test_padding_changes_nothing(name):
    model = MAKERS[name]()
    longer = {key: np.pad(value, [(0, 0), (0, 5)]) for key, value in FEATURES.items()}
    short, long = model.predict_on_batch(FEATURES), model.predict_on_batch(longer)
    for key in short:
        np.testing.assert_allclose(long[key][:, :6][MASK], short[key][MASK], atol=1e-5)
    assert not short["sequence_output"][~MASK].any()


@EVERY
def test_keras_file_and_preset_round_trips(name, tmp_path):
    model = MAKERS[name]()
    expected = model.predict_on_batch(FEATURES)["logits"]
    model.save(tmp_path / "model.keras")
    model.save_to_preset(str(tmp_path / "preset"))
    for copy in (
        keras.models.load_model(tmp_path / "model.keras"),
        keras_hub.models.Backbone.from_preset(str(tmp_path / "preset")),
    ):
        assert type(copy) is type(model) and copy.vocabulary_size == V
        np.testing.assert_allclose(copy.predict_on_batch(FEATURES)["logits"], expected, atol=1e-6)


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_one_table_or_two(name):
    tied, free = MAKERS[name](), MAKERS[name](tie_embeddings=False)
    dim = 4 if name == "lstm" else 8
    assert free.count_params() - tied.count_params() == V * dim


def test_an_lstm_is_its_formula():
    model = RecurrentLanguageModelBackbone(V, embedding_dim=3, hidden_dim=4)
    table, kernel, recurrent, bias, readout = (numpy(w).astype("float64") for w in _weights(model))

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    hidden, carry, expected = np.zeros(4), np.zeros(4), []
    for token in IDS[0]:
        i, f, g, o = np.split(table[token] @ kernel + hidden @ recurrent + bias, 4)
        carry = sigmoid(f) * carry + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(carry)
        expected.append(np.tanh(hidden @ readout) @ table.T)
    found = model.predict_on_batch({name: x[:1] for name, x in FEATURES.items()})["logits"][0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def _weights(model):
    by_name = {weight.path.split("/")[-2] + "/" + weight.name: weight for weight in model.weights}
    names = ["embedding/embeddings", "cell_0/kernel", "cell_0/recurrent_kernel", "cell_0/bias", "recurrence/kernel"]
    return [by_name[name] for name in names]


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_mixed_precision_gives_float32_logits(name):
    model = MAKERS[name](dtype="mixed_bfloat16")
    logits = model(FEATURES)["logits"]
    assert keras.backend.standardize_dtype(logits.dtype) == "float32" and np.isfinite(numpy(logits)).all()


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_frozen_it_stays_frozen(name):
    assert not MAKERS[name](trainable=False).trainable_weights


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: RecurrentLanguageModelBackbone(0), "`vocabulary_size` to be a positive integer"),
        (lambda: RecurrentLanguageModelBackbone(9, "rnn"), "`cell` to be one of"),
        (lambda: RecurrentLanguageModelBackbone(9, num_layers=0), "`num_layers` to be a positive integer"),
        (lambda: RecurrentLanguageModelBackbone(9, keras.layers.GRUCell(3)), "a cell of hidden_dim=512"),
        (lambda: TransformerLanguageModelBackbone(9, hidden_dim=10), "a multiple of num_heads=4"),
        (lambda: TransformerLanguageModelBackbone(9, positions="none"), "`positions` to be one of"),
    ],
)
def test_errors_read(make, text):
    with pytest.raises(ValueError, match=text):
        make()
