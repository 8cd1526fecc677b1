"""Layers: thin holders of weights around `keras_embed.functional`."""

from keras_embed.layers.attention_pooling import AttentionPooling as AttentionPooling
from keras_embed.layers.casing_embedding import CasingEmbedding as CasingEmbedding
from keras_embed.layers.character_cnn import CharacterCNN as CharacterCNN
from keras_embed.layers.character_lstm import CharacterLSTM as CharacterLSTM
from keras_embed.layers.crf import CRF as CRF
from keras_embed.layers.crf import IndependentTags as IndependentTags
from keras_embed.layers.crf_decoders import CRFDecode as CRFDecode
from keras_embed.layers.crf_decoders import CRFEntropy as CRFEntropy
from keras_embed.layers.crf_decoders import CRFKBest as CRFKBest
from keras_embed.layers.crf_decoders import CRFMarginals as CRFMarginals
from keras_embed.layers.crf_decoders import CRFSample as CRFSample
from keras_embed.layers.elmo_embedding import ElmoEmbedding as ElmoEmbedding
from keras_embed.layers.embedding_bag import EmbeddingBag as EmbeddingBag
from keras_embed.layers.language_model_stack import LanguageModelStack as LanguageModelStack
from keras_embed.layers.partly_frozen_embedding import PartlyFrozenEmbedding as PartlyFrozenEmbedding
from keras_embed.layers.pooling import FirstPooling as FirstPooling
from keras_embed.layers.pooling import LastPooling as LastPooling
from keras_embed.layers.pooling import MaxPooling as MaxPooling
from keras_embed.layers.pooling import MeanPooling as MeanPooling
from keras_embed.layers.scalar_mix import ScalarMix as ScalarMix
from keras_embed.layers.subword_embedding import SubwordEmbedding as SubwordEmbedding
from keras_embed.layers.tfidf_vectorization import TfidfVectorization as TfidfVectorization
from keras_embed.layers.token_encoder import ElmoTokenEncoder as ElmoTokenEncoder
from keras_embed.layers.variational_dropout import VariationalDropout as VariationalDropout
from keras_embed.layers.word_dropout import WordDropout as WordDropout
from keras_embed.layers.word_embedding import WordEmbedding as WordEmbedding

__all__ = [
    "AttentionPooling",
    "CRF",
    "CRFDecode",
    "CRFEntropy",
    "CRFKBest",
    "CRFMarginals",
    "CRFSample",
    "CasingEmbedding",
    "CharacterCNN",
    "CharacterLSTM",
    "ElmoEmbedding",
    "ElmoTokenEncoder",
    "EmbeddingBag",
    "FirstPooling",
    "IndependentTags",
    "LanguageModelStack",
    "LastPooling",
    "MaxPooling",
    "MeanPooling",
    "PartlyFrozenEmbedding",
    "ScalarMix",
    "SubwordEmbedding",
    "TfidfVectorization",
    "VariationalDropout",
    "WordDropout",
    "WordEmbedding",
]
