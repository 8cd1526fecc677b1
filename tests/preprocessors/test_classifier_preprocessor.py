"""Texts to features and labels to numbers, in memory and in a stream, and every kind of bad data."""

import numpy as np
import pytest

from keras_embed import layers, text
from keras_embed._backend import tf
from keras_embed.preprocessors import ClassifierPreprocessor
from keras_embed.preprocessors.classifier_preprocessor import log_count_ratios
from keras_embed.preprocessors.labels import ClassLabels
from keras_embed.tokenizers import WordFeaturizer

TEXTS = ["a fine film", "dull", ""]
LABELS = ["good", "bad", "bad"]
MANY = [["fine", "film"], ["dull"], []]


@pytest.fixture(scope="module")
def words():
    return ClassifierPreprocessor.from_corpus(TEXTS, LABELS)


@pytest.fixture(scope="module")
def terms():
    return ClassifierPreprocessor.from_corpus(TEXTS, MANY, tfidf=layers.TfidfVectorization(ngrams=(1, 2)))


def test_words_are_features_in_few_lengths(words):
    features, ids = words(TEXTS, y=LABELS)
    assert features["token_ids"].shape == (3, 8) and ids.numpy().tolist() == [1, 0, 0]
    assert features["padding_mask"].numpy().sum(1).tolist() == [3, 1, 0]


def test_terms_are_the_sparse_rows_of_the_tfidf_matrix(terms):
    features, hot = terms(TEXTS, y=MANY)
    dense = np.zeros((3, terms.num_terms), "float32")
    np.add.at(dense, (np.arange(3)[:, None], features["term_ids"].numpy()), features["term_weights"].numpy())
    np.testing.assert_allclose(dense, terms.tfidf.matrix.sparse(TEXTS).dense(), atol=1e-6)
    assert terms.classes == ("dull", "film", "fine")
    assert hot.numpy().tolist() == [[0, 1, 1], [1, 0, 0], [0, 0, 0]]


def test_texts_are_cut_to_a_length(words):
    cut = ClassifierPreprocessor(words.classes, words.tokenizer, max_length=2)
    assert cut(TEXTS)["padding_mask"].numpy().sum(1).tolist() == [2, 1, 0]


def test_a_tfidf_layer_that_knows_its_terms_keeps_them():
    tfidf = layers.TfidfVectorization()
    tfidf.adapt(["only these words"])
    preprocessor = ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tfidf=tfidf)
    assert preprocessor.tfidf.vocabulary() == ["only", "these", "words"]


def test_a_dataset_holds_every_text_once_and_the_same_features(words):
    seen = 0
    for parts, labels, weights in words.dataset(TEXTS, LABELS, [1.0, 2.0, 3.0], batch_size=2, seed=1):
        features = words(parts)
        for row in range(len(labels)):
            number = int(weights[row]) - 1
            assert int(labels[row]) == words.labels.encode(LABELS)[number]
            alone = words([TEXTS[number]])
            np.testing.assert_array_equal(features["token_ids"][row], alone["token_ids"][0])
            seen += 1
    assert seen == 3


@pytest.mark.parametrize("many", [False, True])
def test_labels_in_a_stream_get_the_numbers_that_they_get_in_python(many):
    labels = ClassLabels.from_labels(MANY if many else LABELS)
    rows = MANY if many else LABELS
    tensors = [tf.ragged.constant(rows, tf.string)] if many else [tf.constant(rows), tf.constant(rows)[:, None]]
    if many:
        tensors.append(tensors[0].to_tensor(""))
    graph = tf.function(labels.graph, reduce_retracing=True)
    for tensor in tensors:
        np.testing.assert_array_equal(graph(tensor), labels.encode(rows))


def test_an_unknown_label_in_a_stream_is_named():
    labels = ClassLabels(["a", "b"])
    stream = tf.data.Dataset.from_tensors(tf.constant(["a", "ugly"])).map(labels.graph)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected every label to be one of the 2 .*ugly"):
        next(iter(stream))


def test_log_count_ratios_by_hand():
    texts, labels = ["x y", "x x", "y z", "z"], ["p", "p", "q", "q"]
    tfidf = layers.TfidfVectorization(pipeline=text.Pipeline([text.Lowercase(), text.TokenPattern(r"\w+")]))
    preprocessor = ClassifierPreprocessor.from_corpus(texts, labels, tfidf=tfidf)
    ratios = preprocessor.log_count_ratios(texts, labels, smoothing=0.5)
    inside, outside = np.array([2.5, 1.5, 0.5]), np.array([0.5, 1.5, 2.5])  # x, y, z: texts of p and of q
    expected = np.log(inside / inside.sum() / (outside / outside.sum()))
    np.testing.assert_allclose(ratios, np.stack([expected, -expected], 1), rtol=1e-5)
    with pytest.raises(ValueError, match="Expected a preprocessor with `tfidf`"):
        ClassifierPreprocessor.from_corpus(TEXTS, LABELS).log_count_ratios(TEXTS, LABELS)


def test_log_count_ratios_of_no_text_are_zero():
    assert not log_count_ratios([], [], np.zeros((0, 2)), 3).any()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: ClassifierPreprocessor(["a", "b"]), "Expected a `tokenizer`, a `tfidf` or an `encoder`"),
        (lambda: ClassifierPreprocessor.from_corpus(TEXTS, LABELS[:2]), "Received: 2 labels, 3 texts"),
        (lambda: ClassifierPreprocessor.from_corpus(TEXTS, [0, 1, 1]), r"Received: 0 at text 0. Try \[str"),
        (lambda: ClassifierPreprocessor.from_corpus(TEXTS, ["a", 1, "b"]), "Received: 1 at text 1"),
        (lambda: ClassifierPreprocessor.from_corpus(TEXTS, ["a", "a", "a"]), "at least 2. Received: "),
        (lambda: ClassifierPreprocessor.from_corpus(TEXTS, [["a"], "a", []]), "Received: 'a' at text 1"),
        (lambda: ClassLabels(["a", "a"]), "different non-empty strings"),
        (lambda: ClassLabels(["a", "b"]).encode(["c"]), "'c' at text 0"),
        (lambda: ClassifierPreprocessor(["a", "b"], WordFeaturizer(), max_length=0), "`max_length` to be a positive"),
    ],
)
def test_bad_data_is_named(make, error):
    with pytest.raises(ValueError, match=error):
        make()


def test_embeddings_fit_the_features(words):
    features = words(TEXTS)
    made = words.embeddings(word_dim=4, char_filters=6, casing_dim=2)
    widths = [layer({name: features[name].numpy() for name in layer.features}).shape[-1] for layer in made]
    assert widths == [4, 6, 2]
    assert len(words.embeddings()) == 1
    with pytest.raises(ValueError, match="Expected a preprocessor with a `tokenizer`"):
        ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tfidf=layers.TfidfVectorization()).embeddings()
