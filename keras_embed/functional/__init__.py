"""Formulas: pure functions of tensors, one formula for each function, with its source."""

from keras_embed.functional import attention as attention
from keras_embed.functional import crossentropy as crossentropy
from keras_embed.functional import decoder_attention as decoder_attention
from keras_embed.functional import elmo as elmo
from keras_embed.functional import glove as glove
from keras_embed.functional import linear_chain as linear_chain
from keras_embed.functional import pooling as pooling
from keras_embed.functional import positions as positions
from keras_embed.functional import recurrence as recurrence
from keras_embed.functional import sampled_softmax as sampled_softmax
from keras_embed.functional import scheduled_sampling as scheduled_sampling
from keras_embed.functional import skipgram as skipgram
from keras_embed.functional import spans as spans
from keras_embed.functional import text_pairs as text_pairs

__all__ = [
    "attention",
    "crossentropy",
    "decoder_attention",
    "elmo",
    "glove",
    "linear_chain",
    "pooling",
    "positions",
    "recurrence",
    "sampled_softmax",
    "scheduled_sampling",
    "skipgram",
    "spans",
    "text_pairs",
]
