"""Learning rates for any Keras optimizer: that rise first and fall then, and that differ from layer to layer."""

from keras_embed.schedules.discriminative_rates import DiscriminativeRates
from keras_embed.schedules.inverse_square_root import InverseSquareRoot
from keras_embed.schedules.layerwise_rates import encoder_stages, layerwise_rates
from keras_embed.schedules.linear import LinearWarmupDecay
from keras_embed.schedules.noam import NoamSchedule

__all__ = [
    "DiscriminativeRates",
    "InverseSquareRoot",
    "LinearWarmupDecay",
    "NoamSchedule",
    "encoder_stages",
    "layerwise_rates",
]
