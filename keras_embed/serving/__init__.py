"""Serving: tasks as SavedModels, and SavedModels and word vectors that answer."""

from keras_embed.serving.classifier import export_classifier as export_classifier
from keras_embed.serving.language_model import export_language_model as export_language_model
from keras_embed.serving.masked_language_model import export_masked_language_model as export_masked_language_model
from keras_embed.serving.networks import export_network as export_network
from keras_embed.serving.pair_classifier import export_pair_classifier as export_pair_classifier
from keras_embed.serving.request_values import RequestError as RequestError
from keras_embed.serving.rest_app import rest_app as rest_app
from keras_embed.serving.served_model import ServedModel as ServedModel
from keras_embed.serving.served_model import is_saved_model as is_saved_model
from keras_embed.serving.served_vectors import ServedVectors as ServedVectors
from keras_embed.serving.span_qa import export_span_qa as export_span_qa
from keras_embed.serving.tagger import export_tagger as export_tagger
from keras_embed.serving.translator import export_translator as export_translator

__all__ = [
    "RequestError",
    "ServedModel",
    "ServedVectors",
    "export_classifier",
    "export_language_model",
    "export_masked_language_model",
    "export_network",
    "export_pair_classifier",
    "export_span_qa",
    "export_tagger",
    "export_translator",
    "is_saved_model",
    "rest_app",
]
