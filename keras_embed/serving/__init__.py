"""Serving: tasks as SavedModels."""

from keras_embed.serving.classifier import export_classifier as export_classifier
from keras_embed.serving.tagger import export_tagger as export_tagger

__all__ = ["export_classifier", "export_tagger"]
