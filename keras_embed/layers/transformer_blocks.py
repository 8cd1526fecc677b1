"""One layer of a Transformer: attention and a feed-forward network, each with a way around it."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers.multi_head_attention import MultiHeadAttention

Attend = Callable[[Any], tuple[Any, Any]]
"""From vectors (B, T, D) to as many, and to weights of attention."""

#: Keras' own 1e-3 is meant for batch normalisation.
EPSILON = 1e-6


class _Block(keras.layers.Layer):
    """What encoder and decoder blocks share: their arguments, and `x + drop(f(norm(x)))` or `norm(x + drop(f(x)))`."""

    #: Names of the parts that have a way around them, in their order.
    parts: tuple[str, ...] = ()

    def __init__(
        self,
        num_heads: int,
        feed_forward_dim: int,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        activation: Any = "relu",
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

    def _build_feed_forward(self, x_shape: Any) -> None:
        self.narrow = keras.layers.Dense(x_shape[-1], **self._inner, name="narrow")
        self.widen.build(x_shape)
        self.narrow.build((*x_shape[:-1], self.feed_forward_dim))
        for norm in self.norms.values():
            norm.build(x_shape)
        self.built = True

    def _around(self, part: str, x: Any, function: Attend, training: bool) -> tuple[Any, Any]:
        """What a part makes of `x`, with the way around it, normalisation and dropout; and the part's weights."""
        y, weights = function(self.norms[part](x) if self.norm_first else x)
        x = x + self.dropout(y, training=training)
        return (x if self.norm_first else self.norms[part](x)), weights

    def _feed_forward(self, x: Any) -> tuple[Any, None]:
        return self.narrow(self.widen(x)), None

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Masks are arguments."""

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
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
    """Self-attention, then a feed-forward network (Vaswani et al. 2017, section 3.1).

    With `norm_first`, `x + f(norm(x))` (Xiong et al. 2020), which trains without a long warm-up; the stack then
    normalises its last output. Without, `norm(x + f(x))` as published.

    Args:
        num_heads: H.
        feed_forward_dim: inner width of the feed-forward network.
        dropout: rate on what each part adds.
        attention_dropout: rate on the attention's weights.
        activation: of the feed-forward network.
        norm_first: see above.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D).
        mask: bool, broadcast to (B, T, T), True = may be looked at.
        bias, turn: see `MultiHeadAttention`.
        training: drop only if True.

    Returns:
        `(outputs, weights)`: (B, T, D), and the attention's, float32 (B, H, T, T).

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; Xiong et al. 2020, https://arxiv.org/abs/2002.04745

    Example:
    >>> import numpy as np
    >>> outputs, weights = TransformerEncoderBlock(num_heads=2, feed_forward_dim=8)(np.ones((1, 3, 4), "float32"))
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 2, 3, 3))
    """

    parts = ("attention", "feed_forward")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attention = self._attention("attention")

    def build(self, x_shape: Any) -> None:
        """Builds all parts."""
        self.attention.build(x_shape, x_shape)
        self._build_feed_forward(x_shape)

    def call(self, x: Any, mask: Any = None, bias: Any = None, turn: Any = None, training: bool = False) -> Any:
        """Attends, then feeds forward."""
        return self.through(
            x, lambda x: self.attention(x, x, mask=mask, bias=bias, turn=turn, training=training), training
        )

    def through(self, x: Any, to_itself: Attend, training: bool = False) -> tuple[Any, Any]:
        """The block with an attention that is given."""
        x, weights = self._around("attention", x, to_itself, training)
        return self._around("feed_forward", x, self._feed_forward, training)[0], weights


@keras.saving.register_keras_serializable(package="keras_embed")
class TransformerDecoderBlock(_Block):
    """Self-attention to what came before, attention to a memory, a feed-forward network (Vaswani et al. 2017).

    Args:
        num_heads: H.
        feed_forward_dim: inner width of the feed-forward network.
        dropout: rate on what each part adds.
        attention_dropout: rate on the attentions' weights.
        activation: of the feed-forward network.
        norm_first: see `TransformerEncoderBlock`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        x: floats (B, T, D).
        memory: floats (B, S, M).
        mask: bool, broadcast to (B, T, T), True = may be looked at: the caller's, causal.
        memory_mask: bool, broadcast to (B, T, S).
        bias, turn: of self-attention, see `MultiHeadAttention`.
        training: drop only if True.

    Returns:
        `(outputs, self_weights, memory_weights)`: (B, T, D), float32 (B, H, T, T) and (B, H, T, S).

    References:
        https://arxiv.org/abs/1706.03762

    Example:
    >>> import numpy as np
    >>> x, memory = np.ones((1, 3, 4), "float32"), np.ones((1, 5, 6), "float32")
    >>> outputs, _, weights = TransformerDecoderBlock(num_heads=2, feed_forward_dim=8)(x, memory)
    >>> tuple(outputs.shape), tuple(weights.shape)
    ((1, 3, 4), (1, 2, 3, 5))
    """

    parts = ("attention", "memory_attention", "feed_forward")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attention = self._attention("attention")
        self.memory_attention = self._attention("memory_attention")

    def build(self, x_shape: Any, memory_shape: Any) -> None:
        """Builds all parts."""
        self.attention.build(x_shape, x_shape)
        self.memory_attention.build(x_shape, memory_shape)
        self._build_feed_forward(x_shape)

    def call(
        self,
        x: Any,
        memory: Any,
        mask: Any = None,
        memory_mask: Any = None,
        bias: Any = None,
        turn: Any = None,
        training: bool = False,
    ) -> Any:
        """Attends twice, then feeds forward."""

        def to_itself(x: Any) -> Any:
            return self.attention(x, x, mask=mask, bias=bias, turn=turn, training=training)

        def to_memory(x: Any) -> Any:
            return self.memory_attention(x, memory, mask=memory_mask, training=training)

        return self.through(x, to_itself, to_memory, training)

    def through(self, x: Any, to_itself: Attend, to_memory: Attend, training: bool = False) -> tuple[Any, Any, Any]:
        """The block with attentions that are given."""
        x, weights = self._around("attention", x, to_itself, training)
        x, memory_weights = self._around("memory_attention", x, to_memory, training)
        return self._around("feed_forward", x, self._feed_forward, training)[0], weights, memory_weights


def causal_mask(steps: Any) -> Any:
    """Each position may look at itself and at what came before: bool (1, T, T)."""
    places = ops.arange(steps, dtype="int32")
    return ops.expand_dims(ops.expand_dims(places, 1) >= places, 0)
