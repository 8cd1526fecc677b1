"""Metrics of taggers that stream in `fit`, and the same scores from lists of strings."""

from keras_embed.metrics.entity_f1 import EntityF1
from keras_embed.metrics.entity_report import entity_scores
from keras_embed.metrics.tag_accuracy import TagAccuracy

__all__ = ["EntityF1", "TagAccuracy", "entity_scores"]
