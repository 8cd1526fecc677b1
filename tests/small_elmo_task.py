"""Small taggers and classifiers over a frozen ELMo, and a counter of the encoded sentences."""

import functools

import keras
import numpy as np

import keras_embed as ke

WORDS = [
    ["Ada", "Byron", "lives", "in", "Rome", "."],
    ["I", "met", "Bob", "yesterday"],
    ["Rome", "and", "Paris", "are", "far", "from", "Ada", ",", "far", "away"],
    [],
    ["nobody", "came"],
    ["I", "met", "Bob", "yesterday"],
    ["met", "Bob"],
]
TAGS = [
    ["B-PER", "I-PER", "O", "O", "B-LOC", "O"],
    ["O", "O", "B-PER", "O"],
    ["B-LOC", "O", "B-LOC", "O", "O", "O", "B-PER", "O", "O", "O"],
    [],
    ["O", "O"],
    ["O", "O", "B-PER", "O"],
    ["O", "B-PER"],
]
TEXTS = [" ".join(words) for words in WORDS]
LABELS = ["person" if "B-PER" in tags else "none" for tags in TAGS]
#: Sentences that are not empty, each once.
NUM_DISTINCT = 5


def make_elmo(seed=1, **kwargs):
    """Frozen, with weights large enough to tell words apart."""
    keras.utils.set_random_seed(seed)
    arguments = {"hidden_dim": 8, "projection_dim": 4, "filters": ((1, 4), (2, 4)), "char_dim": 4} | kwargs
    elmo = ke.backbones.ElmoBackbone(max_characters=10, num_highway=1, **arguments)
    elmo.trainable = False
    return elmo


@functools.cache
def shared_elmo():
    """Shared by tests that do not modify it, so that it is compiled once."""
    return make_elmo()


def quick(task):
    """The task, compiled without XLA where it can do without: it takes longer than these trainings."""
    task.compile(jit_compile=keras.config.backend() == "jax")
    return task


def make_tagger(elmo=None, places=None, seed=2, **kwargs):
    """Untrained, without dropout."""
    elmo = shared_elmo() if elmo is None else elmo
    keras.utils.set_random_seed(seed)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(
        WORDS, TAGS, bucket_lengths=(10,), elmo_characters=ke.text.ElmoCharacters(10)
    )
    arguments = {"dropout": 0.0} | kwargs
    num_mixes = 1 if places is None else len(places)
    embedding = ke.layers.ElmoEmbedding(elmo, num_mixes=num_mixes, places=places, **arguments)
    words = ke.layers.WordEmbedding(preprocessor.tokenizer.vocabulary_size(), 4)
    backbone = ke.backbones.RecurrentBackbone([words, embedding], hidden_dim=4, dropout=0.0)
    return quick(ke.Tagger(backbone, preprocessor=preprocessor))


def make_classifier(elmo=None, **kwargs):
    """Untrained, without dropout; its texts are `TEXTS`."""
    elmo = shared_elmo() if elmo is None else elmo
    keras.utils.set_random_seed(2)
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(
        TEXTS, LABELS, bucket_lengths=(10,), elmo_characters=ke.text.ElmoCharacters(10), **kwargs
    )
    embedding = ke.layers.ElmoEmbedding(elmo, dropout=0.0, layer_norm="tokens")
    return quick(ke.TextClassifier(ke.backbones.AveragingBackbone([embedding], word_dropout=0.0), preprocessor))


def counted(elmo, monkeypatch, fail_at=None):
    """A list that grows by the number of sentences in each batch that is encoded from now on.

    Args:
        elmo: the backbone.
        monkeypatch: of pytest.
        fail_at: the number of the batch that fails.
    """
    calls, real = [], elmo.predict_on_batch

    def predict_on_batch(features):
        if len(calls) == fail_at:
            raise RuntimeError("killed")
        calls.append(int(np.sum(features["padding_mask"].any(axis=1))))
        return real(features)

    monkeypatch.setattr(elmo, "predict_on_batch", predict_on_batch)
    return calls
