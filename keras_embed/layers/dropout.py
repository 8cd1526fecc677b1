"""Dropout of whole features and of whole words."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class VariationalDropout(keras.layers.Layer):
    """Drops the same entries at every time step of a sequence (Gal and Ghahramani 2016, section 4).

    `y[b, t, d] = x[b, t, d] m[b, d] / (1 - rate)`, where each `m[b, d]` is 0 with probability `rate` and 1 otherwise.
    Ordinary dropout draws a new mask for every step, which a recurrent layer can average out.

    The computation is that of `keras.layers.SpatialDropout1D`, whose config loses part of a mixed-precision policy.

    Args:
        rate: Fraction of entries to drop.
        seed: Seed of the masks.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: Float tensor of shape `(B, T, D)`.
        training: If True, applies dropout.

    Returns:
        Float tensor of shape `(B, T, D)`. An implicit mask is passed on.

    Raises:
        ValueError: If `rate` is not in [0, 1).

    References:
        Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287.

    Example:
    >>> import numpy as np
    >>> outputs = np.asarray(VariationalDropout(0.5, seed=1)(np.ones((1, 3, 8)), training=True))
    >>> bool((outputs[:, 0] == outputs[:, 2]).all())
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

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        batch, _, dim = ops.shape(inputs)
        # One mask (B, 1, D) for all time steps.
        return keras.random.dropout(inputs, self.rate, noise_shape=(batch, 1, dim), seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> Config:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable(package="keras_embed")
class WordDropout(keras.layers.Layer):
    """Removes whole words from a mask during training (Iyyer et al. 2015, section 3.1).

    Layers that pool over the mask then see a different text each time. Nothing is rescaled: the mean of fewer words is
    still a mean.

    Args:
        rate: Probability that a word is removed.
        seed: Seed of the choice.
        **kwargs: `name`.

    Call arguments:
        mask: Bool tensor of shape `(B, T)`, True = real.
        training: If True, removes words.

    Returns:
        Bool tensor of shape `(B, T)`, True = real and not removed.

    Raises:
        ValueError: If `rate` is not in [0, 1).

    References:
        Iyyer et al. 2015, https://aclanthology.org/P15-1162.

    Example:
    >>> import numpy as np
    >>> mask = keras.ops.convert_to_numpy(WordDropout(0.5, seed=1)(np.ones((1, 100), bool), training=True))
    >>> bool(30 < mask.sum() < 70)
    True
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        _errors.check_rate("rate", rate)
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, mask: Tensor, training: bool = False) -> Tensor:
        mask = ops.cast(mask, "bool")
        if not training or self.rate == 0:
            return mask
        draws = keras.random.uniform(ops.shape(mask), seed=self.seed_generator)  # (B, T)
        # Never True at padding.
        return ops.logical_and(mask, draws >= self.rate)

    def compute_output_shape(self, mask_shape: Shape) -> Shape:
        return mask_shape

    def compute_output_spec(self, mask: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        return keras.KerasTensor(mask.shape, "bool")

    def get_config(self) -> Config:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
