"""RecurrentSeq2SeqBackbone: training and decoding agree, padding changes nothing, and it learns."""

import keras
import numpy as np
import pytest
from contract import assert_equal
from decoder_oracle import numpy

from keras_embed.backbones import RecurrentSeq2SeqBackbone
from keras_embed.layers import BahdanauAttention, LuongAttention, ScheduledSampling

NAMES = [
    "bahdanau",
    "bahdanau_normalized",
    "coverage",
    "local_monotonic",
    "local_predictive",
    "location",
    "luong_concat",
    "luong_dot",
    "luong_general",
    "luong_scaled",
    "monotonic",
    None,
]


def backbone(attention="bahdanau", **arguments):
    """A small one; dots want a memory as wide as the decoder."""
    one_way = {"bidirectional": False} if attention in ("luong_dot", "luong_scaled") else {}
    sizes = {"embedding_dim": 4, "hidden_dim": 5, "cell": "gru"}
    return RecurrentSeq2SeqBackbone(9, 8, attention=attention, **{**sizes, **one_way, **arguments})


def features(padding=0):
    source = np.pad(np.array([[4, 5, 6, 3], [7, 3, 0, 0]]), ((0, 0), (0, padding)))
    target = np.pad(np.array([[2, 4, 5, 6, 7], [2, 5, 6, 0, 0]]), ((0, 0), (0, padding)))
    return {
        "encoder_token_ids": source,
        "encoder_padding_mask": source > 0,
        "decoder_token_ids": target,
        "decoder_padding_mask": target > 0,
    }


def stepped(model, x, beams=1):
    """Logits and attention (B, T, K, ...), each beam reading the true tokens."""
    state, logits, weights = model.begin(x, beams, 10), [], []
    for t in range(x["decoder_token_ids"].shape[1]):
        tokens = np.repeat(x["decoder_token_ids"][:, t, None], beams, 1)
        scores, attention, state = model.step(tokens, t, state)
        logits.append(numpy(scores))
        weights.append(None if attention is None else numpy(attention))
    return np.stack(logits, 1), None if weights[0] is None else np.stack(weights, 1)


@pytest.mark.parametrize("attention", NAMES)
def test_every_attention_has_a_name(attention):
    model = backbone(attention)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.output.items()}
    assert shapes["logits"] == (None, None, 8)
    assert shapes.get("attention") == (None if attention is None else (None, None, None))
    asks = model.token_decoder.decoder.attend_with
    assert asks == ("present" if str(attention).startswith(("local", "luong")) else "previous")


@pytest.mark.parametrize("attention", ["bahdanau", "local_monotonic", None])
def test_step_by_step_and_saved_as_all_at_once(attention, tmp_path):
    model, x = backbone(attention, dropout=0.2), features()
    outputs, mask = model(x), x["decoder_padding_mask"]
    logits, weights = stepped(model, x, beams=2)
    np.testing.assert_allclose(logits[mask][:, 1], numpy(outputs["logits"])[mask], atol=1e-5)
    if attention is not None:
        np.testing.assert_allclose(weights[mask][:, 0], numpy(outputs["attention"])[mask], atol=1e-5)
    model.save(tmp_path / "model.keras")
    assert_equal(keras.models.load_model(tmp_path / "model.keras")(x), outputs)


@pytest.mark.parametrize(
    "arguments",
    [
        {"cell": "lstm", "num_encoder_layers": 2, "num_decoder_layers": 3},
        {"cell": "lstm", "attention": "luong_general", "bridge": "last", "num_encoder_layers": 2},
        {"attention": None, "bidirectional": False, "bridge": "last", "num_decoder_layers": 2},
    ],
    ids=str,
)
def test_padding_changes_nothing(arguments):
    model = backbone(**arguments)
    short, long = model(features()), model(features(3))
    for name, axes in [("encoder_sequence_output", (4,)), ("decoder_sequence_output", (5,)), ("logits", (5,))]:
        longer = numpy(long[name])
        np.testing.assert_allclose(longer[:, : axes[0]], numpy(short[name]), atol=1e-5)
        if name != "logits":
            assert (longer[:, axes[0] :] == 0).all()
    if "attention" in short:
        np.testing.assert_allclose(numpy(long["attention"])[:, :5, :4], numpy(short["attention"]), atol=1e-5)
        assert (numpy(long["attention"])[:, 5:] == 0).all()
        assert (numpy(long["attention"])[:, :, 4:] == 0).all()


