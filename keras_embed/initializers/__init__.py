"""Initializers: what weights start from."""

from keras_embed.initializers.pretrained import Pretrained

__all__ = ["Pretrained"]
