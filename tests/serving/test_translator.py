"""The exported translator, loaded by a process that imports only TensorFlow."""

import keras
import numpy as np
import pytest
from served_elsewhere import answers_elsewhere
from small_translator import PAIRS, trained_translator

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.decoding import Sampling


def test_another_process_gives_equal_answers_for_any_number_of_texts(tmp_path):
    translator = trained_translator()
    translator.export(tmp_path / "1")
    texts = [*(source for source, _ in PAIRS[::5]), "", "hund " * 20, "ein wolf"]
    many, one = answers_elsewhere(tmp_path / "1", texts)
    expected = translator.translate(texts)
    for answer, count in ((many, len(texts)), (one, 1)):
        assert answer["text"] == [found.text for found in expected[:count]]
        assert [row[0] for row in answer["hypotheses"]] == answer["text"]
        scores = [found.score for found in expected[:count]]
        np.testing.assert_allclose(np.array(answer["scores"])[:, 0], scores, atol=1e-4)


@pytest.mark.skipif(
    keras.config.backend() == "torch", reason="the way through another process is the same for all signatures"
)
def test_alignments_are_those_of_the_translator(tmp_path):
    """A second signature, over variables that are saved once."""
    translator = trained_translator()
    translator.export(tmp_path / "1")
    texts = [source for source, _ in PAIRS[::7]]
    aligned = tf.saved_model.load(str(tmp_path / "1")).signatures["alignments"](text=tf.constant(texts))
    aligned = {name: value.numpy() for name, value in aligned.items()}
    for row, expected in enumerate(translator.translate(texts, return_alignments=True)):
        read, written = aligned["source_lengths"][row], aligned["target_lengths"][row]
        assert tuple(word.decode() for word in aligned["source_tokens"][row, :read]) == expected.source_tokens
        assert tuple(word.decode() for word in aligned["target_tokens"][row, :written]) == expected.tokens
        np.testing.assert_allclose(aligned["alignments"][row, :written, :read], expected.alignment, atol=1e-4)
    saved = sum(file.stat().st_size for file in (tmp_path / "1" / "variables").glob("variables.data*"))
    assert saved < 1.5 * 4 * translator.count_params()


@pytest.mark.skipif(
    keras.config.backend() == "torch", reason="the way through another process is the same for all searches"
)
def test_samples_are_new_in_each_call_and_with_a_seed_repeatable(tmp_path):
    trained = trained_translator()
    sampling = Sampling(temperature=4.0, num_samples=3)
    ke.Translator(trained.backbone, trained.preprocessor, search=sampling).export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures
    text = tf.constant([source for source, _ in PAIRS[:8]])
    first, second = (served["serving_default"](text=text)["hypotheses"].numpy().tolist() for _ in range(2))
    assert first != second
    answers = [
        served["seeded"](text=text, seed=tf.constant(seed, tf.int64))["hypotheses"].numpy().tolist()
        for seed in (1, 1, 2)
    ]
    assert answers[0] == answers[1] != answers[2]