def test_a_source_without_a_token_is_finite():
    x = features()
    x["encoder_padding_mask"] = np.array([[True] * 4, [False] * 4])
    outputs = backbone(bridge="zero")(x)
    assert np.isfinite(numpy(outputs["logits"])).all()
    assert (numpy(outputs["encoder_sequence_output"])[1] == 0).all()


def test_bridges_start_where_the_encoder_ended():
    x = features()
    model = backbone(bridge="last")
    (cells, _, _), (_, memory, _) = model.begin(x)
    # The backward direction ends at the first word; a row of the memory is [forward; backward].
    np.testing.assert_allclose(numpy(cells[0][0])[:, 0], numpy(memory)[:, 0, 5:], atol=1e-6)
    model = backbone(bridge="dense")
    (cells, _, _), (_, memory, _) = model.begin(x)
    last = np.concatenate([numpy(memory)[[0, 1], [3, 1], :5], numpy(memory)[:, 0, 5:]], -1)
    layer = model.encoder.get_layer("bridge_0_0")
    expected = np.tanh(last @ numpy(layer.kernel) + numpy(layer.bias))
    np.testing.assert_allclose(numpy(cells[0][0])[:, 0], expected, atol=1e-5)
    (cells, _, _), _ = backbone(bridge="zero", cell="lstm").begin(x, 3)
    assert [part.shape for part in cells[0]] == [(2, 3, 5)] * 2
    assert not np.any([numpy(part) for part in cells[0]])


