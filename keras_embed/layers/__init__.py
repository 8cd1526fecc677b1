"""Layers: the weights of the formulas in `keras_embed.functional`."""

from keras_embed.layers.attention_flow import AttentionFlow as AttentionFlow
from keras_embed.layers.bahdanau_attention import BahdanauAttention as BahdanauAttention
from keras_embed.layers.character_encoders import CharacterCNN as CharacterCNN
from keras_embed.layers.character_encoders import CharacterLSTM as CharacterLSTM
from keras_embed.layers.coverage_attention import CoverageAttention as CoverageAttention
from keras_embed.layers.crf import CRF as CRF
from keras_embed.layers.crf_decode import CRFDecode as CRFDecode
from keras_embed.layers.dropout import VariationalDropout as VariationalDropout
from keras_embed.layers.dropout import WordDropout as WordDropout
from keras_embed.layers.elmo_embedding import ElmoEmbedding as ElmoEmbedding
from keras_embed.layers.embedding_bag import EmbeddingBag as EmbeddingBag
from keras_embed.layers.highway import Highway as Highway
from keras_embed.layers.highway_lstm import HighwayLSTM as HighwayLSTM
from keras_embed.layers.local_attention import LocalAttention as LocalAttention
from keras_embed.layers.location_sensitive_attention import LocationSensitiveAttention as LocationSensitiveAttention
from keras_embed.layers.luong_attention import LuongAttention as LuongAttention
from keras_embed.layers.monotonic_attention import MonotonicAttention as MonotonicAttention
from keras_embed.layers.multi_head_attention import MultiHeadAttention as MultiHeadAttention
from keras_embed.layers.partly_frozen_embedding import PartlyFrozenEmbedding as PartlyFrozenEmbedding
from keras_embed.layers.pooling import AttentionPooling as AttentionPooling
from keras_embed.layers.pooling import FirstPooling as FirstPooling
from keras_embed.layers.pooling import LastPooling as LastPooling
from keras_embed.layers.pooling import MaxPooling as MaxPooling
from keras_embed.layers.pooling import MeanPooling as MeanPooling
from keras_embed.layers.recurrent_decoder import RecurrentDecoder as RecurrentDecoder
from keras_embed.layers.scalar_mix import ScalarMix as ScalarMix
from keras_embed.layers.scheduled_sampling import ParallelScheduledSampling as ParallelScheduledSampling
from keras_embed.layers.scheduled_sampling import ScheduledSampling as ScheduledSampling
from keras_embed.layers.subword_embedding import SubwordEmbedding as SubwordEmbedding
from keras_embed.layers.tfidf_vectorization import TfidfVectorization as TfidfVectorization
from keras_embed.layers.transformer_decoder import TransformerDecoder as TransformerDecoder
from keras_embed.layers.transformer_encoder import TransformerEncoder as TransformerEncoder
from keras_embed.layers.word_embedding import CasingEmbedding as CasingEmbedding
from keras_embed.layers.word_embedding import PredicateEmbedding as PredicateEmbedding
from keras_embed.layers.word_embedding import WordEmbedding as WordEmbedding

__all__ = [
    "AttentionFlow",
    "AttentionPooling",
    "BahdanauAttention",
    "CRF",
    "CRFDecode",
    "CasingEmbedding",
    "CharacterCNN",
    "CharacterLSTM",
    "CoverageAttention",
    "ElmoEmbedding",
    "EmbeddingBag",
    "FirstPooling",
    "Highway",
    "HighwayLSTM",
    "LastPooling",
    "LocalAttention",
    "LocationSensitiveAttention",
    "LuongAttention",
    "MaxPooling",
    "MeanPooling",
    "MonotonicAttention",
    "MultiHeadAttention",
    "ParallelScheduledSampling",
    "PartlyFrozenEmbedding",
    "PredicateEmbedding",
    "RecurrentDecoder",
    "ScalarMix",
    "ScheduledSampling",
    "SubwordEmbedding",
    "TfidfVectorization",
    "TransformerDecoder",
    "TransformerEncoder",
    "VariationalDropout",
    "WordDropout",
    "WordEmbedding",
]
