"""Small language models, trained once for all tests of the task and of its export."""

import functools

import keras

import keras_embed as ke

TEXTS = ["the cat sat on the mat", "a dog ran to the park", "the owl flew over a wood"]
KINDS = ["recurrent", "transformer"]
SIZES = {
    "recurrent": {"embedding_dim": 16, "hidden_dim": 24, "dropout": 0.0},
    "transformer": {"num_layers": 2, "num_heads": 2, "hidden_dim": 16, "feed_forward_dim": 32, "dropout": 0.0},
}


def make_model(kind, texts=TEXTS, **kwargs):
    """Untrained."""
    settings = {"kind": "words", "max_length": 12, **SIZES[kind], **kwargs}
    return ke.LanguageModel.from_corpus(texts, kind, **settings)


@functools.cache
def trained_model(kind):
    """Trained until it reproduces its texts."""
    keras.utils.set_random_seed(3)
    model = make_model(kind)
    model.compile(optimizer=keras.optimizers.Adam(0.04))
    model.fit(TEXTS * 10, batch_tokens=70, epochs=16, verbose=0)  # 48 steps
    return model
