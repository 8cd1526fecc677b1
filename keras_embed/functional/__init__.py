"""Formulas: pure functions on arrays, one formula a function, each with its source."""

from keras_embed.functional import answer_spans as answer_spans
from keras_embed.functional import attention as attention
from keras_embed.functional import attention_flow as attention_flow
from keras_embed.functional import coverage as coverage
from keras_embed.functional import crossentropy as crossentropy
from keras_embed.functional import dot_product_attention as dot_product_attention
from keras_embed.functional import glove as glove
from keras_embed.functional import highway as highway
from keras_embed.functional import linear_chain as linear_chain
from keras_embed.functional import local_attention as local_attention
from keras_embed.functional import monotonic_attention as monotonic_attention
from keras_embed.functional import pair_comparison as pair_comparison
from keras_embed.functional import pooling as pooling
from keras_embed.functional import positions as positions
from keras_embed.functional import recurrence as recurrence
from keras_embed.functional import sampled_softmax as sampled_softmax
from keras_embed.functional import scalar_mix as scalar_mix
from keras_embed.functional import scheduled_sampling as scheduled_sampling
from keras_embed.functional import sentence_boundaries as sentence_boundaries
from keras_embed.functional import skipgram as skipgram
from keras_embed.functional import soft_alignment as soft_alignment
from keras_embed.functional import spans as spans

__all__ = [
    "answer_spans",
    "attention",
    "attention_flow",
    "coverage",
    "crossentropy",
    "dot_product_attention",
    "glove",
    "highway",
    "linear_chain",
    "local_attention",
    "monotonic_attention",
    "pair_comparison",
    "pooling",
    "positions",
    "recurrence",
    "sampled_softmax",
    "scalar_mix",
    "scheduled_sampling",
    "sentence_boundaries",
    "skipgram",
    "soft_alignment",
    "spans",
]
