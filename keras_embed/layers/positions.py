"""Position encodings of Transformers: added to the inputs, rotating queries and keys, or biasing the scores."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive, message
from keras_embed._types import Config, KerasObject, Shape, Tensor
from keras_embed.functional import positions as formulas


class PositionEncoding(keras.layers.Layer):
    """Base class: encodes positions in at least one of three ways, `added`, `turned` and `bias`.

    A stack of Transformer blocks owns one encoding for all of its blocks and calls all three methods; those that an
    encoding does not use return their input, or None.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, x_shape: Shape) -> None:
        self.built = True

    def added(self, x: Tensor, start: int | Tensor = 0) -> Tensor:
        """Adds the encoding to token vectors, floats (B, T, D); `start` is the position of the first token."""
        return x

    def turned(self, x: Tensor, positions: Tensor) -> Tensor:
        """Rotates queries or keys, floats (B, H, T, d), at `positions` (T,) or at one scalar position."""
        return x

    def bias(self, query_positions: Tensor, key_positions: Tensor) -> Tensor | None:
        """Returns the bias of the scores, floats (H, T, S), or None. Positions are int32 (T,) and (S,)."""
        return None

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Returns None: masks are arguments of the layers around."""

    def get_config(self) -> Config:
        # Keras cannot derive the config of a layer with a dtype policy as argument: a class must define this method.
        return super().get_config()


@keras.saving.register_keras_serializable(package="keras_embed")
class SinusoidalPositions(PositionEncoding):
    """Adds sines and cosines to the token vectors, `functional.positions.sinusoidal_encoding`. Has no weights.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        x: floats (B, T, D), D even.
        start: position of the first token, an integer or an int32 scalar.

    Returns:
        Floats (B, T, D).

    Example:
    >>> import numpy as np
    >>> SinusoidalPositions()(np.zeros((1, 2, 4), "float32")).shape[1:] == (2, 4)
    True

    References:
        Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762
    """

    def call(self, x: Tensor, start: int | Tensor = 0) -> Tensor:
        return self.added(x, start)

    def added(self, x: Tensor, start: int | Tensor = 0) -> Tensor:
        """Adds the encoding to token vectors."""
        positions = start + ops.arange(ops.shape(x)[1], dtype="int32")  # (T,)
        # (T, D), broadcast over the batch
        return x + ops.cast(formulas.sinusoidal_encoding(positions, x.shape[-1]), x.dtype)


@keras.saving.register_keras_serializable(package="keras_embed")
class LearnedPositions(PositionEncoding):
    """Adds a learned vector for each position (Gehring et al. 2017; BERT).

    Args:
        max_length: number of learned vectors. All later positions share the last vector.
        initializer: of the vectors.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D).
        start: position of the first token, an integer or an int32 scalar.

    Returns:
        Floats (B, T, D).

    Raises:
        ValueError: If `max_length` is not a positive integer.

    Example:
    >>> import numpy as np
    >>> layer = LearnedPositions(max_length=8, initializer="ones")
    >>> ops.convert_to_numpy(layer(np.zeros((1, 2, 3), "float32"))).tolist()
    [[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]

    References:
        Gehring et al. 2017, section 3.1, https://arxiv.org/abs/1705.03122
    """

    def __init__(self, max_length: int = 512, initializer: KerasObject = "glorot_uniform", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive("max_length", max_length)
        self.max_length = max_length
        self.initializer = keras.initializers.get(initializer)

    def build(self, x_shape: Shape) -> None:
        shape = (self.max_length, x_shape[-1])
        self.vectors = self.add_weight(shape=shape, initializer=self.initializer, name="vectors")
        self.built = True

    def call(self, x: Tensor, start: int | Tensor = 0) -> Tensor:
        return self.added(x, start)

    def added(self, x: Tensor, start: int | Tensor = 0) -> Tensor:
        """Adds the encoding to token vectors."""
        # Positions from max_length - 1 on share the last vector.
        positions = ops.minimum(start + ops.arange(ops.shape(x)[1], dtype="int32"), self.max_length - 1)  # (T,)
        # (T, D), broadcast over the batch
        return x + ops.cast(ops.take(self.vectors, positions, axis=0), x.dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "max_length": self.max_length,
            "initializer": keras.initializers.serialize(self.initializer),
        }


@keras.saving.register_keras_serializable(package="keras_embed")
class RotaryPositions(PositionEncoding):
    """Rotates queries and keys by their positions, `functional.positions.rotary`. Has no weights.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        x: queries or keys, floats (B, H, T, d), d even.
        start: position of the first one, an integer or an int32 scalar.

    Returns:
        Floats (B, H, T, d).

    Example:
    >>> import numpy as np
    >>> tuple(RotaryPositions()(np.ones((1, 2, 3, 4), "float32")).shape)
    (1, 2, 3, 4)

    References:
        Su et al. 2021, https://arxiv.org/abs/2104.09864
    """

    def call(self, x: Tensor, start: int | Tensor = 0) -> Tensor:
        # One position for each of the T steps, the same in all heads.
        return self.turned(x, start + ops.arange(ops.shape(x)[-2], dtype="int32"))

    def turned(self, x: Tensor, positions: Tensor) -> Tensor:
        """Rotates queries or keys."""
        return formulas.rotary(x, positions)


@keras.saving.register_keras_serializable(package="keras_embed")
class RelativePositions(PositionEncoding):
    """Adds a learned bias to the score of a query and a key, by head and distance (T5; Raffel et al. 2020).

    Distances are mapped to buckets by `functional.positions.relative_buckets`. All blocks of a stack share the biases.

    Args:
        num_heads: H.
        num_buckets: number of buckets of distances.
        max_distance: all distances from here on share one bucket.
        both_ways: False in a decoder, where keys never follow their query.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query_positions: int32 (..., T).
        key_positions: int32 (..., S).

    Returns:
        Float32 (..., H, T, S).

    Raises:
        ValueError: If `num_buckets` is not a multiple of 4, or `max_distance` is not above it.

    Example:
    >>> import numpy as np
    >>> tuple(RelativePositions(num_heads=2)(np.arange(3), np.arange(5)).shape)
    (2, 3, 5)

    References:
        Raffel et al. 2020, section 2.1, https://arxiv.org/abs/1910.10683
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

    def build(self, *shapes: Shape, **named: Shape) -> None:
        shape = (self.num_buckets, self.num_heads)
        # Zeros: attention starts without any preference for a distance.
        self.scores = self.add_weight(shape=shape, initializer="zeros", dtype="float32", name="scores")
        self.built = True

    def call(self, query_positions: Tensor, key_positions: Tensor) -> Tensor:
        return self.bias(query_positions, key_positions)

    def bias(self, query_positions: Tensor, key_positions: Tensor) -> Tensor:
        """Returns the bias of the scores."""
        distances = ops.expand_dims(key_positions, -2) - ops.expand_dims(query_positions, -1)  # (..., T, S)
        # One learned bias for each bucket and head, (..., T, S) -> (..., T, S, H)
        buckets = formulas.relative_buckets(distances, self.num_buckets, self.max_distance, self.both_ways)
        return ops.moveaxis(ops.take(self.scores, buckets, axis=0), -1, -3)  # (..., H, T, S)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "num_buckets": self.num_buckets,
            "max_distance": self.max_distance,
            "both_ways": self.both_ways,
        }


