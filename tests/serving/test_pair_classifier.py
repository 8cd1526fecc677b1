"""The exported classifier of pairs: two strings in, an answer out."""

import keras
import keras_hub
import numpy as np
import pytest
from small_pairs import LABELS, PAIRS, trained_pair_classifier

from keras_embed._backend import tf
from keras_embed.preprocessors import PairPreprocessor
from keras_embed.tasks import PairClassifier
from keras_embed.tokenizers import EncoderTokenizer

NEW = [*PAIRS[:6], ("", ""), ("", "dog"), ("man " * 40, "Ада\0 a cat")]


def served(path, pairs):
    first, second = (tf.constant(side) for side in zip(*pairs, strict=True))
    answer = tf.saved_model.load(str(path)).signatures["serving_default"](first=first, second=second)
    return {name: value.numpy() for name, value in answer.items()}


@pytest.mark.parametrize("graded", [False, True])
def test_it_answers_as_the_task_does_to_any_number_of_pairs(graded, tmp_path):
    if keras.config.backend() == "torch" and graded:
        pytest.skip("the way through another process is slow, and the same for both")
    classifier = trained_pair_classifier(graded)
    classifier.export(tmp_path / "1")
    for pairs in (NEW, NEW[:1]):
        answer = served(tmp_path / "1", pairs)
        if graded:
            np.testing.assert_allclose(answer["score"], classifier.similarity(pairs), atol=1e-5)
            continue
        expected = classifier.classify(pairs)
        probabilities = [list(e.probabilities.values()) for e in expected]
        np.testing.assert_allclose(answer["probabilities"], probabilities, atol=1e-5)
        assert [label.decode() for label in answer["label"]] == [e.label for e in expected]


@pytest.mark.slow
def test_an_encoder_of_keras_hub_goes_along(tmp_path):
    if keras.config.backend() != "tensorflow":
        pytest.skip("the way through another process is slow, and the same for all tasks")
    texts = [text for pair in PAIRS for text in pair]
    pieces = EncoderTokenizer.train(texts, 60, max_length=24, bucket_lengths=(8, 16, 24))
    backbone = keras_hub.models.BertBackbone(pieces.vocabulary_size(), 1, 2, 8, 8, max_sequence_length=24)
    classifier = PairClassifier(backbone, PairPreprocessor.from_corpus(PAIRS, LABELS, tokenizer=pieces))
    classifier.export(tmp_path / "1")
    np.testing.assert_allclose(served(tmp_path / "1", NEW)["probabilities"], classifier.probabilities(NEW), atol=1e-5)


def test_only_a_classifier_with_a_preprocessor_can_be_served(tmp_path):
    bare = PairClassifier(trained_pair_classifier().backbone, comparison="siamese", num_classes=2)
    with pytest.raises(ValueError, match="Expected a classifier of pairs with a preprocessor"):
        bare.export(tmp_path / "1")
