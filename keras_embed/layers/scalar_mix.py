"""A learnt mix of layers."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional.elmo import normalized_layers, scalar_mix
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class ScalarMix(keras.layers.Layer):
    """`gamma * sum_j softmax(w)_j x_j` over N layers, `w` and `gamma` learnt (Peters et al. 2018, equation 1).

    `w` starts at zero, so at first all layers weigh the same, and `gamma` at one.

    Args:
        num_layers: N.
        fixed_weights: N numbers for `w`; then neither `w` nor `gamma` is trained. `(-9e10, 1, -9e10)` chooses the
            second layer of three.
        l2: adds `l2 * sum_j w_j^2` to the loss. The paper takes 1, which keeps the mix near the mean, or 0.001.
        layer_norm: first make mean and variance of each layer, over all real elements of the batch together, 0 and 1.
            See `functional.elmo.normalized_layers`.
        epsilon: added to that variance.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        layers: floats `(B, T, N, D)`.
        mask: bool `(B, T)`, True = real; only `layer_norm` reads it. None: everything is real.

    Returns:
        Floats `(B, T, D)`.

    Raises:
        ValueError: unless there is one fixed weight for each layer, and for `l2` below 0.

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
        """Makes `w` and `gamma`, in float32."""
        learnt = self.fixed_weights is None
        # Not cast to half precision: float16 cannot hold a fixed -9e10.
        self.scalars = self.add_weight(
            (self.num_layers,),
            initializer="zeros" if learnt else self._fixed,
            regularizer=keras.regularizers.L2(self.l2) if learnt and self.l2 else None,
            trainable=learnt,
            autocast=False,
            name="scalars",
        )
        self.gamma = self.add_weight((1,), initializer="ones", trainable=learnt, name="gamma")
        self.built = True

    def _fixed(self, shape: Any, dtype: Any = None) -> Any:
        return ops.convert_to_tensor(self.fixed_weights, dtype)

    def call(self, layers: Any, mask: Any = None) -> Any:
        """Mixes."""
        if self.layer_norm:
            mask = ops.ones_like(layers[:, :, 0, 0]) if mask is None else mask
            layers = normalized_layers(layers, mask, self.epsilon)
        return scalar_mix(layers, self.scalars, self.gamma)

    def compute_mask(self, layers: Any, previous_mask: Any = None) -> None:
        """Whoever reads the mix has the mask."""

    def compute_output_shape(self, layers_shape: Shape, mask_shape: Any = None) -> Shape:
        """`(B, T, D)`."""
        return (*layers_shape[:-2], layers_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "fixed_weights": self.fixed_weights,
            "l2": self.l2,
            "layer_norm": self.layer_norm,
            "epsilon": self.epsilon,
        }
