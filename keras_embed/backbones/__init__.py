"""Backbones: from features to hidden states."""

from keras_embed.backbones.recurrent import RecurrentBackbone as RecurrentBackbone
from keras_embed.backbones.word2vec import Word2Vec as Word2Vec

__all__ = ["RecurrentBackbone", "Word2Vec"]
