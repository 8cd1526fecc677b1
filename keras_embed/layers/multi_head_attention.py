"""Attention of many heads that tells its weights, takes its masks by hand and can be cached."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive, check_rate, message
from keras_embed.functional.attention import dot_product_attention


@keras.saving.register_keras_serializable(package="keras_embed")
class MultiHeadAttention(keras.layers.Layer):
    """`concat(head_1 ... head_H) W_o`, `head_i = attention(Q W_q_i, K W_k_i, V W_v_i)` (Vaswani et al. 2017).

    Unlike Keras' layer of this name it leaves the masks of its inputs alone, always gives its weights, and hands out
    its keys and values, so that a decoder can keep them.

    Args:
        num_heads: H.
        dropout: rate on the weights.
        use_bias: of the four projections.
        initializer: of their kernels.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: floats (B, T, D); D is a multiple of H.
        memory: floats (B, S, M), where keys and values come from; the query itself for self-attention.
        mask: bool, broadcast to (B, T, S), True = may be looked at.
        bias: floats (H, T, S), added to the scores.
        turn: a function of projected queries or keys (B, H, T, d) to the same, as rotary positions have it.
        training: drop only if True.

    Returns:
        `(output, weights)`: floats (B, T, D), and float32 (B, H, T, S), before dropout.

    Raises:
        ValueError: for a width that heads cannot share.

    References:
        Vaswani et al. 2017, section 3.2.2, https://arxiv.org/abs/1706.03762

    Example:
    >>> import numpy as np
    >>> x, mask = np.ones((1, 3, 4), "float32"), np.array([[[True, True, False]]])
    >>> output, weights = MultiHeadAttention(num_heads=2)(x, x, mask=mask)
    >>> tuple(output.shape), np.round(ops.convert_to_numpy(weights)[0, 0, 0], 3).tolist()
    ((1, 3, 4), [0.5, 0.5, 0.0])
    """

    def __init__(
        self,
        num_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_positive("num_heads", num_heads)
        check_rate("dropout", dropout)
        self.num_heads = num_heads
        self.use_bias = use_bias
        self.initializer = keras.initializers.get(initializer)
        self.dropout = keras.layers.Dropout(dropout, dtype="float32", name="dropout")
        self.supports_masking = True

    def build(self, query_shape: Any, memory_shape: Any = None) -> None:
        """Makes the projections."""
        dim = query_shape[-1]
        memory_dim = dim if memory_shape is None else memory_shape[-1]
        if dim % self.num_heads:
            raise ValueError(message(f"a width that {self.num_heads} heads can share", f"{dim}"))
        self.query_kernel = self._kernel(dim, dim, "query")
        self.key_kernel = self._kernel(memory_dim, dim, "key")
        self.value_kernel = self._kernel(memory_dim, dim, "value")
        self.output_kernel = self._kernel(dim, dim, "output")
        if self.use_bias:
            self.query_bias = self.add_weight(shape=(dim,), initializer="zeros", name="query_bias")
            self.value_bias = self.add_weight(shape=(dim,), initializer="zeros", name="value_bias")
            self.output_bias = self.add_weight(shape=(dim,), initializer="zeros", name="output_bias")
        self.built = True

    def _kernel(self, rows: int, columns: int, name: str) -> Any:
        return self.add_weight(shape=(rows, columns), initializer=self.initializer, name=f"{name}_kernel")

    def call(
        self, query: Any, memory: Any, mask: Any = None, bias: Any = None, turn: Any = None, training: bool = False
    ) -> Any:
        """Projects, attends, and projects back."""
        heads = self.queries(query)
        keys, values = self.keys_and_values(memory)
        if turn is not None:
            heads, keys = turn(heads), turn(keys)
        mask = None if mask is None else ops.expand_dims(mask, 1)  # (B, 1, T, S)
        return self.attend(heads, keys, values, mask, bias, training)

    def queries(self, query: Any) -> Any:
        """(B, T, D) -> (B, H, T, d)"""
        return self._split(self._projected(query, self.query_kernel, self.use_bias and self.query_bias))

    def keys_and_values(self, memory: Any) -> tuple[Any, Any]:
        """(B, S, M) -> two of (B, H, S, d). Keys have no bias: it would change no weight."""
        values = self._projected(memory, self.value_kernel, self.use_bias and self.value_bias)
        return self._split(self._projected(memory, self.key_kernel, False)), self._split(values)

    def attend(
        self, heads: Any, keys: Any, values: Any, mask: Any = None, bias: Any = None, training: bool = False
    ) -> tuple[Any, Any]:
        """Projected queries over projected keys and values; `mask` is broadcast to (B, H, T, S)."""
        context, weights = dot_product_attention(
            heads, keys, values, mask, bias, lambda weights: self.dropout(weights, training=training)
        )
        merged = ops.transpose(context, (0, 2, 1, 3))  # (B, T, H, d)
        merged = ops.reshape(merged, (*ops.shape(merged)[:2], self.output_kernel.shape[0]))
        return self._projected(merged, self.output_kernel, self.use_bias and self.output_bias), weights

    def _projected(self, x: Any, kernel: Any, bias: Any) -> Any:
        # Cast by hand: a decoder's step calls these methods outside of Keras' autocast.
        y = ops.matmul(ops.cast(x, self.compute_dtype), ops.cast(kernel, self.compute_dtype))
        return y if bias is False else y + ops.cast(bias, self.compute_dtype)

    def _split(self, x: Any) -> Any:
        """(B, T, D) -> (B, H, T, d)"""
        shape = (*ops.shape(x)[:2], self.num_heads, x.shape[-1] // self.num_heads)
        return ops.transpose(ops.reshape(x, shape), (0, 2, 1, 3))

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Masks are arguments."""

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout.rate,
            "use_bias": self.use_bias,
            "initializer": keras.initializers.serialize(self.initializer),
        }
