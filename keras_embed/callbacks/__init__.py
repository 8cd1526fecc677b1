"""What `fit` calls between epochs: translation quality, and the mean of several epochs' weights."""

from keras_embed.callbacks.bleu import BLEU
from keras_embed.callbacks.checkpoint_averaging import CheckpointAveraging

__all__ = ["BLEU", "CheckpointAveraging"]
