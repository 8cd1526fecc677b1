"""Text classifiers: over subwords, by architecture from a corpus, and with every pooling."""

import keras
import keras_hub
import numpy as np
import pytest
from small_classifier import LABELS, MANY, TEXTS

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.preprocessors import ClassifierPreprocessor
from keras_embed.tokenizers import EncoderTokenizer


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(3)
    tokenizer = EncoderTokenizer.train(TEXTS, 60, max_length=16, bucket_lengths=(16,))
    preprocessor = ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tokenizer)
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 12, "intermediate_dim": 12, "dropout": 0.0}
    backbone = keras_hub.models.BertBackbone(tokenizer.vocabulary_size(), max_sequence_length=16, **sizes)
    classifier = ke.TextClassifier(backbone, preprocessor, pooling="mean")
    classifier.compile(keras.optimizers.Adam(0.02))
    classifier.fit(TEXTS, LABELS, epochs=15, batch_size=3, verbose=0)
    return classifier


def test_it_learns_its_texts_by_their_pieces(classifier):
    assert sorted(classifier.input) == ["padding_mask", "segment_ids", "token_ids"]
    assert classifier.predict(TEXTS[:6]) == LABELS[:6]
    long = classifier.probabilities(["fine " * 400, ""])  # longer than the encoder reads, and empty
    assert np.isfinite(long).all()


def test_keras_hubs_own_preprocessor_gives_equal_answers(classifier):
    """Covers texts of the maximum length of the encoder; ours pads to shorter lengths."""
    encoder = keras_hub.models.BertTextClassifierPreprocessor(
        classifier.preprocessor.tokenizer.tokenizer, sequence_length=16
    )
    preprocessor = ClassifierPreprocessor.from_corpus(TEXTS, LABELS, encoder=encoder)
    for name, value in classifier.preprocess_samples(TEXTS[:6]).items():
        np.testing.assert_array_equal(np.asarray(preprocessor(TEXTS[:6])[name]), value)


def test_saved_and_exported_it_answers_the_same(classifier, tmp_path):
    expected = classifier.probabilities(TEXTS[:6])
    classifier.save_to_preset(str(tmp_path / "preset"))
    loaded = ke.TextClassifier.from_preset(str(tmp_path / "preset"))
    np.testing.assert_allclose(loaded.probabilities(TEXTS[:6]), expected, atol=1e-5)
    if keras.config.backend() != "tensorflow":
        pytest.skip("the way through another process is slow, and the same for all tasks")
    classifier.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    np.testing.assert_allclose(served(text=tf.constant(TEXTS[:6]))["probabilities"], expected, atol=1e-5)


@pytest.mark.parametrize("pooling", [None, "cls", "last", "max", "mean", "attention"])
def test_a_head_reads_what_its_pooling_gives(classifier, pooling):
    """Compares with pooling of the encoder's output by hand, and a dense layer."""
    head = ke.TextClassifier(classifier.backbone, num_classes=3, pooling=pooling)
    features = {name: value.numpy() for name, value in classifier.preprocess_samples(TEXTS[:4]).items()}
    outputs = {name: keras.ops.convert_to_numpy(x) for name, x in classifier.backbone(features).items()}
    vectors = []
    for row, x in enumerate(outputs["sequence_output"]):
        real = x[features["padding_mask"][row]]
        by_hand = {"cls": real[0], "last": real[-1], "max": real.max(0), "mean": real.mean(0)}
        if pooling == "attention":
            weight, bias, context = head.get_layer("pooling").get_weights()
            scores = np.exp(np.tanh(real @ weight + bias) @ context)
            by_hand["attention"] = (scores / scores.sum() * real).sum(0)
        vectors.append(outputs["pooled_output"][row] if pooling is None else by_hand[pooling])
    kernel, bias = (keras.ops.convert_to_numpy(weight) for weight in head.get_layer("scores").weights)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(head(features)), np.stack(vectors) @ kernel + bias, atol=1e-4)


class Reader(ke.backbones.RecurrentBackbone):
    """A user's subclass of a preprocessor."""


def test_only_encoders_of_keras_hub_learn_slowly_unless_asked_to(classifier):
    dtypes = {"token_ids": "int32", "padding_mask": "bool"}
    inputs = {name: keras.Input((None,), dtype=dtype, name=name) for name, dtype in dtypes.items()}
    plain = keras.Model(inputs, keras.layers.Embedding(9, 4)(inputs["token_ids"]))
    reader = Reader([ke.layers.WordEmbedding(9, 4)], hidden_dim=2)
    fast = [1e-3, 1e-3, 2e-3]
    for backbone, expected in ((classifier.backbone, [5e-5] * 3), (plain, fast), (reader, fast)):
        tasks = [ke.TextClassifier(backbone, num_classes=2), ke.SpanQA(backbone), ke.Tagger(backbone, num_tags=3)]
        assert [float(task.optimizer.learning_rate) for task in tasks] == pytest.approx(expected)


@pytest.mark.parametrize("architecture", ["linear", "average", "bcn"])
def test_from_a_corpus_by_architecture(architecture):
    corpus = ke.corpora.LabelledTexts(zip(TEXTS, LABELS, strict=True))
    sizes = {"bcn": {"word_dim": 4, "hidden_dim": 4, "maxout_dims": (4,)}, "average": {"word_dim": 4}}
    made = ke.TextClassifier.from_corpus(corpus, architecture=architecture, **sizes.get(architecture, {}))
    assert made.preprocessor.classes == ("bad", "good", "pets")
    assert (made.preprocessor.tfidf is None) == (architecture != "linear")
    assert np.isfinite(made.evaluate(corpus, verbose=0)).all()


def test_a_corpus_trains_with_weights_of_its_classes_and_any_number_of_labels():
    corpus = ke.corpora.LabelledTexts(zip(TEXTS, map(tuple, MANY), strict=True))
    made = ke.TextClassifier.from_corpus(corpus, head={"thresholds": 0.4})
    assert made.multi_label and made.thresholds[0] == pytest.approx(0.4)
    made.fit(corpus, class_weight="balanced", validation_data=corpus, verbose=0)
    with pytest.raises(ValueError, match="`architecture` to be one of .*'linear'"):
        ke.TextClassifier.from_corpus(corpus, architecture="forest")
    with pytest.raises(ValueError, match="labels beside the texts. Received: texts alone"):
        ke.TextClassifier.from_corpus(TEXTS)
