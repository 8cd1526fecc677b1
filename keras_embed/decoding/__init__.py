"""Decoding: greedy search, beam search and sampling over the steps of a model, and constraints on the results."""

from keras_embed.decoding.beam_search import BeamSearch
from keras_embed.decoding.constraints import ForbiddenTokens, MinimumLength, NoRepeatedNgrams, RepetitionPenalty
from keras_embed.decoding.decode import decode
from keras_embed.decoding.searcher import Searcher
from keras_embed.decoding.strategies import Greedy, Sampling
from keras_embed.decoding.unknown_words import replace_unknown_ids, replace_unknown_words

__all__ = [
    "BeamSearch",
    "ForbiddenTokens",
    "Greedy",
    "MinimumLength",
    "NoRepeatedNgrams",
    "RepetitionPenalty",
    "Sampling",
    "Searcher",
    "decode",
    "replace_unknown_ids",
    "replace_unknown_words",
]
