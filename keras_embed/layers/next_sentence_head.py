"""From a vector of two segments to whether the second follows the first."""

from typing import Any

import keras
from keras import ops

from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class NextSentenceHead(keras.layers.Layer):
    """Two scores: for the sentence that comes next, and for one from somewhere else (Devlin et al. 2019).

    Args:
        initializer: of the weights; "auto": a truncated normal distribution with a deviation of 0.02.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        pooled: floats (B, D).

    Returns:
        float32 (B, 2): 0 = next, 1 = random, as in google-research's checkpoints.

    References:
        Devlin et al. 2019, https://arxiv.org/abs/1810.04805.

    Example:
    >>> import numpy as np
    >>> tuple(NextSentenceHead()(np.zeros((3, 4), "float32")).shape)
    (3, 2)
    """

    def __init__(self, initializer: Any = "auto", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(initializer, str) and initializer == "auto":
            initializer = keras.initializers.TruncatedNormal(stddev=0.02)
        self.initializer = keras.initializers.get(initializer)

    def build(self, pooled_shape: Shape) -> None:
        """Makes the weights."""
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.dense = keras.layers.Dense(2, kernel_initializer=self.initializer, name="dense", **inner)
        self.dense.build(pooled_shape)
        self.built = True

    def call(self, pooled: Any) -> Any:
        """The scores."""
        return ops.cast(self.dense(pooled), "float32")

    def compute_output_shape(self, pooled_shape: Shape) -> Shape:
        """`(B, 2)`."""
        return (*pooled_shape[:-1], 2)

    def compute_output_spec(self, pooled: Any) -> Any:
        """Float32."""
        return keras.KerasTensor(self.compute_output_shape(pooled.shape), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "initializer": keras.initializers.serialize(self.initializer)}
