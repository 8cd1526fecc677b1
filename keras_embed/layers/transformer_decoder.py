"""Transformer blocks that write a text from a memory."""

from typing import Any

import keras
from keras import ops

from keras_embed.layers._key_value_cache import cached_attention, first_ancestors, next_ancestors, readable
from keras_embed.layers._transformer_stack import TransformerStack
from keras_embed.layers.transformer_blocks import TransformerDecoderBlock, causal_mask


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerDecoder(TransformerStack):
    """A stack of `TransformerDecoderBlock` (Vaswani et al. 2017), for all steps at once or step by step.

    Args:
        num_layers: number of blocks.
        num_heads: H.
        feed_forward_dim: inner width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary", "relative", or one of the layers behind these names.
        dropout: rate on the inputs and on what each part of a block adds.
        attention_dropout: rate on the attentions' weights.
        activation: of the feed-forward networks.
        norm_first: blocks normalise what they read, and the stack its output, see `TransformerEncoderBlock`.
        max_length: number of learned positions.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D), vectors of the tokens so far: output t has seen the inputs 0 to t.
        memory: floats (B, S, M), what an encoder gave.
        memory_mask: bool (B, S), True = real; None: no padding.
        return_attention: give all weights, and not only those of the last block as a mean over heads.
        training: drop only if True.

    Returns:
        `(outputs, weights)`: floats (B, T, D), and the attention to the memory, float32 (B, T, S); with
        `return_attention` (B, num_layers, H, T, S).

    References:
        https://arxiv.org/abs/1706.03762

    Example:
    >>> import numpy as np
    >>> decoder = TransformerDecoder(num_layers=2, num_heads=2, feed_forward_dim=8)
    >>> outputs, weights = decoder(np.ones((1, 3, 4), "float32"), np.ones((1, 5, 6), "float32"))
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 3, 5))
    """

    block = TransformerDecoderBlock

    def build(self, x_shape: Any, memory_shape: Any) -> None:
        """Builds all blocks."""
        self._build(x_shape, memory_shape)

    def call(
        self,
        x: Any,
        memory: Any,
        memory_mask: Any = None,
        return_attention: bool = False,
        training: bool = False,
    ) -> Any:
        """Runs the blocks."""
        x = self.dropout(self.positions.added(x), training=training)
        bias, turn = self._places(x)
        looks = causal_mask(ops.shape(x)[1])  # padding stands on the right, where no real token looks
        sees = None if memory_mask is None else ops.expand_dims(memory_mask, 1)  # (B, 1, S)
        kept = []
        for block in self.blocks:
            x, _, weights = block(x, memory, mask=looks, memory_mask=sees, bias=bias, turn=turn, training=training)
            kept.append(weights)
        weights = ops.stack(kept, axis=1) if return_attention else ops.mean(kept[-1], axis=1)
        return self._last(x), weights

    def begin(self, memory: Any, memory_mask: Any, beams: int, length: Any, dim: int) -> tuple[Any, Any]:
        """The state before the first token: `(ancestors, (caches, memories, mask))`, of which a search moves the first.

        The memory's keys and values are made once, and shared by all beams of a row.
        """
        batch = ops.shape(memory)[0]
        memories = tuple(block.memory_attention.keys_and_values(memory) for block in self.blocks)
        sees = ops.expand_dims(ops.expand_dims(memory_mask, 1), 1)  # (B, 1, 1, S)
        return first_ancestors(batch, beams, length), (self._caches(batch, beams, length, dim), memories, sees)

    def step(self, x: Any, position: Any, state: tuple[Any, Any]) -> tuple[Any, Any, tuple[Any, Any]]:
        """One more token of each beam.

        Args:
            x: floats (B, K, D), vectors of the tokens.
            position: int32 scalar, 0 first.
            state: of `begin` or of the step before.

        Returns:
            `(outputs, weights, state)`: (B, K, D), float32 (B, K, S), and the state for the next step.
        """
        caches, memories, sees = state[1]
        ancestors = next_ancestors(state[0], position)
        looks = readable(ancestors, position)
        bias, turn = self._step_places(position, caches[0][0])
        x, written, weights = self._step_inputs(x, position), [], None

        for block, cache, memory in zip(self.blocks, caches, memories, strict=True):

            def to_itself(x: Any, block: Any = block, cache: Any = cache) -> Any:
                answer, after = cached_attention(block.attention, x, cache, position, looks, bias, turn)
                written.append(after)
                return answer

            def to_memory(x: Any, block: Any = block, memory: Any = memory) -> Any:
                attention = block.memory_attention
                return attention.attend(attention.queries(x), *memory, sees)

            x, _, weights = block.through(x, to_itself, to_memory)
        return self._last(x), ops.mean(weights, axis=1), (ancestors, (tuple(written), memories, sees))

    def compute_output_spec(
        self, x: Any, memory: Any, memory_mask: Any = None, return_attention: bool = False, training: bool = False
    ) -> Any:
        """Shapes of outputs and weights."""
        batch, steps, width = x.shape[0], x.shape[1], memory.shape[1]
        inner = (self.num_layers, self.num_heads) if return_attention else ()
        weights = keras.KerasTensor((batch, *inner, steps, width), "float32")
        return keras.KerasTensor(x.shape, self.compute_dtype), weights
