"""Transformer decoders."""

from typing import Any

import keras
from keras import ops

from keras_embed._types import Shape, Tensor
from keras_embed.layers._transformer_stack import (
    Cache,
    TransformerStack,
    cached_attention,
    first_ancestors,
    next_ancestors,
    readable_entries,
)
from keras_embed.layers.transformer_blocks import TransformerDecoderBlock, causal_mask

#: `(ancestors, (caches, memory keys and values of each block, memory mask))`: only the ancestors move with the beams.
State = tuple[Tensor, tuple[tuple[Cache, ...], tuple[tuple[Tensor, Tensor], ...], Tensor]]


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerDecoder(TransformerStack):
    """Stack of causal blocks with attention to a memory (Vaswani et al. 2017), for all steps at once or step by step.

    Args:
        num_layers: number of blocks.
        num_heads: H.
        feed_forward_dim: hidden width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary", "relative", or a layer of `layers.positions`.
        dropout: dropout rate of the inputs and of the output of each sublayer.
        attention_dropout: dropout rate of the attention weights.
        activation: of the feed-forward networks.
        norm_first: see `TransformerEncoder`.
        max_length: number of learned positions.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: token vectors, floats (B, T, D): output t depends on inputs 0 to t. Padding must be on the right.
        memory: outputs of an encoder, floats (B, S, M).
        memory_mask: bool (B, S), True = real; None: no padding.
        return_attention: return the weights of all blocks and heads, instead of the mean over heads of the last block.
        training: apply dropout only if True.

    Returns:
        `(outputs, weights)`: floats (B, T, D), and the attention to the memory, float32 (B, T, S); with
        `return_attention` (B, num_layers, H, T, S).

    Example:
    >>> import numpy as np
    >>> decoder = TransformerDecoder(num_layers=2, num_heads=2, feed_forward_dim=8)
    >>> outputs, weights = decoder(np.ones((1, 3, 4), "float32"), np.ones((1, 5, 6), "float32"))
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 3, 5))

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
    """

    block = TransformerDecoderBlock

    def build(self, x_shape: Shape, memory_shape: Shape) -> None:
        self._build(x_shape, memory_shape)

    def call(
        self,
        x: Tensor,
        memory: Tensor,
        memory_mask: Tensor = None,
        return_attention: bool = False,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        x = self.dropout(self.positions.added(x), training=training)
        bias, turn = self._encodings(x)
        # Padding is on the right, so that the causal mask alone hides it from all real tokens.
        visible = causal_mask(ops.shape(x)[1])  # (1, T, T)
        visible_memory = None if memory_mask is None else ops.expand_dims(memory_mask, 1)  # (B, 1, S)
        all_weights = []
        for block in self.blocks:
            x, _, weights = block(
                x, memory, mask=visible, memory_mask=visible_memory, bias=bias, turn=turn, training=training
            )
            all_weights.append(weights)
        # All heads of all blocks, (B, layers, H, T, S), or the mean over the heads of the last block, (B, T, S)
        weights = ops.stack(all_weights, axis=1) if return_attention else ops.mean(all_weights[-1], axis=1)
        return self._final_norm(x), weights

    def begin(self, memory: Tensor, memory_mask: Tensor, beams: int, length: int | Tensor, dim: int) -> State:
        """Returns the state before the first step, `(beam_state, memory)`.

        The keys and values of the memory are computed once, and shared by all beams of a row.
        """
        batch = ops.shape(memory)[0]
        # (B, H, S, d) each, without a beam axis
        memories = tuple(block.memory_attention.keys_and_values(memory) for block in self.blocks)
        visible_memory = ops.expand_dims(ops.expand_dims(memory_mask, 1), 1)  # (B, 1, 1, S)
        caches = self._caches(batch, beams, length, dim)
        return first_ancestors(batch, beams, length), (caches, memories, visible_memory)

    def step(self, x: Tensor, position: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """Runs the stack for one token of each beam.

        Args:
            x: token vectors, floats (B, K, D).
            position: int32 scalar, 0 first.
            state: of `begin` or of the previous step.

        Returns:
            `(outputs, weights, state)`: floats (B, K, D), float32 (B, K, S), and the next state.
        """
        caches, memories, visible_memory = state[1]
        ancestors = next_ancestors(state[0], position)
        entries = readable_entries(ancestors, position)  # (B, 1, K, L * K)
        bias, turn = self._step_encodings(position, caches[0][0])
        x, written, weights = self._step_inputs(x, position), [], None
        # As in `TransformerEncoder.step`; keys and values of the memory are those of `begin`, (B, H, S, d).

        for block, cache, memory in zip(self.blocks, caches, memories, strict=True):
            # Defaults bind the values of this iteration: a closure would read those of the last.
            def self_attention(x: Tensor, block: Any = block, cache: Cache = cache) -> tuple[Tensor, Tensor]:
                answer, after = cached_attention(block.attention, x, cache, position, entries, bias, turn)
                written.append(after)
                return answer

            def memory_attention(
                x: Tensor, block: Any = block, memory: tuple[Tensor, Tensor] = memory
            ) -> tuple[Tensor, Tensor]:
                attention = block.memory_attention
                return attention.attend(attention.queries(x), *memory, visible_memory)

            x, _, weights = block.through(x, self_attention, memory_attention)
        return (
            self._final_norm(x),
            ops.mean(weights, axis=1),  # (B, H, K, S) -> (B, K, S)
            (ancestors, (tuple(written), memories, visible_memory)),
        )

    def compute_output_spec(
        self,
        x: Tensor,
        memory: Tensor,
        memory_mask: Tensor = None,
        return_attention: bool = False,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        batch, steps, width = x.shape[0], x.shape[1], memory.shape[1]
        inner = (self.num_layers, self.num_heads) if return_attention else ()
        weights = keras.KerasTensor((batch, *inner, steps, width), "float32")
        return keras.KerasTensor(x.shape, self.compute_dtype), weights
