"""Preprocessors: strings to features, in TensorFlow graph code."""

from keras_embed.preprocessors.classifier_preprocessor import ClassifierPreprocessor as ClassifierPreprocessor
from keras_embed.preprocessors.feature_tokenizer import FeatureTokenizer as FeatureTokenizer
from keras_embed.preprocessors.language_model_windows import LanguageModelWindows as LanguageModelWindows
from keras_embed.preprocessors.packed_rows import PackedRows as PackedRows
from keras_embed.preprocessors.tagger_preprocessor import TaggerPreprocessor as TaggerPreprocessor
from keras_embed.preprocessors.word2vec_examples import Word2VecExamples as Word2VecExamples

__all__ = [
    "ClassifierPreprocessor",
    "FeatureTokenizer",
    "LanguageModelWindows",
    "PackedRows",
    "TaggerPreprocessor",
    "Word2VecExamples",
]
