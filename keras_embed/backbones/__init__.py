"""Backbones: Functional models from features to hidden states."""

from keras_embed.backbones.alternating import AlternatingHighwayBackbone as AlternatingHighwayBackbone
from keras_embed.backbones.averaging import AveragingBackbone as AveragingBackbone
from keras_embed.backbones.bag import BagBackbone as BagBackbone
from keras_embed.backbones.bcn import BCNBackbone as BCNBackbone
from keras_embed.backbones.bidaf import BiDAFBackbone as BiDAFBackbone
from keras_embed.backbones.convolutional import ConvolutionalBackbone as ConvolutionalBackbone
from keras_embed.backbones.elmo import ElmoBackbone as ElmoBackbone
from keras_embed.backbones.esim import ESIMBackbone as ESIMBackbone
from keras_embed.backbones.recurrent import RecurrentBackbone as RecurrentBackbone
from keras_embed.backbones.recurrent_language_model import (
    RecurrentLanguageModelBackbone as RecurrentLanguageModelBackbone,
)
from keras_embed.backbones.recurrent_seq2seq import RecurrentSeq2SeqBackbone as RecurrentSeq2SeqBackbone
from keras_embed.backbones.transformer import TransformerBackbone as TransformerBackbone
from keras_embed.backbones.transformer_language_model import (
    TransformerLanguageModelBackbone as TransformerLanguageModelBackbone,
)
from keras_embed.backbones.transformer_seq2seq import TransformerSeq2SeqBackbone as TransformerSeq2SeqBackbone
from keras_embed.backbones.word2vec import Word2Vec as Word2Vec

__all__ = [
    "AlternatingHighwayBackbone",
    "AveragingBackbone",
    "BCNBackbone",
    "BagBackbone",
    "BiDAFBackbone",
    "ConvolutionalBackbone",
    "ESIMBackbone",
    "ElmoBackbone",
    "RecurrentBackbone",
    "RecurrentLanguageModelBackbone",
    "RecurrentSeq2SeqBackbone",
    "TransformerBackbone",
    "TransformerLanguageModelBackbone",
    "TransformerSeq2SeqBackbone",
    "Word2Vec",
]
