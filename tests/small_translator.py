"""A small translator, trained once for all tests of the task and of its export."""

import functools

import keras

import keras_embed as ke

NOUNS = {"hund": "dog", "mann": "man", "vogel": "bird", "fisch": "fish"}
ARTICLES = {"ein": "a", "der": "the"}
VERBS = {"": "", " schläft": " sleeps", " geht weg": " walks away"}
PAIRS = [
    (f"{article} {noun}{verb}", f"{ARTICLES[article]} {NOUNS[noun]}{VERBS[verb]}")
    for article in ARTICLES
    for noun in NOUNS
    for verb in VERBS
]
SIZES = dict(num_encoder_layers=1, num_decoder_layers=1, num_heads=2, hidden_dim=16, feed_forward_dim=16, dropout=0.0)


def make_translator(**kwargs):
    """Untrained."""
    preprocessor = ke.preprocessors.TranslationPreprocessor.from_corpus(
        PAIRS, "words", shared=False, bucket_lengths=(8, 16)
    )
    return ke.Translator.from_corpus(PAIRS, preprocessor=preprocessor, **{**SIZES, **kwargs})


def one_shape(translator):
    """Pads all pairs to one shape, so that the model is compiled once."""
    return translator.preprocessor.dataset(*map(list, zip(*PAIRS, strict=True)), batch_size=24, max_shapes=1, seed=1)


@functools.cache
def trained_translator():
    """A Transformer trained until it reproduces its pairs."""
    keras.utils.set_random_seed(2)
    translator = make_translator()
    translator.compile(optimizer=keras.optimizers.Adam(0.02))
    translator.fit(one_shape(translator), epochs=40, verbose=0)
    return translator
