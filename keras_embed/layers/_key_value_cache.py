"""Keys and values of what was decoded so far, of all beams, which nobody has to move when beams change places.

A slab of a cache holds what all beams wrote at one position. A table of ancestors tells each beam which of a slab's
entries are its own. When a search goes on from other beams, only the table is gathered.
"""

from typing import Any

from keras import ops

from keras_embed._backend import write_at
from keras_embed.layers.multi_head_attention import MultiHeadAttention


def empty_cache(batch: Any, heads: int, length: Any, beams: int, dim: int, dtype: Any) -> Any:
    """(B, H, L, K, d)"""
    return ops.zeros((batch, heads, length, beams, dim), dtype)


def first_ancestors(batch: Any, beams: int, length: Any) -> Any:
    """int32 (B, K, L): whose entry a beam reads at each position."""
    return ops.zeros((batch, beams, length), "int32")


def next_ancestors(ancestors: Any, position: Any) -> Any:
    """The table with each beam as its own ancestor at `position`."""
    beams = ops.expand_dims(ops.arange(ancestors.shape[1], dtype="int32"), -1)  # (K, 1)
    here = ops.arange(ops.shape(ancestors)[2], dtype="int32") == position  # (L,)
    return ops.where(here, beams, ancestors)


def readable(ancestors: Any, position: Any) -> Any:
    """Which entries of a cache each beam may look at: bool (B, 1, K, L * K)."""
    batch, beams, length = ops.shape(ancestors)[0], ancestors.shape[1], ops.shape(ancestors)[2]
    past = ops.arange(length, dtype="int32") <= position  # (L,)
    own = ops.expand_dims(ancestors, -1) == ops.arange(beams, dtype="int32")  # (B, K, L, K)
    own = ops.logical_and(own, ops.expand_dims(past, -1))
    return ops.reshape(own, (batch, 1, beams, length * beams))


def cached_attention(
    attention: MultiHeadAttention, x: Any, cache: tuple[Any, Any], position: Any, mask: Any, bias: Any, turn: Any
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Self-attention of one position of all beams to all positions so far.

    Args:
        attention: the layer.
        x: floats (B, K, D).
        cache: keys and values, (B, H, L, K, d) each.
        position: int32 scalar.
        mask: of `readable`.
        bias: (H, 1, L * K), or None.
        turn: see `MultiHeadAttention`, or None.

    Returns:
        `((output, weights), cache)`.
    """
    heads = attention.queries(x)  # (B, H, K, d)
    keys, values = attention.keys_and_values(x)
    if turn is not None:
        heads, keys = turn(heads), turn(keys)
    cache = (write_at(cache[0], position, keys), write_at(cache[1], position, values))
    batch, count, length = ops.shape(cache[0])[:3]
    shape = (batch, count, length * cache[0].shape[3], cache[0].shape[4])
    keys, values = (ops.reshape(part, shape) for part in cache)
    return attention.attend(heads, keys, values, mask, bias), cache
