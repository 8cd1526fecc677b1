"""TF-IDF: against scikit-learn, recorded and live, in both lanes."""

import gzip
import json
import lzma
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_embed import text
from keras_embed.layers import TfidfVectorization

#: scikit-learn's names for what is called otherwise here.
IDF = {(True, True): "smooth", (True, False): "plain", (False, True): "none"}


def from_sklearn(params):
    """Our layer for scikit-learn's parameters."""
    params = dict(params)
    ours = {name: params.pop(name) for name in ("min_df", "max_df", "max_features", "binary", "sublinear_tf", "norm")
            if name in params}  # fmt: skip
    ours["idf"] = IDF[params.pop("use_idf", True), params.pop("smooth_idf", True)]
    ngrams = tuple(params.pop("ngram_range", (1, 1)))
    steps = [text.Lowercase()] if params.pop("lowercase", True) else []
    if params.pop("analyzer", "word") == "char_wb":
        return TfidfVectorization(pipeline=text.Pipeline([*steps, text.CharacterNgrams(*ngrams)]), **ours)
    steps.append(text.TokenPattern(params.pop("token_pattern", r"(?u)\b\w\w+\b")))
    if "stop_words" in params:
        steps.append(text.StopWords(params.pop("stop_words")))
    assert not params
    return TfidfVectorization(ngrams, pipeline=text.Pipeline(steps), **ours)


def graph_lane(layer, texts):
    """The matrix by `tf.data`."""
    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(2).map(layer)
    return np.concatenate([batch.numpy() for batch in dataset])


def recorded(data_dir):
    path = data_dir.parent / "fixtures" / "static" / "made" / "sklearn_tfidf.json"
    if not path.is_file():
        pytest.skip(f"no recorded matrices at {path}")
    return json.loads(path.read_text())


@pytest.mark.parametrize("case", range(15))
def test_recorded_matrices(case, data_dir):
    content = recorded(data_dir)
    assert len(content["cases"]) == 15
    case = content["cases"][case]
    layer = from_sklearn(case["params"])
    layer.adapt(content["docs"])
    assert layer.vocabulary() == case["terms"]
    for matrix in (keras.ops.convert_to_numpy(layer(content["docs"])), graph_lane(layer, content["docs"])):
        np.testing.assert_allclose(matrix, case["matrix"], atol=1e-6)


def movie_reviews(data_dir):
    with gzip.open(data_dir / "mr_subj" / "rt-polarity.all.gz", "rt", encoding="latin-1") as file:
        return [line.rstrip("\n").split(" ", 1)[1] for line in file]


def novels(data_dir):
    with lzma.open(data_dir / "russian_classics" / "Turgenev_OttsyIDeti.txt.xz", "rt", encoding="utf-8") as file:
        return [line for line in file if line.strip()]


SETTINGS = [
    {},
    {"ngram_range": (1, 2), "min_df": 2, "max_df": 0.5, "sublinear_tf": True},
    {"ngram_range": (2, 3), "max_features": 3000, "norm": "l1", "smooth_idf": False},
    {"max_features": 500, "binary": True, "norm": None},
    {"analyzer": "char_wb", "ngram_range": (3, 4), "min_df": 5},
    {"use_idf": False, "min_df": 0.001, "max_df": 100},
]


