import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.layers import CasingEmbedding, WordEmbedding

IDS = {"token_ids": np.array([[2, 5, 1, 0], [3, 2, 4, 4]], "int32")}


def numpy(x):
    return ops.convert_to_numpy(x)


def test_looks_rows_up():
    matrix = np.arange(18, dtype="float32").reshape(6, 3)
    layer = WordEmbedding(6, 3, weights=matrix)
    np.testing.assert_array_equal(numpy(layer(IDS)), matrix[IDS["token_ids"]])


def test_other_features_are_left_alone():
    layer = WordEmbedding(6, 3)
    np.testing.assert_array_equal(numpy(layer({**IDS, "padding_mask": np.ones((2, 4), bool)})), numpy(layer(IDS)))


def test_pretrained_weights_are_not_in_the_config_and_survive_saving(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    layer = WordEmbedding(6, 3, weights=matrix, trainable=False)
    assert len(json.dumps(keras.layers.serialize(layer))) < 2000
    inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy(reloaded(IDS)), numpy(model(IDS)))
    assert reloaded.trainable_variables == []


def test_weights_of_another_shape_are_refused():
    with pytest.raises(
        ValueError, match=r"Expected `weights` of shape \(vocabulary_size, dim\) = \(6, 3\). Received: "
    ):
        WordEmbedding(6, 3, weights=np.zeros((5, 3)))


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_are_checked(rate):
    with pytest.raises(ValueError, match="Expected `unknown_dropout` in"):
        WordEmbedding(6, 3, unknown_dropout=rate)


def test_unknown_dropout_hides_words_only_and_in_training_only():
    # The vector of an id is the id itself, so the output shows which ids were read.
    layer = WordEmbedding(50, 1, unknown_dropout=0.3, weights=np.arange(50.0)[:, None], seed=1)
    ids = np.random.default_rng(0).integers(0, 50, size=(40, 50)).astype("int32")
    np.testing.assert_array_equal(numpy(layer({"token_ids": ids}))[..., 0], ids)
    read = numpy(layer({"token_ids": ids}, training=True))[..., 0]
    changed = read != ids
    assert set(read[changed]) == {1.0}
    assert not changed[ids == 0].any()
    assert 0.25 < changed[ids >= 2].mean() < 0.35


def test_unknown_dropout_draws_anew():
    layer = WordEmbedding(50, 1, unknown_dropout=0.5, weights=np.arange(50.0)[:, None])
    ids = {"token_ids": np.full((8, 8), 7, "int32")}
    assert (numpy(layer(ids, training=True)) != numpy(layer(ids, training=True))).any()


def test_dropouts_inside_a_fit():
    layer = WordEmbedding(6, 3, unknown_dropout=0.5, dropout=0.2)
    inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
    model = keras.Model(inputs, layer(inputs))
    model.compile("sgd", "mse")
    before = numpy(layer.embedding.embeddings)[1].copy()
    known = {"token_ids": np.full((2, 4), 3, "int32")}
    model.fit(known, np.ones((2, 4, 3), "float32"), epochs=3, verbose=0)
    # Only hidden words lead to the unknown word's vector.
    assert (numpy(layer.embedding.embeddings)[1] != before).any()


def test_dropout():
    layer = WordEmbedding(6, 100, dropout=0.5, weights=np.ones((6, 100)))
    assert set(np.unique(numpy(layer(IDS, training=True)))) == {0.0, 2.0}
    assert set(np.unique(numpy(layer(IDS)))) == {1.0}


@pytest.mark.parametrize(
    ("layer", "name"),
    [(lambda **kw: WordEmbedding(6, 3, **kw), "token_ids"), (lambda **kw: CasingEmbedding(6, 3, **kw), "casing_ids")],
)
def test_contract(layer, name):
    ids = IDS["token_ids"]
    half = layer(dtype="mixed_bfloat16")
    assert half.features == {name: (None,)}
    symbolic = half({name: keras.Input((None,), dtype="int32")})
    assert symbolic.shape == (None, None, 3)
    eager = half({name: ids})
    assert tuple(eager.shape) == half.compute_output_shape({name: (2, 4)}) == (2, 4, 3)
    assert keras.backend.standardize_dtype(eager.dtype) == symbolic.dtype == "bfloat16"
    copy = type(half).from_config(half.get_config())
    assert copy.get_config() == half.get_config()


def test_casing_looks_rows_up():
    layer = CasingEmbedding(6, 3)
    rows = numpy(layer({"casing_ids": IDS["token_ids"]}))
    np.testing.assert_array_equal(rows, numpy(layer.embedding.embeddings)[IDS["token_ids"]])
