"""Positions that show in the products of queries and keys: by turning these, or by a number for each distance."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive, message
from keras_embed.functional import positions as formulas
from keras_embed.layers._position_encoding import PositionEncoding


@keras.saving.register_keras_serializable(package="keras_embed")
class RotaryPositions(PositionEncoding):
    """Turns queries and keys by their position: `functional.positions.rotary`. Nothing is learnt, nothing added.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        x: queries or keys, floats (B, H, T, d), d even.
        start: the position of the first one, an integer or an int32 scalar.

    Returns:
        as `x`.

    References:
        Su et al. 2021, https://arxiv.org/abs/2104.09864

    Example:
    >>> import numpy as np
    >>> tuple(RotaryPositions()(np.ones((1, 2, 3, 4), "float32")).shape)
    (1, 2, 3, 4)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, x_shape: Any) -> None:
        """Nothing to build."""
        self.built = True

    def call(self, x: Any, start: Any = 0) -> Any:
        """What was turned."""
        return self.turned(x, start + ops.arange(ops.shape(x)[-2], dtype="int32"))

    def added(self, x: Any, start: Any = 0) -> Any:
        return x

    def turned(self, x: Any, positions: Any) -> Any:
        return formulas.rotary(x, positions)

    def bias(self, query_positions: Any, key_positions: Any) -> Any:
        return None


@keras.saving.register_keras_serializable(package="keras_embed")
class RelativePositions(PositionEncoding):
    """Adds a learnt number to the score of a query and a key, by head and distance (T5; Raffel et al. 2020).

    Distances are numbered by `functional.positions.relative_buckets`. All blocks of a stack share the numbers.

    Args:
        num_heads: H.
        num_buckets: how many distances are told apart.
        max_distance: all that is farther is one.
        both_ways: False in a decoder, where keys never follow their query.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query_positions: int32 (..., T).
        key_positions: int32 (..., S).

    Returns:
        float32 (..., H, T, S).

    Raises:
        ValueError: unless `num_buckets` is a multiple of 4 and `max_distance` above it.

    References:
        Raffel et al. 2020, section 2.1, https://arxiv.org/abs/1910.10683

    Example:
    >>> import numpy as np
    >>> tuple(RelativePositions(num_heads=2)(np.arange(3), np.arange(5)).shape)
    (2, 3, 5)
    """

    def __init__(
        self, num_heads: int, num_buckets: int = 32, max_distance: int = 128, both_ways: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_positive("num_heads", num_heads)
        if num_buckets < 4 or num_buckets % 4:
            raise ValueError(message("`num_buckets` to be a multiple of 4", num_buckets, "num_buckets=32"))
        if max_distance <= num_buckets:
            raise ValueError(message("`max_distance` above `num_buckets`", max_distance, f"{4 * num_buckets}"))
        self.num_heads = num_heads
        self.num_buckets = num_buckets
        self.max_distance = max_distance
        self.both_ways = both_ways

    def build(self, *shapes: Any, **named: Any) -> None:
        """Makes the numbers (num_buckets, H)."""
        self.scores = self.add_weight(
            shape=(self.num_buckets, self.num_heads), initializer="zeros", dtype="float32", name="scores"
        )
        self.built = True

    def call(self, query_positions: Any, key_positions: Any) -> Any:
        """The biases."""
        return self.bias(query_positions, key_positions)

    def added(self, x: Any, start: Any = 0) -> Any:
        return x

    def turned(self, x: Any, positions: Any) -> Any:
        return x

    def bias(self, query_positions: Any, key_positions: Any) -> Any:
        distances = ops.expand_dims(key_positions, -2) - ops.expand_dims(query_positions, -1)  # (..., T, S)
        buckets = formulas.relative_buckets(distances, self.num_buckets, self.max_distance, self.both_ways)
        return ops.moveaxis(ops.take(self.scores, buckets, axis=0), -1, -3)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "num_buckets": self.num_buckets,
            "max_distance": self.max_distance,
            "both_ways": self.both_ways,
        }
