"""Serving: tasks written as SavedModels and networks, and SavedModels and word vectors that answer requests."""

from keras_embed.serving.networks import export_network as export_network
from keras_embed.serving.request_values import RequestError as RequestError
from keras_embed.serving.rest_app import rest_app as rest_app
from keras_embed.serving.served_model import ServedModel as ServedModel
from keras_embed.serving.served_model import is_saved_model as is_saved_model
from keras_embed.serving.served_vectors import ServedVectors as ServedVectors

__all__ = [
    "RequestError",
    "ServedModel",
    "ServedVectors",
    "export_network",
    "is_saved_model",
    "rest_app",
]
