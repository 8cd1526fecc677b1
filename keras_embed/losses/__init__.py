"""Losses for `compile` and `fit`."""

from keras_embed.losses.classification import MultiLabelCrossentropy as MultiLabelCrossentropy
from keras_embed.losses.classification import OneVersusRestHinge as OneVersusRestHinge
from keras_embed.losses.crf_loss import CRFLoss as CRFLoss
from keras_embed.losses.smoothed_crossentropy import SmoothedCrossentropy as SmoothedCrossentropy
from keras_embed.losses.span_loss import SpanLoss as SpanLoss

__all__ = ["CRFLoss", "MultiLabelCrossentropy", "OneVersusRestHinge", "SmoothedCrossentropy", "SpanLoss"]
