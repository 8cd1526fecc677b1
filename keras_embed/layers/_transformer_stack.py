"""What stacks of Transformer blocks share."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._key_value_cache import empty_cache
from keras_embed.layers._position_encoding import PositionEncoding
from keras_embed.layers.added_positions import LearnedPositions, SinusoidalPositions
from keras_embed.layers.relative_positions import RelativePositions, RotaryPositions
from keras_embed.layers.transformer_blocks import EPSILON


class TransformerStack(keras.layers.Layer):
    """Blocks, one way to show them positions, and a last normalisation where blocks normalise first."""

    #: Class of the blocks.
    block: Any = None

    def __init__(
        self,
        num_layers: int,
        num_heads: int,
        feed_forward_dim: int,
        positions: Any = "sinusoidal",
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: Any = "relu",
        norm_first: bool = True,
        max_length: int = 512,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_layers", num_layers)
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.feed_forward_dim = feed_forward_dim
        self.norm_first = norm_first
        self.max_length = max_length
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.positions = position_encoding(
            positions, num_heads, self._both_ways(), max_length, **inner, name="positions"
        )
        settings = (num_heads, feed_forward_dim, dropout, attention_dropout, activation, norm_first)
        self.blocks = [self.block(*settings, **inner, name=f"block_{number}") for number in range(num_layers)]
        self.norm = keras.layers.LayerNormalization(epsilon=EPSILON, **inner, name="norm") if norm_first else None
        self.dropout = keras.layers.Dropout(dropout, **inner, name="dropout")
        self.supports_masking = True

    def _both_ways(self) -> bool:
        return False

    def _build(self, x_shape: Any, *memory_shapes: Any) -> None:
        self.positions.build(x_shape)
        for block in self.blocks:
            block.build(x_shape, *memory_shapes)
        if self.norm is not None:
            self.norm.build(x_shape)
        self.built = True

    def _last(self, x: Any) -> Any:
        return x if self.norm is None else self.norm(x)

    def _places(self, x: Any) -> tuple[Any, Any]:
        """What all blocks take for `x` (B, T, D): `bias` and `turn`."""
        places = ops.arange(ops.shape(x)[1], dtype="int32")
        return self.positions.bias(places, places), lambda heads: self.positions.turned(heads, places)

    def _step_places(self, position: Any, cache: Any) -> tuple[Any, Any]:
        """What all blocks take for one position of all beams: `bias` (H, 1, L * K) and `turn`."""
        bias = self.positions.bias(ops.reshape(position, (1,)), ops.arange(ops.shape(cache)[2], dtype="int32"))
        if bias is not None:
            bias = ops.repeat(bias, cache.shape[3], axis=2)
        return bias, lambda heads: self.positions.turned(heads, position)

    def _step_inputs(self, x: Any, position: Any) -> Any:
        """One position of all beams, (B, K, D), with what is added for the position."""
        batch, beams, dim = ops.shape(x)[0], x.shape[1], x.shape[2]
        rows = ops.reshape(ops.cast(x, self.compute_dtype), (-1, 1, dim))  # one for each beam
        added = self.positions.added(rows, position)
        return ops.reshape(added, (batch, beams, dim))

    def _caches(self, batch: Any, beams: int, length: Any, dim: int) -> tuple[Any, ...]:
        """An empty pair of keys and values for each block."""
        shape = (batch, self.num_heads, length, beams, dim // self.num_heads)
        return tuple(
            (empty_cache(*shape, self.compute_dtype), empty_cache(*shape, self.compute_dtype)) for _ in self.blocks
        )

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Masks are arguments."""

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "num_heads": self.num_heads,
            "feed_forward_dim": self.feed_forward_dim,
            "positions": keras.layers.serialize(self.positions),
            "dropout": self.dropout.rate,
            "attention_dropout": self.blocks[0].attention_dropout,
            "activation": keras.activations.serialize(self.blocks[0].activation),
            "norm_first": self.norm_first,
            "max_length": self.max_length,
        }


def position_encoding(kind: Any, num_heads: int, both_ways: bool, max_length: int, **kwargs: Any) -> PositionEncoding:
    """The layer of a name, "sinusoidal", "learned", "rotary" or "relative"; a layer stays itself.

    Args:
        kind: name, layer or a layer's serialised form.
        num_heads: for relative positions.
        both_ways: see `RelativePositions`.
        max_length: for learned positions.
        **kwargs: `name`, `dtype`, `trainable`.
    """
    if isinstance(kind, PositionEncoding):
        return kind
    if isinstance(kind, dict):
        return keras.layers.deserialize(kind)
    makers: dict[str, Any] = {
        "sinusoidal": lambda: SinusoidalPositions(**kwargs),
        "learned": lambda: LearnedPositions(max_length, **kwargs),
        "rotary": lambda: RotaryPositions(**kwargs),
        "relative": lambda: RelativePositions(num_heads, both_ways=both_ways, **kwargs),
    }
    if kind not in makers:
        raise ValueError(_errors.message(f"`positions` to be one of {sorted(makers)} or a layer", kind))
    return makers[kind]()
