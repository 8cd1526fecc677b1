"""Transformer encoders, bidirectional or causal."""

from typing import Any

import keras
from keras import ops

from keras_embed._types import Config, Shape, Tensor
from keras_embed.layers._transformer_stack import (
    Cache,
    TransformerStack,
    cached_attention,
    first_ancestors,
    next_ancestors,
    readable_entries,
)
from keras_embed.layers.transformer_blocks import TransformerEncoderBlock, causal_mask


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerEncoder(TransformerStack):
    """Stack of self-attention blocks (Vaswani et al. 2017), with one of four position encodings.

    A causal stack can also run step by step, with cached keys and values.

    Args:
        num_layers: number of blocks.
        num_heads: H.
        feed_forward_dim: hidden width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary", "relative", or a layer of `layers.positions`.
        dropout: dropout rate of the inputs and of the output of each sublayer.
        attention_dropout: dropout rate of the attention weights.
        activation: of the feed-forward networks.
        norm_first: normalize the input of each sublayer and the final output, which trains without a long warm-up
            (Xiong et al. 2020), instead of the output of each sublayer.
        max_length: number of learned positions.
        causal: attend to the same and earlier positions only, as a language model.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: token vectors, floats (B, T, D).
        mask: bool (B, T), True = real; None: no padding.
        return_attention: also return all attention weights.
        training: apply dropout only if True.

    Returns:
        Floats (B, T, D), zero at padding; with `return_attention` a pair of this and float32
        (B, num_layers, H, T, T), where [..., t, s] is the weight of s for the output at t.

    Example:
    >>> import numpy as np
    >>> encoder = TransformerEncoder(num_layers=2, num_heads=2, feed_forward_dim=8, positions="rotary")
    >>> outputs, weights = encoder(np.ones((1, 3, 4), "float32"), return_attention=True)
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 2, 2, 3, 3))

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; Xiong et al. 2020, https://arxiv.org/abs/2002.04745
    """

    block = TransformerEncoderBlock

    def __init__(self, *args: Any, causal: bool = False, **kwargs: Any) -> None:
        self.causal = causal
        super().__init__(*args, **kwargs)

    def _both_ways(self) -> bool:
        return not self.causal

    def build(self, x_shape: Shape) -> None:
        self._build(x_shape)

    def call(
        self, x: Tensor, mask: Tensor = None, return_attention: bool = False, training: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        x = self.dropout(self.positions.added(x), training=training)
        bias, turn = self._encodings(x)
        visible = causal_mask(ops.shape(x)[1]) if self.causal else None  # (1, T, T)
        if mask is not None:
            real = ops.expand_dims(mask, 1)  # (B, 1, T)
            visible = real if visible is None else ops.logical_and(visible, real)  # (B, T, T)
        all_weights = []
        for block in self.blocks:
            x, weights = block(x, mask=visible, bias=bias, turn=turn, training=training)
            all_weights.append(weights)
        x = self._final_norm(x)
        if mask is not None:
            # Padding is zero, so that sums and convolutions over the outputs do not see it.
            x = ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))
        return (x, ops.stack(all_weights, axis=1)) if return_attention else x

    def begin(
        self, batch: int | Tensor, beams: int, length: int | Tensor, dim: int
    ) -> tuple[Tensor, tuple[Cache, ...]]:
        """Returns the state before the first step, `(beam_state, memory)`: the ancestor table and the caches."""
        return first_ancestors(batch, beams, length), self._caches(batch, beams, length, dim)

    def step(
        self, x: Tensor, position: Tensor, state: tuple[Tensor, tuple[Cache, ...]]
    ) -> tuple[Tensor, tuple[Tensor, tuple[Cache, ...]]]:
        """Runs a causal stack for one token of each beam.

        Args:
            x: token vectors, floats (B, K, D).
            position: int32 scalar, 0 first.
            state: of `begin` or of the previous step.

        Returns:
            `(outputs, state)`: floats (B, K, D), and the next state.
        """
        ancestors = next_ancestors(state[0], position)
        entries = readable_entries(ancestors, position)  # (B, 1, K, L * K)
        bias, turn = self._step_encodings(position, state[1][0][0])
        x, caches = self._step_inputs(x, position), []
        # Each block writes keys and values of this position into its cache, and attends to all positions so far.

        for block, cache in zip(self.blocks, state[1], strict=True):

            def self_attention(x: Tensor, block: Any = block, cache: Cache = cache) -> tuple[Tensor, Tensor]:
                answer, written = cached_attention(block.attention, x, cache, position, entries, bias, turn)
                caches.append(written)
                return answer

            x, _ = block.through(x, self_attention)
        return self._final_norm(x), (ancestors, tuple(caches))

    def compute_output_spec(
        self, x: Tensor, mask: Tensor = None, return_attention: bool = False, training: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        outputs = keras.KerasTensor(x.shape, self.compute_dtype)
        steps = x.shape[1]
        shape = (x.shape[0], self.num_layers, self.num_heads, steps, steps)
        return (outputs, keras.KerasTensor(shape, "float32")) if return_attention else outputs

    def get_config(self) -> Config:
        return {**super().get_config(), "causal": self.causal}
