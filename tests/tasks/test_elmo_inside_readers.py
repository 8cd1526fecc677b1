"""ELMo at the input and beside the output of the backbones that read two texts, or one text twice."""

import keras
import numpy as np
import pytest
from small_elmo_task import LABELS, TEXTS, make_elmo, quick

import keras_embed as ke

PAIRS = list(zip(TEXTS, reversed(TEXTS), strict=True))
QUESTIONS = [("Who came?", "nobody came"), ("Whom did I meet?", "I met Bob yesterday")]
ANSWERS = [("nobody", 0), ("Bob", 6)]


def learnt(maker, *data):
    return maker.from_corpus(*data, bucket_lengths=(16,), elmo_characters=ke.text.ElmoCharacters(10))


def esim(embeddings):
    preprocessor = learnt(ke.preprocessors.PairPreprocessor, PAIRS, LABELS)
    backbone = ke.backbones.ESIMBackbone(embeddings, "gru", hidden_dim=4, hidden_dims=(4,))
    return ke.PairClassifier(backbone, preprocessor), (PAIRS, LABELS)


def bidaf(embeddings):
    preprocessor = learnt(ke.preprocessors.SpanPreprocessor, QUESTIONS)
    backbone = ke.backbones.BiDAFBackbone(embeddings, "gru", hidden_dim=4, num_layers=1, num_highway=0)
    return ke.SpanQA(backbone, preprocessor), (QUESTIONS, ANSWERS)


def bcn(embeddings):
    preprocessor = learnt(ke.preprocessors.ClassifierPreprocessor, TEXTS, LABELS)
    backbone = ke.backbones.BCNBackbone(embeddings, "gru", hidden_dim=4, maxout_dims=(4,))
    return ke.TextClassifier(backbone, preprocessor), (TEXTS, LABELS)


def probabilities(task, x):
    if isinstance(task, ke.SpanQA):
        return [answer.none_probability for answer in task.answer(x)]
    return task.probabilities(x)


@pytest.mark.slow
@pytest.mark.parametrize("make", [esim, bidaf, bcn])
def test_both_mixes_are_trained_and_saved(make, tmp_path):
    mixed = ke.layers.ElmoEmbedding(make_elmo(), num_mixes=2, places=("input", "output"))
    task, data = make([mixed])
    quick(task).fit(*data, epochs=1, batch_size=8, verbose=0)
    assert all(np.any(keras.ops.convert_to_numpy(mix.scalars)) for mix in mixed.mixes)  # which begin at zero
    task.save(tmp_path / "task.keras")
    loaded = keras.saving.load_model(tmp_path / "task.keras")
    assert loaded.predict(data[0]) == task.predict(data[0])
    np.testing.assert_allclose(probabilities(loaded, data[0]), probabilities(task, data[0]), rtol=1e-4)
