"""Learning rates that rise first and fall then, for any Keras optimizer."""

from keras_embed.schedules.inverse_square_root import InverseSquareRoot
from keras_embed.schedules.linear import LinearWarmupDecay
from keras_embed.schedules.noam import NoamSchedule

__all__ = ["InverseSquareRoot", "LinearWarmupDecay", "NoamSchedule"]