@pytest.mark.parametrize("corpus", [movie_reviews, novels])
@pytest.mark.parametrize("params", SETTINGS, ids=str)
def test_live_scikit_learn(corpus, params, data_dir):
    sklearn_text = pytest.importorskip("sklearn.feature_extraction.text")
    texts = corpus(data_dir)[:3000]
    reference = sklearn_text.TfidfVectorizer(**params)
    expected = reference.fit_transform(texts)
    expected.sort_indices()
    layer = from_sklearn(params)
    layer.adapt(texts)
    assert layer.vocabulary() == reference.get_feature_names_out().tolist()
    matrix = layer.matrix.sparse(texts)
    ids, weights = layer.terms(tf.constant(texts))
    for columns, values in ((matrix.ids, matrix.values), (ids.values.numpy(), weights.values.numpy())):
        np.testing.assert_array_equal(columns, expected.indices)
        np.testing.assert_allclose(values, expected.data, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(matrix.splits, expected.indptr)
    np.testing.assert_array_equal(ids.row_splits, expected.indptr)


@pytest.mark.parametrize("binary", [False, True])
def test_count_vectorizer(binary):
    sklearn_text = pytest.importorskip("sklearn.feature_extraction.text")
    expected = sklearn_text.CountVectorizer(ngram_range=(1, 2), binary=binary).fit_transform(TEXTS).toarray()
    layer = TfidfVectorization((1, 2), output="count", binary=binary)
    layer.adapt(TEXTS)
    assert_array(layer(TEXTS), expected)
    assert_array(graph_lane(layer, TEXTS), expected)
    hot = TfidfVectorization((1, 2), output="multi_hot")
    hot.adapt(TEXTS)
    assert_array(hot(TEXTS), expected > 0)


TEXTS = ["чай и кофе чай", "tea or coffee or tea", "", "кофе"]


def assert_array(actual, expected):
    np.testing.assert_allclose(keras.ops.convert_to_numpy(actual), expected, rtol=1e-6)


def test_one_hot():
    layer = TfidfVectorization(output="one_hot", min_df=2)
    layer.adapt(["чай кофе", "кофе чай", "сок"])
    expected = [[[0, 1], [1, 0], [0, 1]], [[0, 0]] * 3]
    texts = ["чай сок кофе чай", "сок"]
    assert_array(layer(texts), expected)
    assert_array(next(iter(tf.data.Dataset.from_tensors(texts).map(layer))), expected)
    with pytest.raises(ValueError, match="Expected dense one-hot vectors"):
        TfidfVectorization(output="one_hot", sparse=True)


def test_keras_own_formula():
    texts = ["tea and tea", "coffee and milk", "milk tea and tea"]
    peer = keras.layers.TextVectorization(output_mode="tf_idf")
    peer.adapt(texts)
    words = peer.get_vocabulary()
    expected = keras.ops.convert_to_numpy(peer(np.array(texts)))
    layer = TfidfVectorization(idf="keras", norm=None)
    layer.adapt(texts)
    columns = [words.index(word) for word in layer.vocabulary()]
    assert sorted(columns) == list(range(1, len(words))), "all but the column for unknown words, which is not kept"
    assert_array(layer(texts), expected[:, columns])


def test_shards_counted_elsewhere():
    whole, parts = TfidfVectorization(min_df=2), TfidfVectorization(min_df=2)
    whole.adapt(TEXTS * 2)
    parts.adapt(TEXTS)
    parts.merge(text.TermCounts.from_texts(TEXTS, parts.pipeline))
    assert parts.vocabulary() == whole.vocabulary()
    assert_array(parts(TEXTS), whole(TEXTS))
    parts.set_terms(["чай"], [2.0])
    with pytest.raises(ValueError, match="Expected counts to add to"):
        parts.merge(text.TermCounts.from_texts(TEXTS))


def test_shapes_and_dtypes():
    layer = TfidfVectorization(dtype="float16")
    layer.adapt(TEXTS)
    expected = keras.ops.convert_to_numpy(layer(TEXTS))
    assert expected.dtype == "float16" and expected.shape == (4, 5)
    assert_array(layer(np.array(TEXTS, object)[:, None]), expected)
    assert_array(layer(np.array(TEXTS)), expected)
    assert_array(layer(tf.constant(TEXTS)), expected)
    assert_array(layer("чай"), keras.ops.convert_to_numpy(layer(["чай"]))[0])
    single = np.stack([row.numpy() for row in tf.data.Dataset.from_tensor_slices(TEXTS).map(layer)])
    column = tf.data.Dataset.from_tensors(tf.constant(TEXTS)[:, None]).map(layer)
    assert_array(single, expected)
    assert_array(next(iter(column)), expected)
    with pytest.raises(ValueError, match=r"Expected texts of shape \(\), \(B,\) or \(B, 1\). Received: shape \(2, 2\)"):
        layer(np.array([["a", "b"], ["c", "d"]]))


def test_errors():
    with pytest.raises(ValueError, match="Expected a vocabulary. Received: a layer without a vocabulary. Try adapt"):
        TfidfVectorization()(["чай"])
    with pytest.raises(ValueError, match="Expected `pipeline` alone"):
        TfidfVectorization(pipeline=text.Pipeline(), stemmer="russian")
    for wrong in ({"output": "tf_idf"}, {"idf": "sklearn"}, {"norm": "max"}, {"max_features": 0}, {"ngrams": (2, 1)}):
        with pytest.raises(ValueError, match="Expected `"):
            TfidfVectorization(**wrong)


@pytest.mark.skipif(keras.config.backend() == "torch", reason="Keras has no sparse tensors on PyTorch")
def test_sparse_tensors_of_the_backend():
    layer, dense = TfidfVectorization(sparse=True), TfidfVectorization()
    for one in (layer, dense):
        one.adapt(TEXTS)
    rows, head = layer(TEXTS), keras.layers.Dense(2)
    assert type(rows).__name__ == {"tensorflow": "SparseTensor", "jax": "BCOO"}[keras.config.backend()]
    assert_array(head(rows), keras.ops.convert_to_numpy(head(dense(TEXTS))))


def test_sparse_in_tf_data():
    layer, dense = TfidfVectorization(sparse=True), TfidfVectorization()
    layer.adapt(TEXTS)
    dense.adapt(TEXTS)
    rows = next(iter(tf.data.Dataset.from_tensors(TEXTS).map(layer)))
    assert_array(keras.ops.convert_to_numpy(layer(TEXTS)), keras.ops.convert_to_numpy(dense(TEXTS)))
    if keras.config.backend() == "torch":
        assert_array(rows, keras.ops.convert_to_numpy(dense(TEXTS)))
        return
    assert isinstance(rows, tf.SparseTensor) and rows.values.shape == (6,)
    assert_array(tf.sparse.to_dense(rows), keras.ops.convert_to_numpy(dense(TEXTS)))
    single = next(iter(tf.data.Dataset.from_tensor_slices(TEXTS).map(layer)))
    assert_array(tf.sparse.to_dense(single), keras.ops.convert_to_numpy(dense(TEXTS[0])))


@pytest.mark.parametrize("sparse", [False, True])
def test_training_on_a_mapped_dataset(sparse):
    """The way that works on every backend."""
    layer = TfidfVectorization(sparse=sparse, stemmer="russian")
    layer.adapt(TEXTS)
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, [1, 0, 0, 1])).batch(2).map(lambda x, y: (layer(x), y))
    inputs = keras.Input((len(layer),), sparse=sparse and keras.config.backend() != "torch")
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(0.5), "mse")
    losses = model.fit(dataset, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="strings enter a model on TensorFlow alone")
