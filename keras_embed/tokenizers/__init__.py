"""Tokenizers: texts to sentences, words, subwords and ids, in TensorFlow graph code.

Classes that need Keras are imported at their first use, so that splitting texts imports no framework but TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING, Any

from keras_embed.tokenizers.any_splitter import Tokenize
from keras_embed.tokenizers.predicates import mark_predicate
from keras_embed.tokenizers.sentence_splitter import SentenceSplitter
from keras_embed.tokenizers.splitters import MosesTokenizer, WhitespaceTokenizer, WordTokenizer
from keras_embed.tokenizers.word_features import WordFeature

if TYPE_CHECKING:
    from keras_embed.tokenizers.byte_pairs import BytePairSubwordTokenizer
    from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer
    from keras_embed.tokenizers.predicate_tokenizer import PredicateTokenizer
    from keras_embed.tokenizers.sentence_pieces import SentencePieceSubwordTokenizer
    from keras_embed.tokenizers.subword_tokenizer import SubwordTokenizer
    from keras_embed.tokenizers.word_featurizer import WordFeaturizer
    from keras_embed.tokenizers.word_pieces import WholeWordTokenizer, WordPieceSubwordTokenizer

_LAZY = {
    "BytePairSubwordTokenizer": "byte_pairs",
    "EncoderTokenizer": "encoder_tokenizer",
    "PredicateTokenizer": "predicate_tokenizer",
    "SentencePieceSubwordTokenizer": "sentence_pieces",
    "SubwordTokenizer": "subword_tokenizer",
    "WholeWordTokenizer": "word_pieces",
    "WordFeaturizer": "word_featurizer",
    "WordPieceSubwordTokenizer": "word_pieces",
}

__all__ = [
    "BytePairSubwordTokenizer",
    "EncoderTokenizer",
    "MosesTokenizer",
    "PredicateTokenizer",
    "SentencePieceSubwordTokenizer",
    "SentenceSplitter",
    "SubwordTokenizer",
    "Tokenize",
    "WhitespaceTokenizer",
    "WholeWordTokenizer",
    "WordFeature",
    "WordFeaturizer",
    "WordPieceSubwordTokenizer",
    "WordTokenizer",
    "mark_predicate",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _LAZY:
            return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
