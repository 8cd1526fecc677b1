"""Metrics of taggers, classifiers, language models and similarities, streaming in `fit` or from lists of strings."""

from keras_embed.metrics.classification import ClassF1, Matthews
from keras_embed.metrics.classification_report import classification_report
from keras_embed.metrics.correlation import Pearson, Spearman
from keras_embed.metrics.entity_report import entity_scores, role_scores
from keras_embed.metrics.perplexity import TokenAccuracy, TokenPerplexity
from keras_embed.metrics.span_match import SpanF1, SpanMatch
from keras_embed.metrics.squad import best_no_answer_threshold, squad_scores
from keras_embed.metrics.tagging import EntityF1, TagAccuracy

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
