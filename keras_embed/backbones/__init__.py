"""Backbones: from features to hidden states."""

from keras_embed.backbones.recurrent import RecurrentBackbone as RecurrentBackbone

__all__ = ["RecurrentBackbone"]
