"""The exported classifier, loaded by a process that imports only TensorFlow."""

import keras
import keras_hub
import numpy as np
import pytest
from served_elsewhere import answers_elsewhere
from small_classifier import LABELS, TEXTS, trained_classifier

import keras_embed as ke
from keras_embed._backend import tf

NEW = [*TEXTS[:6], "", "fine " * 50, "Ада\0 cat"]


@pytest.mark.parametrize(
    ("kind", "multi_label"), [("bag", False), ("bag", True), ("filters", False), ("recurrent", False)]
)
def test_another_process_gives_equal_answers_for_any_number_of_texts(kind, multi_label, tmp_path):
    if keras.config.backend() == "torch" and kind == "filters":
        pytest.skip("the way through another process is slow, and the same for all backbones")
    classifier = trained_classifier(kind, multi_label)
    classifier.export(tmp_path / "1")
    many, one = answers_elsewhere(tmp_path / "1", NEW)
    for answer, texts in ((many, NEW), (one, NEW[:1])):
        expected = classifier.classify(texts)
        np.testing.assert_allclose(
            answer["probabilities"], [list(e.probabilities.values()) for e in expected], atol=1e-5
        )
        assert answer["classes"] == [list(classifier.preprocessor.classes)] * len(texts)
        if multi_label:
            assert answer["num_labels"] == [len(e.labels) for e in expected]
            assert [tuple(filter(None, row)) for row in answer["labels"]] == [e.labels for e in expected]
            scores = [
                row[:count] for row, count in zip(answer["label_probabilities"], answer["num_labels"], strict=True)
            ]
            for row, e in zip(scores, expected, strict=True):
                assert row == pytest.approx(list(e.scores), abs=1e-5)
        else:
            assert answer["label"] == [e.label for e in expected]
            assert answer["probability"] == pytest.approx([e.probability for e in expected], abs=1e-5)


@pytest.mark.slow
def test_an_encoder_of_keras_hub_goes_along(tmp_path):
    if keras.config.backend() == "torch":
        pytest.skip("the way through another process is slow, and the same for all backbones")
    tokenizer = keras_hub.models.BertTokenizer(vocabulary=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "fine"])
    encoder = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, encoder=encoder)
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=8, max_sequence_length=8
    )
    classifier = ke.TextClassifier(backbone, preprocessor)
    classifier.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    answer = served(text=tf.constant(NEW))
    np.testing.assert_allclose(answer["probabilities"], classifier.probabilities(NEW), atol=1e-5)


def test_a_step_that_runs_in_python_is_named_before_anything_is_written(tmp_path):
    tfidf = ke.layers.TfidfVectorization(stemmer="english")
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tfidf=tfidf)
    classifier = ke.TextClassifier(ke.backbones.BagBackbone(preprocessor.num_terms), preprocessor)
    with pytest.raises(ValueError, match="Expected a pipeline whose every step is TensorFlow graph code.*Snowball"):
        classifier.export(tmp_path / "1")
    assert not list(tmp_path.iterdir())


def test_only_a_classifier_with_a_preprocessor_can_be_served(tmp_path):
    bare = ke.TextClassifier(trained_classifier().backbone, num_classes=3)
    with pytest.raises(ValueError, match="Expected a classifier with a preprocessor"):
        bare.export(tmp_path / "1")
