import json

import keras
import keras_hub
import numpy as np
import pytest
from keras import ops

from keras_embed.backbones import RecurrentBackbone
from keras_embed.layers import CasingEmbedding, CharacterCNN, WordEmbedding


def numpy(x):
    return ops.convert_to_numpy(x)


def features(lengths=(4, 2, 0), time=4, seed=0):
    rng = np.random.default_rng(seed)
    mask = np.arange(time) < np.array(lengths)[:, None]
    return {"token_ids": np.where(mask, rng.integers(2, 20, mask.shape), 0).astype("int32"), "padding_mask": mask}


def all_features(**kwargs):
    rng = np.random.default_rng(1)
    x = features(**kwargs)
    batch, time = x["token_ids"].shape
    return {
        **x,
        "casing_ids": rng.integers(0, 5, (batch, time)).astype("int32"),
        "char_ids": rng.integers(0, 9, (batch, time, 3)).astype("int32"),
        "char_index": rng.integers(0, batch * time, (batch, time)).astype("int32"),
    }


def all_embeddings():
    return [WordEmbedding(20, 4, unknown_dropout=0.1), CasingEmbedding(5, 2), CharacterCNN(9, 3, 4)]


def backbone(**kwargs):
    return RecurrentBackbone([WordEmbedding(20, 4, embeddings_initializer="normal")], **{"hidden_dim": 3, **kwargs})


def run(model, x):
    # Compiled: op by op, JAX compiles each recurrent layer anew at each call.
    return model.predict_on_batch(x)["sequence_output"]


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
def test_padding_changes_nothing(cell, bidirectional):
    model, x = backbone(cell=cell, bidirectional=bidirectional, num_layers=2 if cell == "lstm" else 1), features()
    short = run(model, x)
    long = run(model, {name: np.pad(value, ((0, 0), (0, 4))) for name, value in x.items()})
    assert short.shape == (3, 4, 6 if bidirectional else 3)
    np.testing.assert_allclose(long[:, :4], short, atol=1e-5)
    assert (long[:, 4:] == 0).all()
    assert (short[~x["padding_mask"]] == 0).all()
    assert np.abs(short[x["padding_mask"]]).min(axis=-1).max() > 0


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
def test_masked_positions_do_not_leak(cell):
    model, x = backbone(cell=cell), features()
    # A mask with a hole and one that starts late, beside an empty sentence.
    x["padding_mask"] = np.array([[True, False, True, True], [False, True, True, False], [False] * 4])
    other = {**x, "token_ids": np.where(x["padding_mask"], x["token_ids"], 19)}
    np.testing.assert_array_equal(run(model, other), run(model, x))


def test_an_empty_sentence_gives_zeros_and_finite_gradients():
    model, x = backbone(dropout=0.0), features(lengths=(0, 0))
    assert (run(model, x) == 0).all()
    trained = keras.Model(model.input, keras.layers.Dense(1)(model.output["sequence_output"]))
    trained.compile("sgd", "mse")
    assert np.isfinite(trained.fit(x, np.ones((2, 4, 1)), verbose=0).history["loss"]).all()
    assert all(np.isfinite(numpy(weight)).all() for weight in trained.weights)


def test_one_direction_sees_the_past_only_and_both_see_all():
    x = features(lengths=(4,))
    other = {**x, "token_ids": x["token_ids"].copy()}
    other["token_ids"][0, 2] = (x["token_ids"][0, 2] - 1) % 18 + 2
    for bidirectional, changed in ((False, [False, False, True, True]), (True, [True] * 4)):
        model = backbone(bidirectional=bidirectional)
        assert ((run(model, x) != run(model, other)).any(axis=-1)[0] == changed).all()


def test_skip_connections_add_where_the_widths_agree():
    # With the recurrent layers silenced, only the sum of the skips is left.
    model = backbone(num_layers=3, hidden_dim=2, skip_connections=True)
    x = features(lengths=(4, 3))
    for weight in model.weights:
        if "recurrent_" in weight.path:
            weight.assign(np.zeros(weight.shape))
    words = numpy(model.embeddings[0](x))
    np.testing.assert_allclose(run(model, x), np.where(x["padding_mask"][..., None], words, 0), atol=1e-6)
    plain = backbone(num_layers=3, hidden_dim=2)
    for weight in plain.weights:
        if "recurrent_" in weight.path:
            weight.assign(np.zeros(weight.shape))
    assert (run(plain, x) == 0).all()


