"""Metrics of taggers, classifiers and similarities that stream in `fit`, and the same scores from lists of strings."""

from keras_embed.metrics.class_f1 import ClassF1
from keras_embed.metrics.classification_report import classification_report
from keras_embed.metrics.entity_f1 import EntityF1
from keras_embed.metrics.entity_report import entity_scores
from keras_embed.metrics.matthews import Matthews
from keras_embed.metrics.pearson import Pearson
from keras_embed.metrics.role_scores import role_scores
from keras_embed.metrics.span_match import SpanF1 as SpanF1
from keras_embed.metrics.span_match import SpanMatch as SpanMatch
from keras_embed.metrics.spearman import Spearman
from keras_embed.metrics.squad import best_no_answer_threshold as best_no_answer_threshold
from keras_embed.metrics.squad import squad_scores as squad_scores
from keras_embed.metrics.tag_accuracy import TagAccuracy
from keras_embed.metrics.token_accuracy import TokenAccuracy
from keras_embed.metrics.token_perplexity import TokenPerplexity

__all__ = [
    "ClassF1",
    "EntityF1",
    "Matthews",
    "Pearson",
    "SpanF1",
    "SpanMatch",
    "Spearman",
    "TagAccuracy",
    "TokenAccuracy",
    "TokenPerplexity",
    "best_no_answer_threshold",
    "classification_report",
    "entity_scores",
    "role_scores",
    "squad_scores",
]
