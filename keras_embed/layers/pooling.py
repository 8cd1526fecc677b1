"""Pooling of a sequence into one vector: mean, maximum, first, last and attention."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import pooling


class _Pooling(keras.layers.Layer):
    """Base class of layers that reduce `(B, T, D)` and a mask to `(B, D)`."""

    def build(self, input_shape: Shape) -> None:
        self.built = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], input_shape[2])

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> None:
        """Returns None: the output has no time axis."""


def _mask_of(inputs: Tensor, mask: Tensor | None) -> Tensor:
    """Returns the mask (B, T); all True if there is none."""
    return ops.ones(ops.shape(inputs)[:2], "bool") if mask is None else mask


@keras.saving.register_keras_serializable(package="keras_embed")
class MeanPooling(_Pooling):
    """Mean of the vectors at real positions.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: Float tensor of shape `(B, T, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real. `None`: all positions are real.

    Returns:
        Float tensor of shape `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
    >>> keras.ops.convert_to_numpy(MeanPooling()(x, mask=mask)).tolist()
    [[2.0]]
    """

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        return pooling.masked_mean(inputs, _mask_of(inputs, mask))


@keras.saving.register_keras_serializable(package="keras_embed")
class MaxPooling(_Pooling):
    """Maximum of each dimension over the real positions.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: Float tensor of shape `(B, T, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real. `None`: all positions are real.

    Returns:
        Float tensor of shape `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
    >>> keras.ops.convert_to_numpy(MaxPooling()(x, mask=mask)).tolist()
    [[3.0]]
    """

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        return pooling.masked_max(inputs, _mask_of(inputs, mask))


@keras.saving.register_keras_serializable(package="keras_embed")
class FirstPooling(_Pooling):
    """Vector at the first real position, such as BERT's `[CLS]`.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: Float tensor of shape `(B, T, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real. `None`: all positions are real.

    Returns:
        Float tensor of shape `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[False, True, True]])
    >>> keras.ops.convert_to_numpy(FirstPooling()(x, mask=mask)).tolist()
    [[3.0]]
    """

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        return pooling.first_vector(inputs, _mask_of(inputs, mask))


@keras.saving.register_keras_serializable(package="keras_embed")
class LastPooling(_Pooling):
    """Final state of a recurrent layer, read from its outputs.

    Args:
        bidirectional: If True, the second half of the dimensions is taken at the first real position, where a backward
            layer has its final state.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: Float tensor of shape `(B, T, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real. `None`: all positions are real.

    Returns:
        Float tensor of shape `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0, 10.0], [3.0, 30.0], [9.0, 90.0]]]), np.array([[True, True, False]])
    >>> keras.ops.convert_to_numpy(LastPooling(bidirectional=True)(x, mask=mask)).tolist()
    [[3.0, 10.0]]
    """

    def __init__(self, bidirectional: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bidirectional = bidirectional

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        mask = _mask_of(inputs, mask)
        last = pooling.last_vector(inputs, mask)  # (B, D)
        if not self.bidirectional:
            return last
        # The final state of the forward half is at the last real position, of the backward half at the first.
        half = inputs.shape[-1] // 2
        first = pooling.first_vector(inputs, mask)  # (B, D)
        return ops.concatenate([last[:, :half], first[:, half:]], axis=-1)

    def get_config(self) -> Config:
        return {**super().get_config(), "bidirectional": self.bidirectional}


@keras.saving.register_keras_serializable(package="keras_embed")
class AttentionPooling(_Pooling):
    """Weighted mean with learnt weights (Yang et al. 2016, section 2.2, equations 5-7).

        u_t = tanh(W x_t + b),    a_t = exp(u_t . u) / sum_s exp(u_s . u),    y = sum_t a_t x_t

    The sums run over real positions, and the context vector `u` is learnt.

    Args:
        attention_dim: Width of `u_t`. `None`: the width of the input.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Float tensor of shape `(B, T, D)`.
        mask: Bool tensor of shape `(B, T)`, True = real. `None`: all positions are real.

    Returns:
        Float tensor of shape `(B, D)`; zeros for a sequence without a real position.

    Raises:
        ValueError: If `attention_dim` is not a positive integer.

    References:
        Yang et al. 2016, https://aclanthology.org/N16-1174.

    Example:
    >>> import numpy as np
    >>> tuple(AttentionPooling(4)(np.ones((2, 5, 3))).shape)
    (2, 3)
    """

    def __init__(self, attention_dim: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if attention_dim is not None:
            _errors.check_positive("attention_dim", attention_dim)
        self.attention_dim = attention_dim

    def build(self, input_shape: Shape) -> None:
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        width = self.attention_dim or input_shape[-1]
        self.hidden = keras.layers.Dense(width, activation="tanh", **inner, name="hidden")
        self.hidden.build(input_shape)
        # No bias: softmax is invariant to a constant added to all scores.
        self.score = keras.layers.Dense(1, use_bias=False, **inner, name="score")
        self.score.build((*input_shape[:-1], width))
        self.built = True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = ops.squeeze(self.score(self.hidden(inputs)), axis=-1)  # (B, T)
        return pooling.attention_pooling(inputs, scores, _mask_of(inputs, mask))  # (B, D)

    def get_config(self) -> Config:
        return {**super().get_config(), "attention_dim": self.attention_dim}