def test_dropout_is_the_same_at_all_steps():
    model = backbone(dropout=0.5, hidden_dim=16)
    out = numpy(model(features(lengths=(4, 4)), training=True)["sequence_output"])
    dropped = out == 0
    assert dropped.any() and (dropped == dropped[:, :1]).all()


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
def test_recurrent_dropout_trains(cell):
    model = backbone(cell=cell, recurrent_dropout=0.3)
    trained = keras.Model(model.input, keras.layers.Dense(1)(model.output["sequence_output"]))
    trained.compile("sgd", "mse")
    x = features(lengths=(4, 2, 0, 3))
    losses = trained.fit(x, np.ones((4, 4, 1)), epochs=2, batch_size=2, verbose=0).history["loss"]
    assert np.isfinite(losses).all()


def test_inputs_are_the_union_of_the_features():
    model = RecurrentBackbone(all_embeddings(), hidden_dim=3)
    assert sorted(model.input) == ["casing_ids", "char_ids", "char_index", "padding_mask", "token_ids"]
    assert model.output["sequence_output"].shape == (None, None, 6)


def test_keras_file_and_preset_round_trips(tmp_path):
    model = RecurrentBackbone(all_embeddings(), cell="gru", hidden_dim=3, num_layers=2, skip_connections=True)
    x = all_features()
    model.save(tmp_path / "model.keras")
    model.save_to_preset(str(tmp_path / "preset"))
    from_file = keras.models.load_model(tmp_path / "model.keras")
    from_preset = keras_hub.models.Backbone.from_preset(str(tmp_path / "preset"))
    expected = run(model, x)
    assert expected.shape == (3, 4, 6)
    for copy in (from_file, from_preset):
        assert type(copy) is RecurrentBackbone
        np.testing.assert_allclose(run(copy, x), expected, atol=1e-6)
        assert json.dumps(copy.get_config()) == json.dumps(model.get_config())


def test_mixed_precision():
    model = RecurrentBackbone([WordEmbedding(20, 4, dtype="mixed_bfloat16")], hidden_dim=3, dtype="mixed_bfloat16")
    out = model(features())["sequence_output"]
    assert keras.backend.standardize_dtype(out.dtype) == model.output["sequence_output"].dtype == "bfloat16"
    assert np.isfinite(numpy(ops.cast(out, "float32"))).all()
    assert all(keras.backend.standardize_dtype(weight.dtype) == "float32" for weight in model.trainable_weights)
    assert RecurrentBackbone.from_config(model.get_config()).dtype_policy.name == "mixed_bfloat16"


class OddWords(WordEmbedding):
    @property
    def features(self):
        return {"token_ids": (None, None)}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"cell": "qrnn"}, r"Expected `cell` to be one of .*'lstm'.* Received: 'qrnn'"),
        ({"hidden_dim": 0}, "Expected `hidden_dim` to be a positive integer"),
        ({"dropout": 1.0}, "Expected `dropout` in"),
        ({"embeddings": []}, r"Expected at least one layer in `embeddings`. Received: \[\]. Try"),
        (
            {"embeddings": [keras.layers.Embedding(3, 2)]},
            "Expected every layer in `embeddings` to have a property `features`.* Received: Embedding. Try",
        ),
        (
            {"embeddings": [WordEmbedding(3, 2), OddWords(3, 2)]},
            r"Expected embeddings to agree on the shape of feature `token_ids`. Received: \(None,\) and \(None, None\)",
        ),
    ],
)
def test_bad_arguments(arguments, text):
    with pytest.raises(ValueError, match=text):
        RecurrentBackbone(**{"embeddings": [WordEmbedding(3, 2)], **arguments})


def test_frozen_it_stays_frozen_inside_of_another_model():
    model = backbone()
    model.trainable = False
    again = RecurrentBackbone.from_config(model.get_config())
    outer = keras.Model(again.input, keras.layers.Dense(1)(again(again.input)["sequence_output"]))
    assert len(outer.trainable_weights) == 2
