"""Formulas: pure functions on arrays, one formula a function, each with its source."""

from keras_embed.functional import glove as glove
from keras_embed.functional import highway as highway
from keras_embed.functional import linear_chain as linear_chain
from keras_embed.functional import pooling as pooling
from keras_embed.functional import recurrence as recurrence
from keras_embed.functional import sampled_softmax as sampled_softmax
from keras_embed.functional import scalar_mix as scalar_mix
from keras_embed.functional import sentence_boundaries as sentence_boundaries
from keras_embed.functional import skipgram as skipgram
from keras_embed.functional import spans as spans

__all__ = [
    "glove",
    "highway",
    "linear_chain",
    "pooling",
    "recurrence",
    "sampled_softmax",
    "scalar_mix",
    "sentence_boundaries",
    "skipgram",
    "spans",
]
