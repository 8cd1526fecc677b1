"""Initializers of weights."""

from keras_embed.initializers.pretrained import Pretrained

__all__ = ["Pretrained"]
