"""Sequences to one vector: mean, maximum, first and last."""

from typing import Any

import keras
from keras import ops

from keras_embed.functional import pooling
from keras_embed.layers._features import Shape


class _Pooling(keras.layers.Layer):
    """(B, T, D) and a mask to (B, D)."""

    def build(self, input_shape: Shape) -> None:
        """Nothing to build."""
        self.built = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, D)`."""
        return (input_shape[0], input_shape[2])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """There is no time left to mask."""


def _whole(inputs: Any, mask: Any) -> Any:
    """The mask, or one of nothing but real positions."""
    return ops.ones(ops.shape(inputs)[:2], "bool") if mask is None else mask


@keras.saving.register_keras_serializable(package="keras_embed")
class MeanPooling(_Pooling):
    """The mean of a sequence's real vectors.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: `(B, T, D)`.
        mask: `(B, T)` bool, True = real; None: all are.

    Returns:
        `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
    >>> keras.ops.convert_to_numpy(MeanPooling()(x, mask=mask)).tolist()
    [[2.0]]
    """

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Takes the mean."""
        return pooling.masked_mean(inputs, _whole(inputs, mask))


@keras.saving.register_keras_serializable(package="keras_embed")
class MaxPooling(_Pooling):
    """The greatest value of each dimension over a sequence's real positions.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: `(B, T, D)`.
        mask: `(B, T)` bool, True = real; None: all are.

    Returns:
        `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
    >>> keras.ops.convert_to_numpy(MaxPooling()(x, mask=mask)).tolist()
    [[3.0]]
    """

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Takes the maximum."""
        return pooling.masked_max(inputs, _whole(inputs, mask))


@keras.saving.register_keras_serializable(package="keras_embed")
class FirstPooling(_Pooling):
    """The vector of a sequence's first real position, where many Transformers gather what they say of the whole.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: `(B, T, D)`.
        mask: `(B, T)` bool, True = real; None: all are.

    Returns:
        `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[False, True, True]])
    >>> keras.ops.convert_to_numpy(FirstPooling()(x, mask=mask)).tolist()
    [[3.0]]
    """

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Takes the first."""
        return pooling.first_vector(inputs, _whole(inputs, mask))


@keras.saving.register_keras_serializable(package="keras_embed")
class LastPooling(_Pooling):
    """The last state of a recurrent layer: what it says after it has read everything.

    Args:
        bidirectional: whether the second half of the dimensions is of a layer that reads from the end, whose last
            state stands at the first position.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: `(B, T, D)`.
        mask: `(B, T)` bool, True = real; None: all are.

    Returns:
        `(B, D)`; zeros for a sequence without a real position.

    Example:
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0, 10.0], [3.0, 30.0], [9.0, 90.0]]]), np.array([[True, True, False]])
    >>> keras.ops.convert_to_numpy(LastPooling(bidirectional=True)(x, mask=mask)).tolist()
    [[3.0, 10.0]]
    """

    def __init__(self, bidirectional: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bidirectional = bidirectional

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Takes the last, and the first of the second half."""
        mask = _whole(inputs, mask)
        last = pooling.last_vector(inputs, mask)  # (B, D)
        if not self.bidirectional:
            return last
        half = inputs.shape[-1] // 2
        return ops.concatenate([last[:, :half], pooling.first_vector(inputs, mask)[:, half:]], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "bidirectional": self.bidirectional}
