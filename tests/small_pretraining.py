"""Two small stories, and a masked language model trained on them."""

import functools
import re

import keras
import keras_hub

import keras_embed as ke
from keras_embed.tokenizers.word_pieces import BERT_SPECIAL_TOKENS

STORIES = [
    "The old ship left the harbour at dawn. A cold wind blew from the north. Nobody on board had slept that night. "
    "The captain looked at his map and said nothing. Far behind them the lights of the town went out one by one.",
    "My aunt keeps seven hens behind her kitchen. Each of them has a name and a nest of straw. On Sundays she bakes a "
    "cake with their eggs. The smallest hen sleeps in a basket by the stove. It thinks that it is a cat.",
    "Light travels faster than anything else we know. It needs eight minutes from the sun to our planet. Dust in the "
    "air scatters what is blue. So the sky is red when evening comes. Without air it would be black all day.",
]
LENGTH = 32
#: JAX runs a step that is not compiled operation by operation, each compiled for itself.
JIT = "auto" if keras.config.backend() == "jax" else False


@functools.cache
def make_preprocessor(letters=False, **settings):
    """Returns a preprocessor whose subwords are the words of the stories or letters, equal in every process."""
    words = sorted(set(re.findall(r"\w+|[^\w\s]", " ".join(STORIES).lower())))
    characters = sorted(set("".join(words)))
    pieces = dict.fromkeys([*characters, *(f"##{one}" for one in characters), *([] if letters else words)])
    tokenizer = keras_hub.tokenizers.BertTokenizer([*BERT_SPECIAL_TOKENS, *pieces], lowercase=True)
    settings = {"sequence_length": LENGTH, **settings}
    tokenizer = ke.tokenizers.EncoderTokenizer(tokenizer)
    return ke.preprocessors.MaskedLanguageModelPreprocessor(tokenizer, **settings)


def make_backbone(preprocessor, kind="bert", dropout=0.1):
    """A small one of each kind."""
    size = preprocessor.tokenizer.vocabulary_size()
    if kind == "bert":
        return keras_hub.models.BertBackbone(size, 1, 2, 32, 64, dropout=dropout, max_sequence_length=LENGTH)
    embeddings = [ke.layers.WordEmbedding(size, 16)]
    if kind == "recurrent":
        return ke.backbones.RecurrentBackbone(embeddings, cell="gru", hidden_dim=16, dropout=dropout)
    return ke.backbones.TransformerBackbone(embeddings, 1, 2, 16, 32, dropout=dropout)


def make_model(kind="bert", dropout=0.1, **settings):
    """Untrained."""
    preprocessor = make_preprocessor(**settings)
    return ke.tasks.MaskedLanguageModel(make_backbone(preprocessor, kind, dropout), preprocessor)


@functools.cache
def trained_model():
    """Shared by all tests of a process, which do not modify it."""
    keras.utils.set_random_seed(3)
    model = make_model(dropout=0.0, short_rate=0.0, duplicates=2)
    model.compile(keras.optimizers.Adam(5e-3), jit_compile=JIT)
    model.fit(STORIES, steps_per_epoch=120, batch_size=16, verbose=0)
    return model
