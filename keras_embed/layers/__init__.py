"""Layers: thin weight holders around formulas."""

from keras_embed.layers.casing_embedding import CasingEmbedding
from keras_embed.layers.character_cnn import CharacterCNN
from keras_embed.layers.character_lstm import CharacterLSTM
from keras_embed.layers.variational_dropout import VariationalDropout
from keras_embed.layers.word_embedding import WordEmbedding

__all__ = [
    "CasingEmbedding",
    "CharacterCNN",
    "CharacterLSTM",
    "VariationalDropout",
    "WordEmbedding",
]
