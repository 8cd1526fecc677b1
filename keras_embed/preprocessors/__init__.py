"""Preprocessors: strings to features, in TensorFlow graph code."""

from keras_embed.preprocessors.classifier_preprocessor import ClassifierPreprocessor as ClassifierPreprocessor
from keras_embed.preprocessors.language_model_preprocessor import LanguageModelPreprocessor as LanguageModelPreprocessor
from keras_embed.preprocessors.language_model_windows import LanguageModelWindows as LanguageModelWindows
from keras_embed.preprocessors.masked_language_model_preprocessor import (
    MaskedLanguageModelPreprocessor as MaskedLanguageModelPreprocessor,
)
from keras_embed.preprocessors.pair_preprocessor import PairPreprocessor as PairPreprocessor
from keras_embed.preprocessors.preprocessor import StringPreprocessor as StringPreprocessor
from keras_embed.preprocessors.semantic_role_preprocessor import SemanticRolePreprocessor as SemanticRolePreprocessor
from keras_embed.preprocessors.span_preprocessor import SpanPreprocessor as SpanPreprocessor
from keras_embed.preprocessors.tagger_preprocessor import TaggerPreprocessor as TaggerPreprocessor
from keras_embed.preprocessors.translation_preprocessor import TranslationPreprocessor as TranslationPreprocessor
from keras_embed.preprocessors.word2vec_examples import Word2VecExamples as Word2VecExamples

__all__ = [
    "ClassifierPreprocessor",
    "LanguageModelPreprocessor",
    "LanguageModelWindows",
    "MaskedLanguageModelPreprocessor",
    "PairPreprocessor",
    "SemanticRolePreprocessor",
    "SpanPreprocessor",
    "StringPreprocessor",
    "TaggerPreprocessor",
    "TranslationPreprocessor",
    "Word2VecExamples",
]
