"""Small classifiers, trained once for all tests of the task and of its export."""

import functools

import keras

import keras_embed as ke

TEXTS = [
    "a fine film",
    "fine acting and a fine script",
    "dull and slow",
    "so dull a film",
    "the cat sat",
    "a cat and a dog",
]
TEXTS *= 4
LABELS = ["good", "good", "bad", "bad", "pets", "pets"] * 4
MANY = [["fine", "film"], ["fine"], ["dull"], ["dull", "film"], [], ["cat"]] * 4
KINDS = ["bag", "average", "filters", "recurrent"]


def make_classifier(kind="bag", labels=LABELS, **kwargs):
    """Untrained."""
    tfidf = ke.layers.TfidfVectorization(ngrams=(1, 2)) if kind == "bag" else None
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, labels, tfidf=tfidf)
    if kind == "bag":
        return ke.TextClassifier(ke.backbones.BagBackbone(preprocessor.num_terms), preprocessor, **kwargs)
    embeddings = preprocessor.embeddings(word_dim=8)
    if kind == "average":
        backbone = ke.backbones.AveragingBackbone(embeddings, hidden_dims=(8,), word_dropout=0.1)
    elif kind == "filters":
        backbone = ke.backbones.ConvolutionalBackbone(embeddings, filters=6, kernel_sizes=(2, 3))
    else:
        backbone = ke.backbones.RecurrentBackbone(embeddings, cell="gru", hidden_dim=6, dropout=0.1)
        kwargs = {"pooling": "attention", **kwargs}
    return ke.TextClassifier(backbone, preprocessor, **kwargs)


@functools.cache
def trained_classifier(kind="bag", multi_label=False):
    """Trained until it fits its texts; shared by all tests of a process, which do not modify it."""
    keras.utils.set_random_seed(3)
    classifier = make_classifier(kind, MANY if multi_label else LABELS)
    classifier.compile(keras.optimizers.Adam(0.1 if kind == "bag" else 0.03))
    classifier.fit(TEXTS, MANY if multi_label else LABELS, epochs=25, batch_size=12, verbose=0)
    return classifier
