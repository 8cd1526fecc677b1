"""Dropout that holds one mask for a whole sequence."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class VariationalDropout(keras.layers.Layer):
    """Drops the same entries at every time step of a sequence (Gal and Ghahramani 2016, section 4).

    `y[b, t, d] = x[b, t, d] m[b, d] / (1 - rate)`, each `m[b, d]` 0 with probability `rate`, else 1. Plain dropout
    draws a new mask for every step, so a recurrent layer can average the noise away.

    It is what `keras.layers.SpatialDropout1D` computes. That layer's config keeps only a part of a mixed-precision
    policy, so this one stands by itself.

    Args:
        rate: share of entries to drop.
        seed: makes the masks repeatable.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: `(B, T, D)`.
        training: drop only if True.

    Returns:
        `(B, T, D)`. An implicit mask is passed on.

    References:
        Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287.

    Example:
    >>> import numpy as np
    >>> kept = np.asarray(VariationalDropout(0.5, seed=1)(np.ones((1, 3, 8)), training=True))
    >>> bool((kept[:, 0] == kept[:, 2]).all())
    True
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_rate("rate", rate)
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drops in training, else gives the inputs back."""
        if not training or self.rate == 0:
            return inputs
        batch, _, dim = ops.shape(inputs)
        return keras.random.dropout(inputs, self.rate, noise_shape=(batch, 1, dim), seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
