"""Pretrained vectors in Keras layers: the rows, the size of saved files, models built without the vectors."""

import json
import warnings

import keras
import numpy as np
import pytest

from keras_embed import text
from keras_embed.backbones import RecurrentBackbone
from keras_embed.initializers import Pretrained
from keras_embed.layers import WordEmbedding
from keras_embed.vectors import WordVectors, align

WORDS = [f"w{row}" for row in range(2000)]
VECTORS = WordVectors(WORDS, np.random.default_rng(0).normal(size=(2000, 50)))
VOCABULARY = text.Vocabulary(WORDS[::-1])
IDS = np.array([[2, 5, 1, 0]], "int32")


def plain_model():
    layer = keras.layers.Embedding(len(VOCABULARY), 50, embeddings_initializer=Pretrained(VECTORS, VOCABULARY))
    return keras.Sequential([keras.Input((None,), dtype="int32"), layer]), IDS


def our_model():
    inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
    layer = WordEmbedding(len(VOCABULARY), 50, embeddings_initializer=Pretrained(VECTORS, VOCABULARY))
    return keras.Model(inputs, layer(inputs)), {"token_ids": IDS}


def partly_frozen_model():
    inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
    start = Pretrained(VECTORS, VOCABULARY)
    layer = WordEmbedding(len(VOCABULARY), 50, embeddings_initializer=start, frozen_rows=start.coverage.found)
    return keras.Model(inputs, layer(inputs)), {"token_ids": IDS}


MODELS = pytest.mark.parametrize("make", [plain_model, our_model, partly_frozen_model])


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@MODELS
def test_rows_are_in_the_order_of_the_vocabulary(make):
    model, ids = make()
    np.testing.assert_array_equal(numpy(model(ids))[0], align(VECTORS, VOCABULARY)[0][IDS[0]])


@MODELS
def test_a_saved_file_is_as_large_as_its_weights(make, tmp_path):
    model, ids = make()
    path = tmp_path / "model.keras"
    model.save(path)
    assert path.stat().st_size < 1.2 * len(VOCABULARY) * 50 * 4 + 50_000
    assert len(model.to_json()) < 5000
    expected = numpy(model(ids))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = keras.saving.load_model(path)
    np.testing.assert_array_equal(numpy(loaded(ids)), expected)
    loaded.save(path)  # and once more, from a model that never saw the vectors
    np.testing.assert_array_equal(numpy(keras.saving.load_model(path)(ids)), expected)


@MODELS
def test_a_model_built_from_its_config_alone_warns(make):
    model, ids = make()
    with pytest.warns(UserWarning, match="has no vectors, so this matrix starts at random"):
        clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(numpy(clone(ids)), numpy(model(ids)))


def test_a_preset_loads_quietly(tmp_path):
    layer = WordEmbedding(len(VOCABULARY), 50, embeddings_initializer=Pretrained(VECTORS, VOCABULARY))
    backbone = RecurrentBackbone([layer], hidden_dim=3)
    backbone.save_to_preset(str(tmp_path / "preset"))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*Pretrained")
        again = RecurrentBackbone.from_preset(str(tmp_path / "preset"))
    matrix = numpy(again.embeddings[0].embedding.embeddings)
    np.testing.assert_array_equal(matrix, align(VECTORS, VOCABULARY)[0])


def test_a_model_of_ones_own_class_loads_quietly(tmp_path):
    model, _ = our_model()
    model.save_weights(tmp_path / "model.weights.h5")
    again, ids = our_model()
    again.layers[-1].embedding.embeddings.assign(np.zeros((len(VOCABULARY), 50)))
    again.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(numpy(again(ids)), numpy(model(ids)))


def test_config_and_coverage():
    start = Pretrained(VECTORS, ["", "[UNK]", "W1", "x"], fallbacks=["lower"], unknown="random", seed=3)
    assert start.coverage.missing_words == ("x",)
    assert json.dumps(start.get_config()) == '{"shape": [4, 50]}'
    assert Pretrained.from_config(start.get_config()).get_config() == start.get_config()
    np.testing.assert_array_equal(numpy(start.clone()((4, 50))), start.matrix)
    assert keras.backend.standardize_dtype(start((4, 50), "float16").dtype) == "float16"


def test_another_shape_is_refused():
    layer = keras.layers.Embedding(7, 50, embeddings_initializer=Pretrained(VECTORS, ["w1", "w2"]))
    with pytest.raises(ValueError, match=r"shape \(2, 50\), one row .* Received: shape \(7, 50\). Try Embedding"):
        layer.build()


def test_vocabularies_of_keras():
    lookup = keras.layers.TextVectorization(vocabulary=["w3", "w1"])
    layer = keras.layers.Embedding(
        lookup.vocabulary_size(), 50, embeddings_initializer=Pretrained(VECTORS, lookup), mask_zero=True
    )
    ids = numpy(lookup(["w1 w3"]))
    np.testing.assert_allclose(numpy(layer(ids))[0], VECTORS.rows(["w1", "w3"]))
