"""Backbones: from features to hidden states."""

from keras_embed.backbones.averaging import AveragingBackbone as AveragingBackbone
from keras_embed.backbones.bag import BagBackbone as BagBackbone
from keras_embed.backbones.convolutional import ConvolutionalBackbone as ConvolutionalBackbone
from keras_embed.backbones.elmo import ElmoBackbone as ElmoBackbone
from keras_embed.backbones.recurrent import RecurrentBackbone as RecurrentBackbone
from keras_embed.backbones.word2vec import Word2Vec as Word2Vec

__all__ = [
    "AveragingBackbone",
    "BagBackbone",
    "ConvolutionalBackbone",
    "ElmoBackbone",
    "RecurrentBackbone",
    "Word2Vec",
]