@pytest.mark.parametrize("sparse", [False, True])
def test_a_model_of_strings(sparse, tmp_path):
    layer = TfidfVectorization(ngrams=(1, 2), sublinear_tf=True, stop_words="russian", stemmer="russian", sparse=sparse)
    layer.adapt(tf.data.Dataset.from_tensor_slices(TEXTS).batch(3))
    model = keras.Sequential([layer, keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    strings = np.array(TEXTS, object)
    model.fit(tf.data.Dataset.from_tensor_slices((TEXTS, [1, 0, 0, 1])).batch(3), verbose=0)
    model.fit(strings, np.array([1, 0, 0, 1]), verbose=0)
    expected = model.predict(tf.constant(TEXTS), verbose=0)
    assert_array(model(strings), expected)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_array(loaded.predict(strings, verbose=0), expected)
    with pytest.raises(ValueError, match=r"Received: SnowballStemmer\(language='russian'\), which runs in Python"):
        model.export(tmp_path / "exported", verbose=False)


NASTY = ["a\u0085b", "c\u2028d", '"quo\'te"', "new\nline", "cr\r", "nul\0", " tab\t", "\ufeff", "nan", "\U0001f375"]


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_every_term_survives_saving(name, tmp_path):
    def fresh():
        return TfidfVectorization(pipeline=text.TokenPattern(r"[^|]+"), lowercase=True)

    layer = fresh()
    layer.adapt(["|".join(NASTY)])
    assert layer.vocabulary() == sorted(NASTY)
    model = keras.Sequential([keras.Input((), dtype="string"), layer])
    if name == "model.keras":
        model.save(tmp_path / name)
        again = keras.saving.load_model(tmp_path / name).layers[-1]
    else:
        model.save_weights(tmp_path / name)
        again = fresh()
        keras.Sequential([keras.Input((), dtype="string"), again]).load_weights(tmp_path / name)
    assert again.vocabulary() == layer.vocabulary()
    np.testing.assert_array_equal(again.matrix.idf, layer.matrix.idf)
    assert_array(again(NASTY), keras.ops.convert_to_numpy(layer(NASTY)))
    assert again.terms(tf.constant([term.encode() for term in sorted(NASTY)]))[0].to_list() == [[n] for n in range(10)]


CLIENT = """
import json, sys
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
ids, weights = loaded.terms(tf.constant(json.loads(sys.stdin.read())))
print(json.dumps([ids.to_list(), weights.to_list(), [m for m in sys.modules if m.startswith("keras_")]]))
"""


def test_a_saved_model_for_a_client_with_tensorflow_alone(tmp_path):
    layer = TfidfVectorization((1, 2), stop_words="russian")
    layer.adapt(TEXTS)
    module = tf.Module()
    module.tables = layer.resources()
    module.terms = tf.function(layer.terms, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    tf.saved_model.save(module, str(tmp_path / "1"))
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, str(tmp_path / "1")], input=json.dumps(TEXTS), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ids, weights, ours = json.loads(done.stdout)
    assert not ours
    expected = layer.matrix.sparse(TEXTS)
    assert [number for row in ids for number in row] == expected.ids.tolist()
    np.testing.assert_allclose([weight for row in weights for weight in row], expected.values, rtol=1e-6)


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="Keras exports strings on TensorFlow alone")
def test_keras_export(tmp_path):
    layer = TfidfVectorization(stop_words="russian")
    layer.adapt(TEXTS)
    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))
    model.export(tmp_path / "1", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "1"))
    np.testing.assert_allclose(served.serve(tf.constant(TEXTS)), model(tf.constant(TEXTS)), rtol=1e-6)
