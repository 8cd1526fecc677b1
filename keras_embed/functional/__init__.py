"""Formulas: pure functions on arrays, one formula a function, each with its source."""

from keras_embed.functional import glove as glove
from keras_embed.functional import linear_chain as linear_chain
from keras_embed.functional import pooling as pooling
from keras_embed.functional import skipgram as skipgram
from keras_embed.functional import spans as spans

__all__ = [
    "glove",
    "linear_chain",
    "pooling",
    "skipgram",
    "spans",
]
