"""fastText's composition as a layer: its own vectors of words seen and never seen."""

import json

import keras
import numpy as np
import pytest
from fasttext_files import golden

from keras_embed import text
from keras_embed.layers import SubwordEmbedding
from keras_embed.vectors import Subwords, WordVectors

NAMES = ["ft_sg_ru", "ft_cbow_minn1_ru", "ft_sup_ru"]


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def padded(rows):
    width = max(map(len, rows)) + 3
    return np.array([[row + [0] * (width - len(row)) for row in rows]], "int32")  # (1, T, N)


@pytest.mark.parametrize("name", NAMES)
def test_vectors_are_fasttexts(data_dir, name):
    vectors, expected = golden(data_dir.parent / "fixtures/static/made", name)
    layer = SubwordEmbedding.from_vectors(vectors, trainable=False)
    index = vectors.subword_index()
    assert layer.num_rows == len(index)
    assert not layer.trainable_weights
    words = list(expected["vectors"])
    given = numpy(layer({"subword_ids": padded([index.encode_python(word) for word in words])}))
    np.testing.assert_allclose(given[0], list(expected["vectors"].values()), atol=1e-6)
    in_graph = index.encode(words).to_tensor()[None]
    np.testing.assert_allclose(numpy(layer({"subword_ids": in_graph.numpy()}))[0], given[0], atol=1e-6)


def test_a_pruned_model():
    kept = {bucket: row for row, bucket in enumerate(range(0, 40, 3))}
    rng = np.random.default_rng(0)
    subwords = Subwords(rng.normal(size=(len(kept), 4)).astype("float32"), 40, 2, 3, kept, np.ones((1, 4), "float32"))
    vectors = WordVectors(["cat"], subwords.vectors(["cat"], subwords.word_rows), subwords)
    layer, index = SubwordEmbedding.from_vectors(vectors), vectors.subword_index()
    assert layer.num_rows == len(index)
    words = ["cat", "cats", "", "дом"]
    given = numpy(layer({"subword_ids": padded([index.encode_python(word) for word in words])}))[0]
    np.testing.assert_allclose(given, vectors.rows(words), atol=1e-6)


def test_padding_is_zero_and_has_no_gradient():
    layer = SubwordEmbedding(5, 2, weights=np.ones((5, 2)))
    inputs = {"subword_ids": keras.Input((None, None), dtype="int32", name="subword_ids")}
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    ids = {"subword_ids": np.array([[[1, 2, 0], [0, 0, 0]]], "int32")}
    np.testing.assert_array_equal(numpy(model(ids))[0], [[1, 1], [0, 0]])
    model.fit(ids, np.zeros((1, 2, 2)), verbose=0)
    after = numpy(layer.embedding.embeddings)
    np.testing.assert_array_equal(after[[0, 3, 4]], 1)
    assert (after[[1, 2]] < 1).all()


def test_the_matrix_is_saved_with_the_weights_alone(data_dir, tmp_path):
    vectors, _ = golden(data_dir.parent / "fixtures/static/made", "ft_sg_ru")
    layer = SubwordEmbedding.from_vectors(vectors)
    assert len(json.dumps(keras.layers.serialize(layer))) < 1000
    inputs = {"subword_ids": keras.Input((None, None), dtype="int32", name="subword_ids")}
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    ids = {"subword_ids": padded([vectors.subword_index().encode_python("hello")])}
    np.testing.assert_array_equal(numpy(keras.saving.load_model(tmp_path / "model.keras")(ids)), numpy(model(ids)))


def test_arguments_are_checked():
    with pytest.raises(ValueError, match=r"Expected `weights` of shape \(5, 2\)"):
        SubwordEmbedding(5, 2, weights=np.ones((4, 2)))
    plain = WordVectors(["a"], [[1.0]])
    with pytest.raises(ValueError, match="Expected vectors with n-gram rows and the words' own rows. Received: none"):
        SubwordEmbedding.from_vectors(plain)
    with pytest.raises(ValueError, match="Expected vectors with n-gram rows. Received: none"):
        plain.subword_index()
    half = WordVectors(["a"], [[1.0]], Subwords(np.ones((3, 1), "float32"), 3, 2, 3))
    with pytest.raises(ValueError, match="Received: n-gram rows without `word_rows`"):
        SubwordEmbedding.from_vectors(half)


def test_it_names_its_features():
    assert SubwordEmbedding(5, 2).features == {"subword_ids": (None, None)}
    assert text.SubwordIndex(["a"], 3, 3, 3).encode_python("a") != []
