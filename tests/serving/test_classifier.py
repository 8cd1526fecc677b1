"""The exported classifier, loaded by a process that has TensorFlow and nothing of ours."""

import json
import os
import subprocess
import sys

import keras
import keras_hub
import numpy as np
import pytest
from small_classifier import LABELS, TEXTS, trained_classifier

import keras_embed as ke
from keras_embed._backend import tf

NEW = [*TEXTS[:6], "", "fine " * 50, "Ада\0 cat"]

CLIENT = """
import json, sys
import tensorflow as tf
texts = json.loads(sys.stdin.read())
served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
def plain(x):
    return [plain(y) for y in x] if isinstance(x, list) else x.decode() if isinstance(x, bytes) else x
print(json.dumps([{k: plain(v.numpy().tolist()) for k, v in served(text=tf.constant(batch)).items()}
                  for batch in (texts, texts[:1])] + [[m for m in sys.modules if m.startswith("keras_")]]))
"""


def answers_elsewhere(path):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", CLIENT, str(path)]
    done = subprocess.run(command, input=json.dumps(NEW), capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("kind", "multi_label"), [("bag", False), ("bag", True), ("filters", False), ("recurrent", False)]
)
def test_another_process_gives_equal_answers_for_any_number_of_texts(kind, multi_label, tmp_path):
    if keras.config.backend() == "torch" and kind == "filters":
        pytest.skip("the way through another process is slow, and the same for all backbones")
    classifier = trained_classifier(kind, multi_label)
    classifier.export(tmp_path / "1")
    many, one, ours = answers_elsewhere(tmp_path / "1")
    assert not ours, f"the client imported {ours}"
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
        ke.serving.export_classifier(bare, tmp_path / "1")
