"""Positions as vectors that are added to those of the tokens."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive
from keras_embed.functional import positions as formulas
from keras_embed.layers._position_encoding import PositionEncoding


@keras.saving.register_keras_serializable(package="keras_embed")
class SinusoidalPositions(PositionEncoding):
    """Adds sines and cosines to the tokens' vectors: `functional.positions.sinusoidal_encoding`; nothing is learnt.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        x: floats (B, T, D), D even.
        start: the position of the first token, an integer or an int32 scalar.

    Returns:
        as `x`.

    References:
        Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762

    Example:
    >>> import numpy as np
    >>> SinusoidalPositions()(np.zeros((1, 2, 4), "float32")).shape[1:] == (2, 4)
    True
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, x_shape: Any) -> None:
        """Nothing to build."""
        self.built = True

    def call(self, x: Any, start: Any = 0) -> Any:
        """The sum."""
        return self.added(x, start)

    def added(self, x: Any, start: Any = 0) -> Any:
        positions = start + ops.arange(ops.shape(x)[1], dtype="int32")
        return x + ops.cast(formulas.sinusoidal_encoding(positions, x.shape[-1]), x.dtype)

    def turned(self, x: Any, positions: Any) -> Any:
        return x

    def bias(self, query_positions: Any, key_positions: Any) -> Any:
        return None


@keras.saving.register_keras_serializable(package="keras_embed")
class LearnedPositions(PositionEncoding):
    """Adds a learnt vector for each position (Gehring et al. 2017; BERT).

    Args:
        max_length: number of positions. Those that follow share the last vector.
        initializer: of the vectors.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D).
        start: the position of the first token, an integer or an int32 scalar.

    Returns:
        as `x`.

    Raises:
        ValueError: unless `max_length` is a positive integer.

    References:
        Gehring et al. 2017, section 3.1, https://arxiv.org/abs/1705.03122

    Example:
    >>> import numpy as np
    >>> layer = LearnedPositions(max_length=8, initializer="ones")
    >>> ops.convert_to_numpy(layer(np.zeros((1, 2, 3), "float32"))).tolist()
    [[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]
    """

    def __init__(self, max_length: int = 512, initializer: Any = "glorot_uniform", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive("max_length", max_length)
        self.max_length = max_length
        self.initializer = keras.initializers.get(initializer)
        self.supports_masking = True

    def build(self, x_shape: Any) -> None:
        """Makes the vectors (max_length, D)."""
        self.vectors = self.add_weight(
            shape=(self.max_length, x_shape[-1]), initializer=self.initializer, name="vectors"
        )
        self.built = True

    def call(self, x: Any, start: Any = 0) -> Any:
        """The sum."""
        return self.added(x, start)

    def added(self, x: Any, start: Any = 0) -> Any:
        positions = ops.minimum(start + ops.arange(ops.shape(x)[1], dtype="int32"), self.max_length - 1)
        return x + ops.cast(ops.take(self.vectors, positions, axis=0), x.dtype)

    def turned(self, x: Any, positions: Any) -> Any:
        return x

    def bias(self, query_positions: Any, key_positions: Any) -> Any:
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "max_length": self.max_length,
            "initializer": keras.initializers.serialize(self.initializer),
        }
