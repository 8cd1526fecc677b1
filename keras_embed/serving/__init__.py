"""Serving: tasks as SavedModels."""

from keras_embed.serving.classifier import export_classifier as export_classifier
from keras_embed.serving.language_model import export_language_model as export_language_model
from keras_embed.serving.tagger import export_tagger as export_tagger
from keras_embed.serving.translator import export_translator as export_translator

__all__ = ["export_classifier", "export_language_model", "export_tagger", "export_translator"]
