"""Preprocessors: strings to features, in TensorFlow graph code."""

from keras_embed.preprocessors.classifier_preprocessor import ClassifierPreprocessor as ClassifierPreprocessor
from keras_embed.preprocessors.feature_tokenizer import FeatureTokenizer as FeatureTokenizer
from keras_embed.preprocessors.tagger_preprocessor import TaggerPreprocessor as TaggerPreprocessor

__all__ = ["ClassifierPreprocessor", "FeatureTokenizer", "TaggerPreprocessor"]