def test_gradients_reach_all_weights():
    model = backbone(cell="lstm", num_encoder_layers=2, num_decoder_layers=2)
    before = [numpy(weight) for weight in model.trainable_weights]
    trained = keras.Model(model.input, model.output["logits"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    trained.compile(keras.optimizers.SGD(1e6), loss, run_eagerly=True)
    trained.train_on_batch(features(), features()["decoder_token_ids"])
    still = [w.path for w, old in zip(model.trainable_weights, before, strict=True) if (numpy(w) == old).all()]
    assert not still


@pytest.mark.parametrize(
    ("tie", "matrices"), [(None, 3), ("source_target", 2), ("target_softmax", 2), ("all", 1)], ids=str
)
def test_tied_embeddings_share_matrices(tie, matrices):
    model = RecurrentSeq2SeqBackbone(8, 8, "gru", 4, 5, tie_embeddings=tie)
    assert sum(8 in weight.shape for weight in model.weights if len(weight.shape) == 2) == matrices
    assert model.output["logits"].shape == (None, None, 8)
    assert model.vocabulary_size == 8


def test_presets_and_configs_keep_layers_and_counters(tmp_path):
    sampling = ScheduledSampling("linear", slope=0.1)
    model = backbone(LuongAttention("general", 5), cell=keras.layers.GRUCell(5), scheduled_sampling=sampling)
    assert model.token_decoder.decoder.attend_with == "present"
    model(features(), training=True)
    model.save_to_preset(str(tmp_path / "preset"))
    loaded = RecurrentSeq2SeqBackbone.from_preset(str(tmp_path / "preset"))
    assert_equal(loaded.weights, model.weights)
    assert int(numpy(loaded.token_decoder.sampling.steps)) == 1
    assert loaded.get_config() == model.get_config()


def test_a_frozen_backbone_has_nothing_to_train():
    assert backbone(trainable=False).trainable_weights == []


def test_half_precision_gives_float32_logits():
    model = backbone(dtype="mixed_bfloat16", tie_embeddings="target_softmax")
    outputs = model(features())
    kinds = {name: keras.backend.standardize_dtype(value.dtype) for name, value in outputs.items()}
    assert (kinds["logits"], kinds["attention"]) == ("float32", "float32")
    assert kinds["decoder_sequence_output"] == "bfloat16"
    logits, _, _ = model.step(np.array([[2], [2]]), 0, model.begin(features()))
    np.testing.assert_allclose(numpy(logits)[:, 0], numpy(outputs["logits"])[:, 0], atol=0.02)


def test_scheduled_sampling_between_teacher_forcing_and_greedy_decoding():
    sampling = ScheduledSampling("constant", "argmax", share=0.0)
    model, x = backbone(scheduled_sampling=sampling, embedding_dim=16), features()
    state, tokens, expected = model.begin(x), x["decoder_token_ids"][:, :1], []
    for t in range(5):
        logits, _, state = model.step(tokens, t, state)
        expected.append(numpy(logits)[:, 0])
        tokens = np.argmax(numpy(logits), -1)
    given = numpy(model(x, training=True)["logits"])
    np.testing.assert_allclose(given[0], np.stack(expected, 1)[0], atol=1e-5)

    forced = numpy(model(x)["logits"])
    assert np.abs(given - forced).max() > 1e-4
    sampling.arguments["share"] = 1.0
    np.testing.assert_allclose(numpy(model(x, training=True)["logits"]), forced, atol=1e-6)


def reversals(rows, rng):
    """Words and, to be written, the same words from behind; 3 ends both."""
    lengths = rng.integers(2, 6, rows)
    source = np.zeros((rows, 6), "int32")
    target, labels = np.zeros((rows, 6), "int32"), np.full((rows, 6), -1, "int32")
    for row, length in enumerate(lengths):
        words = rng.integers(4, 12, length)
        source[row, : length + 1] = [*words, 3]
        target[row, : length + 1] = [2, *words[::-1]]
        labels[row, : length + 1] = [*words[::-1], 3]
    x = {
        "encoder_token_ids": source,
        "encoder_padding_mask": source > 0,
        "decoder_token_ids": target,
        "decoder_padding_mask": target > 0,
    }
    return x, labels


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="one backend is enough for what takes so long")
def test_it_learns_to_reverse():
    keras.utils.set_random_seed(1)
    model = RecurrentSeq2SeqBackbone(12, 12, "gru", 24, 24, attention="bahdanau", tie_embeddings="all")
    trained = keras.Model(model.input, model.output["logits"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    trained.compile(keras.optimizers.Adam(0.01), loss)
    x, labels = reversals(1500, np.random.default_rng(1))
    trained.fit(x, labels, batch_size=50, epochs=6, verbose=0)
    x, labels = reversals(100, np.random.default_rng(2))
    outputs = model.predict(x, verbose=0)
    right = outputs["logits"].argmax(-1) == labels
    assert right[labels >= 0].mean() > 0.95
    # Where it writes the first word, it looks near the last one.
    assert np.abs(outputs["attention"][:, 0].argmax(-1) - (labels >= 0).sum(1) + 2).mean() < 1.5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"cell": "rnn"}, "cell"),
        ({"attention": "dot"}, "attention"),
        ({"attention": None, "bridge": "zero"}, "does not depend on the source"),
        ({"tie_embeddings": "all"}, "vocabularies of one size"),
        ({"attention": None, "tie_embeddings": "target_softmax"}, "equal widths"),
        ({"cell": keras.layers.GRUCell(6)}, "hidden_dim=5"),
        ({"attention": BahdanauAttention(3), "attend_with": "never"}, "attend_with"),
        ({"hidden_dim": 0}, "hidden_dim"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(arguments, text):
    with pytest.raises(ValueError, match=text):
        backbone(**arguments)
