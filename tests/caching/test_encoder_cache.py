"""Cached features of a frozen encoder: training is the same, and the encoder runs once for each text."""

import keras
import keras_hub
import numpy as np
import pytest

import keras_embed as ke
from keras_embed.caching.feature_cache import flat_rows, row_keys

TEXTS = ["a film to love", "dull and long", "love it", "so long so dull", "love it"]
LABELS = ["good", "bad", "good", "bad", "good"]
WORDS = [text.split() for text in TEXTS]
TAGS = [["O" if word in {"a", "to", "so", "and", "it"} else "X" for word in words] for words in WORDS]
HALF = {"rtol": 2e-3, "atol": 2e-3}


@pytest.fixture(scope="module")
def tokenizer():
    return ke.tokenizers.EncoderTokenizer.train(TEXTS, min_count=1, max_length=8, bucket_lengths=(8,))


@pytest.fixture(scope="module")
def bert(tokenizer):
    keras.utils.set_random_seed(3)
    made = keras_hub.models.BertBackbone(tokenizer.vocabulary_size(), 1, 2, 8, 16, dropout=0.0, max_sequence_length=8)
    made.trainable = False
    return made


def classifier(bert, tokenizer, pooling=None):
    keras.utils.set_random_seed(4)
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tokenizer=tokenizer)
    made = ke.TextClassifier(bert, preprocessor, pooling=pooling)
    made.compile(keras.optimizers.Adam(0.05))
    return made


def tagger(bert, tokenizer):
    keras.utils.set_random_seed(4)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(WORDS, TAGS, tokenizer=tokenizer)
    made = ke.Tagger(bert, preprocessor)
    made.compile(keras.optimizers.Adam(0.05))
    return made


def fit(task, *data, **kwargs):
    keras.utils.set_random_seed(5)
    return task.fit(*data, epochs=2, batch_size=4, verbose=0, **kwargs).history


def counted(model, monkeypatch):
    calls = []
    predict = type(model).predict_on_batch

    def counting(self, x):
        calls.append(len(x["token_ids"]))
        return predict(self, x)

    monkeypatch.setattr(type(model), "predict_on_batch", counting)
    return calls


def same(actual, expected):
    assert set(actual) == set(expected) >= {"loss", "val_loss"}
    for name in expected:
        np.testing.assert_allclose(actual[name], expected[name], **HALF)


def test_a_classifier_sees_no_difference_and_a_second_run_encodes_nothing(bert, tokenizer, tmp_path, monkeypatch):
    data = {"validation_data": (TEXTS[:2], LABELS[:2])}
    plain, cached = classifier(bert, tokenizer), classifier(bert, tokenizer)
    expected = fit(plain, TEXTS, LABELS, **data)
    calls = counted(bert, monkeypatch)
    same(fit(cached, TEXTS, LABELS, feature_cache=tmp_path, **data), expected)
    for ours, theirs in zip(cached.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, **HALF)
    assert calls
    encoded = len(calls)
    # Another head over the same encoder reads what is there.
    assert "loss" in fit(classifier(bert, tokenizer, "mean"), TEXTS, LABELS, feature_cache=tmp_path, **data)
    assert len(calls) == encoded


def test_a_tagger_of_windows_sees_no_difference(bert, tokenizer, tmp_path):
    words, tags = [*WORDS, WORDS[0] * 3], [*TAGS, TAGS[0] * 3]  # the last is longer than a window
    data = {"validation_data": (words[:2], tags[:2])}
    expected = fit(tagger(bert, tokenizer), words, tags, **data)
    same(fit(tagger(bert, tokenizer), words, tags, feature_cache=tmp_path, **data), expected)


def test_a_backbone_of_words_and_their_characters_sees_no_difference(tmp_path):
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS)
    data = {"validation_data": (TEXTS[:2], LABELS[:2])}
    histories = []
    for cache in ({}, {"feature_cache": tmp_path}):
        keras.utils.set_random_seed(4)
        embeddings = preprocessor.embeddings(word_dim=4, char_filters=3)
        backbone = ke.backbones.RecurrentBackbone(embeddings, "gru", 4, dropout=0.0, trainable=False)
        made = ke.TextClassifier(backbone, preprocessor)
        made.compile(keras.optimizers.Adam(0.05))
        keras.utils.set_random_seed(5)
        histories.append(made.fit(TEXTS, LABELS, epochs=4, batch_size=2, verbose=0, **data, **cache).history)
    same(*reversed(histories))


def test_a_text_is_known_again_in_any_company_and_taken_for_no_other():
    """By its words' characters and parts, of which a batch has tables; their numbers are those of unknown words."""
    tokenizer = ke.tokenizers.WordFeaturizer.from_tokens(WORDS, subwords=ke.text.SubwordIndex(["a"], 3, 6, 10))

    def keys(*sentences):
        features = tokenizer.encode(list(sentences))
        return list(row_keys(flat_rows({name: tensor.numpy() for name, tensor in features.items()})))

    [first], [second] = keys(["odd", "words"]), keys(["new", "words"])
    assert keys(["unbelievably"] * 9, ["new"], ["new", "words"], ["odd", "words"])[2:] == [second, first] != [first] * 2


def test_an_encoder_that_is_trained_is_refused(bert, tokenizer, tmp_path):
    bert.trainable = True
    try:
        with pytest.raises(ValueError, match="Expected a backbone that is frozen or over the `ElmoEmbedding` of one"):
            fit(classifier(bert, tokenizer), TEXTS, LABELS, feature_cache=tmp_path)
    finally:
        bert.trainable = False


def test_texts_side_by_side_are_refused(bert, tokenizer, tmp_path):
    pairs = list(zip(TEXTS, TEXTS[::-1], strict=True))
    preprocessor = ke.preprocessors.PairPreprocessor.from_corpus(pairs, LABELS, tokenizer=tokenizer)
    siamese = ke.PairClassifier(bert, preprocessor, comparison="siamese")
    with pytest.raises(
        ValueError, match="Expected a task that reads one text, or two texts in one sequence, to cache its features"
    ):
        siamese.fit(pairs, LABELS, feature_cache=tmp_path, verbose=0)
