"""Transformer blocks: attention and a feed-forward network with residual connections."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, KerasObject, Shape, Tensor
from keras_embed.layers.multi_head_attention import MultiHeadAttention

#: A sublayer, from vectors (B, T, D) to vectors (B, T, D) and attention weights.
Sublayer = Callable[[Tensor], tuple[Tensor, Tensor | None]]

#: Of layer normalization; Keras' default of 1e-3 is meant for batch normalization.
EPSILON = 1e-6


class _Block(keras.layers.Layer):
    """Base class of both blocks: their arguments, and the residual connection around each sublayer."""

    #: Names of the sublayers, in their order.
    parts: tuple[str, ...] = ()

    def __init__(
        self,
        num_heads: int,
        feed_forward_dim: int,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: KerasObject = "relu",
        norm_first: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_heads", num_heads)
        _errors.check_positive("feed_forward_dim", feed_forward_dim)
        _errors.check_rate("dropout", dropout)
        _errors.check_rate("attention_dropout", attention_dropout)
        self.num_heads = num_heads
        self.feed_forward_dim = feed_forward_dim
        self.attention_dropout = attention_dropout
        self.activation = keras.activations.get(activation)
        self.norm_first = norm_first
        self._inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.dropout = keras.layers.Dropout(dropout, **self._inner, name="dropout")
        self.widen = keras.layers.Dense(feed_forward_dim, self.activation, **self._inner, name="widen")
        self.norms = {
            part: keras.layers.LayerNormalization(epsilon=EPSILON, **self._inner, name=f"{part}_norm")
            for part in self.parts
        }
        self.supports_masking = True

    def _attention(self, name: str) -> MultiHeadAttention:
        return MultiHeadAttention(self.num_heads, self.attention_dropout, **self._inner, name=name)

    def _build_feed_forward(self, x_shape: Shape) -> None:
        # FFN(x) = W_2 f(W_1 x + b_1) + b_2 (Vaswani et al. 2017, equation 2), D -> feed_forward_dim -> D
        self.narrow = keras.layers.Dense(x_shape[-1], **self._inner, name="narrow")
        self.widen.build(x_shape)
        self.narrow.build((*x_shape[:-1], self.feed_forward_dim))
        for norm in self.norms.values():
            norm.build(x_shape)
        self.built = True

    def _residual(self, part: str, x: Tensor, sublayer: Sublayer, training: bool) -> tuple[Tensor, Tensor | None]:
        """Returns `x + drop(f(norm(x)))` or, unless `norm_first`, `norm(x + drop(f(x)))`, and f's attention weights."""
        # Exactly one of both norms is applied: to the input of the sublayer, or to the sum.
        y, weights = sublayer(self.norms[part](x) if self.norm_first else x)
        x = x + self.dropout(y, training=training)
        return (x if self.norm_first else self.norms[part](x)), weights

    def _feed_forward(self, x: Tensor) -> tuple[Tensor, None]:
        # (B, T, D) -> (B, T, feed_forward_dim) -> (B, T, D); a pair without weights, the form of `_residual`
        return self.narrow(self.widen(x)), None

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Returns None: masks are arguments of the call."""

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "feed_forward_dim": self.feed_forward_dim,
            "dropout": self.dropout.rate,
            "attention_dropout": self.attention_dropout,
            "activation": keras.activations.serialize(self.activation),
            "norm_first": self.norm_first,
        }


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerEncoderBlock(_Block):
    """Self-attention followed by a feed-forward network (Vaswani et al. 2017, section 3.1).

    With `norm_first`, each sublayer computes `x + f(norm(x))` (Xiong et al. 2020), which trains without a long warm-up;
    the stack then normalizes its final output. Without, `norm(x + f(x))` as in the original paper.

    Args:
        num_heads: H.
        feed_forward_dim: hidden width of the feed-forward network.
        dropout: dropout rate of the output of each sublayer.
        attention_dropout: dropout rate of the attention weights.
        activation: of the feed-forward network.
        norm_first: normalize the input of each sublayer instead of its output.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D).
        mask: bool, broadcast to (B, T, T), True = may be attended to.
        bias, turn: see `MultiHeadAttention`.
        training: apply dropout only if True.

    Returns:
        `(outputs, weights)`: floats (B, T, D), and the attention weights, float32 (B, H, T, T).

    Example:
    >>> import numpy as np
    >>> outputs, weights = TransformerEncoderBlock(num_heads=2, feed_forward_dim=8)(np.ones((1, 3, 4), "float32"))
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 2, 3, 3))

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; Xiong et al. 2020, https://arxiv.org/abs/2002.04745
    """

    parts = ("attention", "feed_forward")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attention = self._attention("attention")

    def build(self, x_shape: Shape) -> None:
        self.attention.build(x_shape, x_shape)
        self._build_feed_forward(x_shape)

    def call(
        self,
        x: Tensor,
        mask: Tensor = None,
        bias: Tensor = None,
        turn: Callable[[Tensor], Tensor] | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        # Queries, keys and values are all from x.
        return self.through(
            x, lambda x: self.attention(x, x, mask=mask, bias=bias, turn=turn, training=training), training
        )

    def through(self, x: Tensor, self_attention: Sublayer, training: bool = False) -> tuple[Tensor, Tensor]:
        """Runs the block with the given self-attention: over all steps, or over a cache of keys and values."""
        x, weights = self._residual("attention", x, self_attention, training)
        return self._residual("feed_forward", x, self._feed_forward, training)[0], weights


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerDecoderBlock(_Block):
    """Causal self-attention, attention to a memory, and a feed-forward network (Vaswani et al. 2017, section 3.1).

    Args:
        num_heads: H.
        feed_forward_dim: hidden width of the feed-forward network.
        dropout: dropout rate of the output of each sublayer.
        attention_dropout: dropout rate of the attention weights.
        activation: of the feed-forward network.
        norm_first: see `TransformerEncoderBlock`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D).
        memory: floats (B, S, M).
        mask: bool, broadcast to (B, T, T), True = may be attended to. The block adds no causal mask of its own.
        memory_mask: bool, broadcast to (B, T, S).
        bias, turn: of self-attention, see `MultiHeadAttention`.
        training: apply dropout only if True.

    Returns:
        `(outputs, self_weights, memory_weights)`: floats (B, T, D), float32 (B, H, T, T) and (B, H, T, S).

    Example:
    >>> import numpy as np
    >>> x, memory = np.ones((1, 3, 4), "float32"), np.ones((1, 5, 6), "float32")
    >>> outputs, _, weights = TransformerDecoderBlock(num_heads=2, feed_forward_dim=8)(x, memory)
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 2, 3, 5))

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
    """

    parts = ("attention", "memory_attention", "feed_forward")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attention = self._attention("attention")
        self.memory_attention = self._attention("memory_attention")

    def build(self, x_shape: Shape, memory_shape: Shape) -> None:
        self.attention.build(x_shape, x_shape)
        # Keys and values are projected from width M to the width D of the queries.
        self.memory_attention.build(x_shape, memory_shape)
        self._build_feed_forward(x_shape)

    def call(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor = None,
        memory_mask: Tensor = None,
        bias: Tensor = None,
        turn: Callable[[Tensor], Tensor] | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor, Tensor]:
        # x is normalized by `_residual` with `norm_first`, so that keys and values are normalized as the queries are.
        def self_attention(x: Tensor) -> tuple[Tensor, Tensor]:
            return self.attention(x, x, mask=mask, bias=bias, turn=turn, training=training)

        # Queries are from x, keys and values from the memory, which the block does not normalize.
        def memory_attention(x: Tensor) -> tuple[Tensor, Tensor]:
            return self.memory_attention(x, memory, mask=memory_mask, training=training)

        return self.through(x, self_attention, memory_attention, training)

    def through(
        self, x: Tensor, self_attention: Sublayer, memory_attention: Sublayer, training: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Runs the block with the given attentions: over all steps, or over caches of keys and values."""
        x, weights = self._residual("attention", x, self_attention, training)
        x, memory_weights = self._residual("memory_attention", x, memory_attention, training)
        return self._residual("feed_forward", x, self._feed_forward, training)[0], weights, memory_weights


def causal_mask(steps: int | Tensor) -> Tensor:
    """Returns the mask of self-attention to the same and earlier positions, bool (1, T, T)."""
    # steps can be a tensor: in a TensorFlow graph, T is not known.
    positions = ops.arange(steps, dtype="int32")
    return ops.expand_dims(ops.expand_dims(positions, 1) >= positions, 0)  # query t, key s: t >= s