def position_encoding(
    kind: str | PositionEncoding | Config, num_heads: int, both_ways: bool, max_length: int, **kwargs: Any
) -> PositionEncoding:
    """Creates a position encoding from its name; returns a layer unchanged.

    Args:
        kind: "sinusoidal", "learned", "rotary" or "relative"; a layer, or a serialized layer.
        num_heads: for relative positions.
        both_ways: for relative positions, see `RelativePositions`.
        max_length: for learned positions.
        **kwargs: `name`, `dtype`, `trainable`.

    Raises:
        ValueError: If `kind` is unknown.
    """
    if isinstance(kind, PositionEncoding):
        return kind
    if isinstance(kind, dict):
        return keras.layers.deserialize(kind)
    # Functions, so that only the chosen layer is created.
    encodings: dict[str, Callable[[], PositionEncoding]] = {
        "sinusoidal": lambda: SinusoidalPositions(**kwargs),
        "learned": lambda: LearnedPositions(max_length, **kwargs),
        "rotary": lambda: RotaryPositions(**kwargs),
        "relative": lambda: RelativePositions(num_heads, both_ways=both_ways, **kwargs),
    }
    if kind not in encodings:
        raise ValueError(message(f"`positions` to be one of {sorted(encodings)} or a layer", kind))
    return encodings[kind]()
