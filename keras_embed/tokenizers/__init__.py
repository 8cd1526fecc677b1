"""Tokenizers: text to words, subwords and ids, in TensorFlow graph code."""

from keras_embed.tokenizers.bert_vocabulary import BERT_SPECIAL_PIECES as BERT_SPECIAL_PIECES
from keras_embed.tokenizers.bert_vocabulary import bert_pieces as bert_pieces
from keras_embed.tokenizers.byte_pairs import BytePairCodec as BytePairCodec
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer as EncoderTokenizer
from keras_embed.tokenizers.piece_tokenizer import PieceTokenizer as PieceTokenizer
from keras_embed.tokenizers.predicate_tokenizer import PredicateTokenizer as PredicateTokenizer
from keras_embed.tokenizers.sentence_pieces import SentencePieceCodec as SentencePieceCodec
from keras_embed.tokenizers.subword_tokenizer import END_ID as END_ID
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_PIECES as SPECIAL_PIECES
from keras_embed.tokenizers.subword_tokenizer import START_ID as START_ID
from keras_embed.tokenizers.subword_tokenizer import UNKNOWN_ID as UNKNOWN_ID
from keras_embed.tokenizers.subword_tokenizer import Codec as Codec
from keras_embed.tokenizers.subword_tokenizer import real_ids as real_ids
from keras_embed.tokenizers.whole_words import WordCodec as WordCodec
from keras_embed.tokenizers.word_featurizer import WordFeaturizer as WordFeaturizer
from keras_embed.tokenizers.word_pieces import WordPieceCodec as WordPieceCodec

__all__ = [
    "BERT_SPECIAL_PIECES",
    "BytePairCodec",
    "Codec",
    "END_ID",
    "EncoderTokenizer",
    "PieceTokenizer",
    "PredicateTokenizer",
    "SPECIAL_PIECES",
    "START_ID",
    "SentencePieceCodec",
    "UNKNOWN_ID",
    "WordCodec",
    "WordFeaturizer",
    "WordPieceCodec",
    "bert_pieces",
    "real_ids",
]
