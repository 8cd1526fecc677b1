"""One small tagger, trained once for all tests of the task and of its export."""

import functools

import keras

import keras_embed as ke

WORDS = [
    ["Ada", "Byron", "lives", "in", "Rome", "."],
    ["I", "met", "Bob", "yesterday"],
    ["Rome", "and", "Paris", "are", "far", "from", "Ada"],
    ["nobody", "came"],
] * 8
TAGS = [
    ["B-PER", "I-PER", "O", "O", "B-LOC", "O"],
    ["O", "O", "B-PER", "O"],
    ["B-LOC", "O", "B-LOC", "O", "O", "O", "B-PER"],
    ["O", "O"],
] * 8


def make_tagger(head="crf", splitter=None, **kwargs):
    """Untrained."""
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(WORDS, TAGS, bucket_lengths=(8,), splitter=splitter)
    embeddings = preprocessor.embeddings(word_dim=8, char_filters=6, char_dim=5, casing_dim=3)
    backbone = ke.backbones.RecurrentBackbone(embeddings, hidden_dim=8, dropout=0.1)
    return ke.Tagger(backbone, preprocessor=preprocessor, head=head, **kwargs)


@functools.cache
def trained_tagger():
    """Trained until it fits its sentences; shared by all tests of a process, which do not modify it."""
    keras.utils.set_random_seed(3)
    tagger = make_tagger()
    tagger.compile(keras.optimizers.Adam(0.03, global_clipnorm=5.0))
    tagger.fit(WORDS, TAGS, epochs=12, batch_size=16, verbose=0)
    return tagger
