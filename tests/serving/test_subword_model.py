"""A tagger on n-grams alone, exported: out-of-vocabulary words get the same tags as in Python."""

import keras
import numpy as np
from small_tagger import TAGS, WORDS

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.layers import SubwordEmbedding
from keras_embed.vectors import Subwords, WordVectors

UNSEEN = ["Adas Byrons livesx in Romes .", "Ада 日本 \u2028x", ""]


def fasttext_like():
    """Random n-gram rows, with which words spelt alike are alike."""
    words = sorted({word for sentence in WORDS for word in sentence})
    rng = np.random.default_rng(0)
    own = rng.normal(size=(len(words), 8)).astype("float32")
    subwords = Subwords(rng.normal(size=(500, 8)).astype("float32"), 500, 3, 6, None, own)
    return WordVectors(words, subwords.vectors(words, own), subwords)


def make_tagger(vectors):
    keras.utils.set_random_seed(3)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(
        WORDS, TAGS, bucket_lengths=(8,), subwords=vectors.subword_index()
    )
    backbone = ke.backbones.RecurrentBackbone(
        [SubwordEmbedding.from_vectors(vectors, trainable=False)], hidden_dim=8, dropout=0.0
    )
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    tagger.compile(keras.optimizers.Adam(0.05))
    tagger.fit(WORDS, TAGS, epochs=4, batch_size=16, verbose=0)
    return tagger


def test_words_never_seen_are_tagged_alike_in_the_saved_model(tmp_path):
    tagger = make_tagger(fasttext_like())
    tagger.export(tmp_path / "1")
    loaded = tf.saved_model.load(str(tmp_path / "1"))
    answer = {name: x.numpy() for name, x in loaded.signatures["serving_default"](text=tf.constant(UNSEEN)).items()}
    for row, expected in enumerate(tagger.tag(UNSEEN)):
        count = answer["lengths"][row]
        assert tuple(tag.decode() for tag in answer["tags"][row][:count]) == expected.tags
        np.testing.assert_allclose(answer["token_scores"][row][:count], expected.scores, atol=1e-5)


def test_it_is_saved_and_loaded_with_its_words(tmp_path):
    tagger = make_tagger(fasttext_like())
    tagger.save(tmp_path / "tagger.keras")
    loaded = keras.saving.load_model(tmp_path / "tagger.keras")
    assert loaded.preprocessor.tokenizer.subwords == tagger.preprocessor.tokenizer.subwords
    tagger.save_to_preset(str(tmp_path / "preset"))
    preset = ke.Tagger.from_preset(str(tmp_path / "preset"))
    for again in (loaded, preset):
        for ours, theirs in zip(tagger.tag(UNSEEN), again.tag(UNSEEN), strict=True):
            assert ours.tags == theirs.tags
            np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)


def test_unseen_vectors_through_the_tokenizer_are_those_of_numpy():
    vectors = fasttext_like()
    tokenizer = ke.tokenizers.WordFeaturizer.from_tokens(WORDS, subwords=vectors.subword_index())
    sentences = [["Ada", "Adas", "x" * 60], ["日本"], []]
    features = tokenizer.encode(sentences)
    assert features["subword_ids"].shape[2] == 256
    given = SubwordEmbedding.from_vectors(vectors)({"subword_ids": features["subword_ids"].numpy()})
    given = keras.ops.convert_to_numpy(given)
    for row, words in enumerate(sentences):
        np.testing.assert_allclose(given[row, : len(words)], vectors.rows(words), atol=1e-5)
        assert not given[row, len(words) :].any()
    assert "subword_ids" not in ke.tokenizers.WordFeaturizer.from_tokens(WORDS).encode(sentences)


def test_a_classifier_of_words_never_seen_goes_along(tmp_path):
    texts, labels = (
        [" ".join(words) for words in WORDS],
        ["new" if number % 2 else "old" for number in range(len(WORDS))],
    )
    vectors = fasttext_like()
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels, subwords=vectors.subword_index())
    backbone = ke.backbones.AveragingBackbone([SubwordEmbedding.from_vectors(vectors, trainable=False)])
    classifier = ke.TextClassifier(backbone, preprocessor)
    classifier.fit(texts, labels, epochs=1, verbose=0)
    classifier.export(tmp_path / "1")
    serve = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    served = serve(text=tf.constant(UNSEEN))["probabilities"].numpy()
    np.testing.assert_allclose(served, classifier.probabilities(UNSEEN), atol=1e-5)
