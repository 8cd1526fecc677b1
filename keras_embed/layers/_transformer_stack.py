"""Stacks of Transformer blocks: their common base class, and their caches of keys and values.

Decoding caches the keys and values of all earlier positions. One slice of a cache holds what all beams wrote at one
position, in the order that the beams had then. Reordering the caches whenever beams change would copy all of them in
each step. Instead, an ancestor table, int32 (B, K, L), maps a beam and a position to the beam whose entry it reads: a
search reorders this small table only, and the caches stay in place.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import write_at
from keras_embed._types import Config, KerasObject, Shape, Tensor
from keras_embed.layers.multi_head_attention import MultiHeadAttention
from keras_embed.layers.positions import PositionEncoding, position_encoding
from keras_embed.layers.transformer_blocks import EPSILON

#: Keys and values, (B, H, L, K, d) each.
Cache = tuple[Tensor, Tensor]


class TransformerStack(keras.layers.Layer):
    """Base class of encoder and decoder: blocks, their position encoding, and a final normalization with `norm_first`.

    See `TransformerEncoder` for the arguments.
    """

    #: Class of the blocks.
    block: type[keras.layers.Layer]

    def __init__(
        self,
        num_layers: int,
        num_heads: int,
        feed_forward_dim: int,
        positions: str | PositionEncoding | Config = "sinusoidal",
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: KerasObject = "relu",
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
        self.blocks = [self.block(*settings, **inner, name=f"block_{index}") for index in range(num_layers)]
        self.norm = keras.layers.LayerNormalization(epsilon=EPSILON, **inner, name="norm") if norm_first else None
        self.dropout = keras.layers.Dropout(dropout, **inner, name="dropout")
        self.supports_masking = True

    def _both_ways(self) -> bool:
        return False

    def _build(self, x_shape: Shape, *memory_shapes: Shape) -> None:
        self.positions.build(x_shape)
        for block in self.blocks:
            block.build(x_shape, *memory_shapes)
        if self.norm is not None:
            self.norm.build(x_shape)
        self.built = True

    def _final_norm(self, x: Tensor) -> Tensor:
        return x if self.norm is None else self.norm(x)

    # === Position encoding of all steps, and of one ===

    def _encodings(self, x: Tensor) -> tuple[Tensor | None, Callable[[Tensor], Tensor]]:
        """Returns the arguments `bias` and `turn` of all blocks for inputs `x` (B, T, D)."""
        positions = ops.arange(ops.shape(x)[1], dtype="int32")
        return self.positions.bias(positions, positions), lambda heads: self.positions.turned(heads, positions)

    def _step_encodings(self, position: Tensor, cache: Tensor) -> tuple[Tensor | None, Callable[[Tensor], Tensor]]:
        """Returns the arguments `bias` (H, 1, L * K) and `turn` of all blocks for one position of all beams."""
        bias = self.positions.bias(ops.reshape(position, (1,)), ops.arange(ops.shape(cache)[2], dtype="int32"))
        if bias is not None:
            bias = ops.repeat(bias, cache.shape[3], axis=2)  # (H, 1, L) -> (H, 1, L * K)
        return bias, lambda heads: self.positions.turned(heads, position)

    def _step_inputs(self, x: Tensor, position: Tensor) -> Tensor:
        """Adds the encoding of one position to the inputs of all beams, (B, K, D)."""
        batch, beams, dim = ops.shape(x)[0], x.shape[1], x.shape[2]
        rows = ops.reshape(ops.cast(x, self.compute_dtype), (-1, 1, dim))  # (B * K, 1, D): each beam is one step
        added = self.positions.added(rows, position)
        return ops.reshape(added, (batch, beams, dim))

    # === Caches ===

    def _caches(self, batch: int | Tensor, beams: int, length: int | Tensor, dim: int) -> tuple[Cache, ...]:
        """Returns an empty cache for each block."""
        shape = (batch, self.num_heads, length, beams, dim // self.num_heads)
        return tuple((ops.zeros(shape, self.compute_dtype), ops.zeros(shape, self.compute_dtype)) for _ in self.blocks)

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Returns None: masks are arguments of the call."""

    def get_config(self) -> Config:
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


def first_ancestors(batch: int | Tensor, beams: int, length: int | Tensor) -> Tensor:
    """Returns the ancestor table before the first step, int32 (B, K, L)."""
    return ops.zeros((batch, beams, length), "int32")


def next_ancestors(ancestors: Tensor, position: Tensor) -> Tensor:
    """Returns the table in which each beam reads its own entry at `position`, where it writes in this step."""
    beams = ops.expand_dims(ops.arange(ancestors.shape[1], dtype="int32"), -1)  # (K, 1)
    here = ops.arange(ops.shape(ancestors)[2], dtype="int32") == position  # (L,)
    return ops.where(here, beams, ancestors)


def readable_entries(ancestors: Tensor, position: Tensor) -> Tensor:
    """Returns the mask of the cache entries that each beam may attend to, bool (B, 1, K, L * K).

    At each position up to the current one, a beam reads exactly one entry: that of its ancestor.
    """
    batch, beams, length = ops.shape(ancestors)[0], ancestors.shape[1], ops.shape(ancestors)[2]
    past = ops.arange(length, dtype="int32") <= position  # (L,)
    own = ops.expand_dims(ancestors, -1) == ops.arange(beams, dtype="int32")  # (B, K, L, K)
    own = ops.logical_and(own, ops.expand_dims(past, -1))
    return ops.reshape(own, (batch, 1, beams, length * beams))


def cached_attention(
    attention: MultiHeadAttention,
    x: Tensor,
    cache: Cache,
    position: Tensor,
    mask: Tensor,
    bias: Tensor | None,
    turn: Callable[[Tensor], Tensor] | None,
) -> tuple[tuple[Tensor, Tensor], Cache]:
    """Computes self-attention of one position of all beams to all positions so far.

    Args:
        attention: the layer.
        x: floats (B, K, D).
        cache: keys and values, (B, H, L, K, d) each.
        position: int32 scalar.
        mask: of `readable_entries`.
        bias: (H, 1, L * K), or None.
        turn: see `MultiHeadAttention`, or None.

    Returns:
        `((output, weights), cache)`, the cache with the entries of this position.
    """
    heads = attention.queries(x)  # (B, H, K, d): the beams are the queries
    keys, values = attention.keys_and_values(x)
    if turn is not None:
        heads, keys = turn(heads), turn(keys)
    cache = (write_at(cache[0], position, keys), write_at(cache[1], position, values))
    # All beams attend to one memory of L * K entries, and the mask selects each beam's own.
    batch, count, length = ops.shape(cache[0])[:3]
    shape = (batch, count, length * cache[0].shape[3], cache[0].shape[4])  # (B, H, L * K, d)
    keys, values = (ops.reshape(part, shape) for part in cache)
    return attention.attend(heads, keys, values, mask, bias), cache
