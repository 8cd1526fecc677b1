"""Losses."""

from keras_embed.losses.crf_loss import CRFLoss as CRFLoss

__all__ = ["CRFLoss"]
