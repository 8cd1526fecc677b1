"""Models with an ELMo inside, exported: strings in, the answers of Python out."""

import keras
import numpy as np
import pytest
from small_elmo import CHARACTERS, small_elmo
from small_elmo_tagger import make_tagger
from small_tagger import TAGS, WORDS

import keras_embed as ke
from keras_embed._backend import tf

UNSEEN = ["Adas Byrons livesx in Romes .", "Ада 日本 \u2028x", "", "x" * 99]
KNOWN = ["Ada lives in Rome .", "Rome"]
CACHED = ["Ada", "lives", "in", "Rome", "."]


not_on_jax = pytest.mark.skipif(
    keras.config.backend() == "jax", reason="JAX compiles it for long; the other backends run it"
)


def served(path, texts):
    """The SavedModel's answer, by signatures of strings."""
    loaded = tf.saved_model.load(str(path))
    return {name: x.numpy() for name, x in loaded.signatures["serving_default"](text=tf.constant(texts)).items()}


def assert_served_alike(path, tagger, texts):
    answer = served(path, texts)
    for row, expected in enumerate(tagger.tag(texts)):
        count = answer["lengths"][row]
        assert tuple(tag.decode() for tag in answer["tags"][row][:count]) == expected.tags
        np.testing.assert_allclose(answer["token_scores"][row][:count], expected.scores, atol=1e-5)


@pytest.mark.parametrize("cached", [pytest.param(False, id="plain"), pytest.param(True, id="cached", marks=not_on_jax)])
def test_a_tagger_makes_characters_in_its_graph(cached, tmp_path):
    if cached:
        vocabulary = ke.text.Vocabulary(CACHED)
        tagger = make_tagger(small_elmo().cache_vocabulary(CACHED), vocabulary=vocabulary)
    else:
        tagger = make_tagger(num_mixes=2, places=("input", "output"))
    tagger.export(tmp_path / "1")
    assert_served_alike(tmp_path / "1", tagger, UNSEEN)
    assert_served_alike(tmp_path / "1", tagger, KNOWN)


@not_on_jax
def test_code_points_and_words_of_their_own(tmp_path):
    marks = ["<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>"]
    letters = {name: number for number, name in enumerate([*marks, *"AdaliveRomВ "])}
    words = {name: number for number, name in enumerate(["<oov>", "<bos>", "<eos>", "Ada"])}
    characters = ke.text.ElmoCodePoints(letters, words, max_characters=9)
    sizes = {"num_characters": len(characters), "vocabulary_size": characters.num_words, "max_characters": 9}
    ends = {"marks": characters.marks.as_tuple(), "boundary_words": characters.boundary_words()}
    elmo = small_elmo(word_dim=2, **sizes, **ends)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(
        WORDS, TAGS, bucket_lengths=(8,), elmo_characters=characters
    )
    backbone = ke.backbones.RecurrentBackbone([ke.layers.ElmoEmbedding(elmo)], hidden_dim=4)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    tagger.export(tmp_path / "1")
    assert_served_alike(tmp_path / "1", tagger, [*UNSEEN, *KNOWN])


def test_a_classifier_goes_along(tmp_path):
    texts = [" ".join(words) for words in WORDS]
    labels = ["new" if number % 2 else "old" for number in range(len(texts))]
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels, elmo_characters=CHARACTERS)
    backbone = ke.backbones.AveragingBackbone([ke.layers.ElmoEmbedding(small_elmo())])
    classifier = ke.TextClassifier(backbone, preprocessor)
    classifier.export(tmp_path / "1")
    found = served(tmp_path / "1", UNSEEN)["probabilities"]
    np.testing.assert_allclose(found, classifier.probabilities(UNSEEN), atol=1e-5)
