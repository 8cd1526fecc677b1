"""Transformer blocks that read a text: all of it, or only what came before."""

from typing import Any

import keras
from keras import ops

from keras_embed.layers._key_value_cache import cached_attention, first_ancestors, next_ancestors, readable
from keras_embed.layers._transformer_stack import TransformerStack
from keras_embed.layers.transformer_blocks import TransformerEncoderBlock, causal_mask


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerEncoder(TransformerStack):
    """A stack of `TransformerEncoderBlock` (Vaswani et al. 2017), with one of four ways to show positions.

    Args:
        num_layers: number of blocks.
        num_heads: H.
        feed_forward_dim: inner width of the feed-forward networks.
        positions: "sinusoidal", "learned", "rotary", "relative", or one of the layers behind these names.
        dropout: rate on the inputs and on what each part of a block adds.
        attention_dropout: rate on the attention's weights.
        activation: of the feed-forward networks.
        norm_first: blocks normalise what they read, and the stack its output, see `TransformerEncoderBlock`.
        max_length: number of learned positions.
        causal: each token sees itself and what came before, as in a language model.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D), tokens' vectors.
        mask: bool (B, T), True = real; None: no padding.
        return_attention: also give all weights.
        training: drop only if True.

    Returns:
        Floats (B, T, D), zero at padding; with `return_attention` a pair of this and float32
        (B, num_layers, H, T, T), [..., t, s] what t takes from s.

    References:
        https://arxiv.org/abs/1706.03762

    Example:
    >>> import numpy as np
    >>> encoder = TransformerEncoder(num_layers=2, num_heads=2, feed_forward_dim=8, positions="rotary")
    >>> outputs, weights = encoder(np.ones((1, 3, 4), "float32"), return_attention=True)
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 2, 2, 3, 3))
    """

    block = TransformerEncoderBlock

    def __init__(self, *args: Any, causal: bool = False, **kwargs: Any) -> None:
        self.causal = causal
        super().__init__(*args, **kwargs)

    def _both_ways(self) -> bool:
        return not self.causal

    def build(self, x_shape: Any) -> None:
        """Builds all blocks."""
        self._build(x_shape)

    def call(self, x: Any, mask: Any = None, return_attention: bool = False, training: bool = False) -> Any:
        """Runs the blocks."""
        x = self.dropout(self.positions.added(x), training=training)
        bias, turn = self._places(x)
        looks = causal_mask(ops.shape(x)[1]) if self.causal else None  # (1, T, T)
        if mask is not None:
            real = ops.expand_dims(mask, 1)  # (B, 1, T)
            looks = real if looks is None else ops.logical_and(looks, real)
        kept = []
        for block in self.blocks:
            x, weights = block(x, mask=looks, bias=bias, turn=turn, training=training)
            kept.append(weights)
        x = self._last(x)
        if mask is not None:
            x = ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))
        return (x, ops.stack(kept, axis=1)) if return_attention else x

    def begin(self, batch: Any, beams: int, length: Any, dim: int) -> tuple[Any, Any]:
        """The state before the first token: `(ancestors, caches)`, of which a search moves the first."""
        return first_ancestors(batch, beams, length), self._caches(batch, beams, length, dim)

    def step(self, x: Any, position: Any, state: tuple[Any, Any]) -> tuple[Any, tuple[Any, Any]]:
        """One more token of each beam, (B, K, D), through a causal stack."""
        ancestors = next_ancestors(state[0], position)
        looks = readable(ancestors, position)
        bias, turn = self._step_places(position, state[1][0][0])
        x, caches = self._step_inputs(x, position), []

        for block, cache in zip(self.blocks, state[1], strict=True):

            def attend(x: Any, block: Any = block, cache: Any = cache) -> Any:
                answer, written = cached_attention(block.attention, x, cache, position, looks, bias, turn)
                caches.append(written)
                return answer

            x, _ = block.through(x, attend)
        return self._last(x), (ancestors, tuple(caches))

    def compute_output_spec(
        self, x: Any, mask: Any = None, return_attention: bool = False, training: bool = False
    ) -> Any:
        """As `x`, and the weights' shape where they are asked for."""
        outputs = keras.KerasTensor(x.shape, self.compute_dtype)
        steps = x.shape[1]
        shape = (x.shape[0], self.num_layers, self.num_heads, steps, steps)
        return (outputs, keras.KerasTensor(shape, "float32")) if return_attention else outputs

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "causal": self.causal}
