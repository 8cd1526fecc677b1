"""Learning-rate schedules with warmup, and learning rates that differ between layers."""

from keras_embed.schedules.discriminative_rates import DiscriminativeRates, encoder_stages, layerwise_rates
from keras_embed.schedules.warmup import InverseSquareRoot, LinearWarmupDecay, NoamSchedule

__all__ = [
    "DiscriminativeRates",
    "InverseSquareRoot",
    "LinearWarmupDecay",
    "NoamSchedule",
    "encoder_stages",
    "layerwise_rates",
]
