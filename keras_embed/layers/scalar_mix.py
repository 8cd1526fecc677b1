"""A learnt weighted sum of layers."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional.elmo import normalized_layers, scalar_mix


@keras.saving.register_keras_serializable(package="keras_embed")
class ScalarMix(keras.layers.Layer):
    """Weighted sum of N layers, `gamma * sum_j softmax(w)_j x_j` (Peters et al. 2018, equation 1).

    `w` is initialised with zeros, so that all layers have the same weight, and `gamma` with one.

    Args:
        num_layers: N.
        fixed_weights: N values for `w`; then neither `w` nor `gamma` is trained. `(-9e10, 1, -9e10)` selects the second
            layer of three.
        l2: Adds `l2 * sum_j w_j^2` to the loss. The paper uses 1, which keeps the mix close to the mean, or 0.001.
        layer_norm: If True, first normalises each layer to mean 0 and variance 1 over all real elements of the batch,
            see `functional.elmo.normalized_layers`.
        epsilon: Added to that variance.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        layers: Float tensor of shape `(B, T, N, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real; used by `layer_norm` only. `None`: all positions are real.

    Returns:
        Float tensor of shape `(B, T, D)`.

    Raises:
        ValueError: If the number of fixed weights is not `num_layers`, or `l2` is negative.

    References:
        Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> mix = ScalarMix(num_layers=2)
    >>> keras.ops.convert_to_numpy(mix(np.array([[[[1.0, 2.0], [3.0, 6.0]]]], "float32"))).tolist()
    [[[2.0, 4.0]]]
    """

    def __init__(
        self,
        num_layers: int,
        fixed_weights: Sequence[float] | None = None,
        l2: float = 0.0,
        layer_norm: bool = False,
        epsilon: float = 1e-12,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_layers", num_layers)
        if fixed_weights is not None and len(fixed_weights) != num_layers:
            raise ValueError(_errors.message(f"{num_layers} `fixed_weights`, one for each layer", fixed_weights))
        if l2 < 0:
            raise ValueError(_errors.message("`l2` of at least 0", l2))
        self.num_layers = num_layers
        self.fixed_weights = None if fixed_weights is None else [float(weight) for weight in fixed_weights]
        self.l2 = l2
        self.layer_norm = layer_norm
        self.epsilon = epsilon
        self.supports_masking = True

    def build(self, layers_shape: Shape) -> None:
        trained = self.fixed_weights is None
        # Not cast to half precision: float16 cannot represent a fixed -9e10.
        self.scalars = self.add_weight(
            (self.num_layers,),
            initializer="zeros" if trained else self._fixed_initializer,
            regularizer=keras.regularizers.L2(self.l2) if trained and self.l2 else None,
            trainable=trained,
            autocast=False,
            name="scalars",
        )
        self.gamma = self.add_weight((1,), initializer="ones", trainable=trained, name="gamma")
        self.built = True

    def _fixed_initializer(self, shape: Shape, dtype: str | None = None) -> Tensor:
        return ops.convert_to_tensor(self.fixed_weights, dtype)

    def call(self, layers: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.layer_norm:
            mask = ops.ones_like(layers[:, :, 0, 0]) if mask is None else mask  # (B, T)
            layers = normalized_layers(layers, mask, self.epsilon)
        # gamma * sum_j softmax(w)_j x_j
        return scalar_mix(layers, self.scalars, self.gamma)  # (B, T, D)

    def compute_mask(self, layers: Tensor, previous_mask: Tensor | None = None) -> None:
        """Returns None: callers pass the mask on themselves."""

    def compute_output_shape(self, layers_shape: Shape, mask_shape: Shape | None = None) -> Shape:
        return (*layers_shape[:-2], layers_shape[-1])

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "fixed_weights": self.fixed_weights,
            "l2": self.l2,
            "layer_norm": self.layer_norm,
            "epsilon": self.epsilon,
        }
