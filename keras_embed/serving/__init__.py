"""Serving: tasks as SavedModels."""

from keras_embed.serving.saved_model import export_tagger as export_tagger

__all__ = ["export_tagger"]
