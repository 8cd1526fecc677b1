"""Metrics of taggers and classifiers that stream in `fit`, and the same scores from lists of strings."""

from keras_embed.metrics.class_f1 import ClassF1
from keras_embed.metrics.classification_report import classification_report
from keras_embed.metrics.entity_f1 import EntityF1
from keras_embed.metrics.entity_report import entity_scores
from keras_embed.metrics.tag_accuracy import TagAccuracy
from keras_embed.metrics.token_accuracy import TokenAccuracy
from keras_embed.metrics.token_perplexity import TokenPerplexity

__all__ = [
    "ClassF1",
    "EntityF1",
    "TagAccuracy",
    "TokenAccuracy",
    "TokenPerplexity",
    "classification_report",
    "entity_scores",
]
