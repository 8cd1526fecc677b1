"""Callbacks for `fit`: BLEU of translators, averaging of checkpoints, gradual unfreezing."""

from keras_embed.callbacks.bleu import BLEU
from keras_embed.callbacks.checkpoint_averaging import CheckpointAveraging
from keras_embed.callbacks.gradual_unfreezing import GradualUnfreezing

__all__ = ["BLEU", "CheckpointAveraging", "GradualUnfreezing"]
