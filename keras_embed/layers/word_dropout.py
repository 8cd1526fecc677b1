"""Whole words left out at random."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class WordDropout(keras.layers.Layer):
    """Leaves whole words out of a mask in training (Iyyer et al. 2015, section 3.1).

    What pools over the mask then sees another text each time. Nothing is scaled: a mean over fewer words is a mean.

    Args:
        rate: probability that a word is left out.
        seed: makes the choice repeatable.
        **kwargs: `name`.

    Call arguments:
        mask: `(B, T)` bool, True = real.
        training: leave words out only if True.

    Returns:
        `(B, T)` bool, True = real and kept.

    References:
        Iyyer et al. 2015, https://aclanthology.org/P15-1162.

    Example:
    >>> import numpy as np
    >>> kept = keras.ops.convert_to_numpy(WordDropout(0.5, seed=1)(np.ones((1, 100), bool), training=True))
    >>> bool(30 < kept.sum() < 70)
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

    def call(self, mask: Any, training: bool = False) -> Any:
        """Draws in training, else gives the mask back."""
        mask = ops.cast(mask, "bool")
        if not training or self.rate == 0:
            return mask
        return ops.logical_and(mask, keras.random.uniform(ops.shape(mask), seed=self.seed_generator) >= self.rate)

    def compute_output_shape(self, mask_shape: Shape) -> Shape:
        """The shape of the mask."""
        return mask_shape

    def compute_output_spec(self, mask: Any, training: bool = False) -> Any:
        """A mask."""
        return keras.KerasTensor(mask.shape, "bool")

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
