"""A small classifier of pairs and a small similarity model, trained once for the tests of task and export."""

import functools

import keras

import keras_embed as ke
from keras_embed.preprocessors import PairPreprocessor
from keras_embed.tasks import PairClassifier

PAIRS = [
    ("a man runs", "a man moves"),
    ("a man runs", "a man sits"),
    ("the dog sleeps", "the dog rests"),
    ("the dog sleeps", "the dog barks at a man"),
    ("a cat eats fish", "a cat eats"),
    ("a cat eats fish", "the cat sleeps"),
] * 4
LABELS = ["entailment", "contradiction"] * 12
SCORES = [4.0, 1.0, 4.5, 0.5, 5.0, 0.0] * 4


def make_pair_classifier(labels=LABELS, kind="average", preprocessor=None, **kwargs):
    """Untrained, siamese."""
    preprocessor = preprocessor or PairPreprocessor.from_corpus(PAIRS, labels)
    embeddings = preprocessor.embeddings(word_dim=8)
    if kind == "average":
        backbone = ke.backbones.AveragingBackbone(embeddings, hidden_dims=(8,), word_dropout=0.0, dropout=0.0)
    else:
        backbone = ke.backbones.RecurrentBackbone(embeddings, cell="gru", hidden_dim=6, dropout=0.1)
    return PairClassifier(backbone, preprocessor, "siamese", **kwargs)


@functools.cache
def trained_pair_classifier(graded=False):
    """Trained until it fits its pairs; shared by all tests of a process, which do not modify it."""
    keras.utils.set_random_seed(3)
    labels = SCORES if graded else LABELS
    classifier = make_pair_classifier(labels)
    classifier.compile(keras.optimizers.Adam(0.03))
    classifier.fit(PAIRS, labels, epochs=20 if graded else 10, batch_size=3, verbose=0)
    return classifier
