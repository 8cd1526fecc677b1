"""Preprocessors: strings to features, in TensorFlow graph code."""

from keras_embed.preprocessors.batch_shapes import BatchShape as BatchShape
from keras_embed.preprocessors.classifier_preprocessor import ClassifierPreprocessor as ClassifierPreprocessor
from keras_embed.preprocessors.feature_tokenizer import FeatureTokenizer as FeatureTokenizer
from keras_embed.preprocessors.language_model_batches import LanguageModelBatches as LanguageModelBatches
from keras_embed.preprocessors.language_model_preprocessor import LanguageModelPreprocessor as LanguageModelPreprocessor
from keras_embed.preprocessors.language_model_windows import LanguageModelWindows as LanguageModelWindows
from keras_embed.preprocessors.packed_rows import PackedRows as PackedRows
from keras_embed.preprocessors.piece_tokenizer import PieceTokenizer as PieceTokenizer
from keras_embed.preprocessors.tagger_preprocessor import TaggerPreprocessor as TaggerPreprocessor
from keras_embed.preprocessors.token_batches import TokenBatches as TokenBatches
from keras_embed.preprocessors.translation_preprocessor import TranslationPreprocessor as TranslationPreprocessor
from keras_embed.preprocessors.word2vec_examples import Word2VecExamples as Word2VecExamples

__all__ = [
    "BatchShape",
    "ClassifierPreprocessor",
    "FeatureTokenizer",
    "LanguageModelBatches",
    "LanguageModelPreprocessor",
    "LanguageModelWindows",
    "PackedRows",
    "PieceTokenizer",
    "TaggerPreprocessor",
    "TokenBatches",
    "TranslationPreprocessor",
    "Word2VecExamples",
]
