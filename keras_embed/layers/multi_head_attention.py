"""Multi-head attention with explicit masks, returned weights and cacheable keys and values."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive, check_rate, message
from keras_embed._types import Config, KerasObject, Shape, Tensor
from keras_embed.functional.attention import dot_product_attention


@keras.saving.register_keras_serializable(package="keras_embed")
class MultiHeadAttention(keras.layers.Layer):
    """Computes `concat(head_1 ... head_H) W_o`, `head_i = attention(Q W_q_i, K W_k_i, V W_v_i)` (Vaswani et al. 2017).

    Unlike `keras.layers.MultiHeadAttention` it does not clear the Keras masks of its inputs, always returns its
    weights, and gives access to projected keys and values, so that a decoder can cache them.

    Args:
        num_heads: H.
        dropout: dropout rate of the weights.
        use_bias: use biases in the projections of queries, values and outputs.
        initializer: of the kernels.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: floats (B, T, D); D is a multiple of H.
        memory: floats (B, S, M), source of keys and values; the query itself for self-attention.
        mask: bool, broadcast to (B, T, S), True = may be attended to.
        bias: floats (H, T, S), added to the scores.
        turn: a function from projected queries or keys (B, H, T, d) to the same shape, such as a rotary encoding.
        training: apply dropout only if True.

    Returns:
        `(output, weights)`: floats (B, T, D), and the weights before dropout, float32 (B, H, T, S).

    Raises:
        ValueError: If D is not a multiple of H.

    Example:
    >>> import numpy as np
    >>> x, mask = np.ones((1, 3, 4), "float32"), np.array([[[True, True, False]]])
    >>> output, weights = MultiHeadAttention(num_heads=2)(x, x, mask=mask)
    >>> tuple(output.shape), np.round(ops.convert_to_numpy(weights)[0, 0, 0], 3).tolist()
    ((1, 3, 4), [0.5, 0.5, 0.0])

    References:
        Vaswani et al. 2017, section 3.2.2, https://arxiv.org/abs/1706.03762
    """

    def __init__(
        self,
        num_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        initializer: KerasObject = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_positive("num_heads", num_heads)
        check_rate("dropout", dropout)
        self.num_heads = num_heads
        self.use_bias = use_bias
        self.initializer = keras.initializers.get(initializer)
        # Float32 as the weights are, also with mixed precision.
        self.dropout = keras.layers.Dropout(dropout, dtype="float32", name="dropout")
        self.supports_masking = True

    def build(self, query_shape: Shape, memory_shape: Shape | None = None) -> None:
        dim = int(query_shape[-1] or 0)
        memory_dim = dim if memory_shape is None else int(memory_shape[-1] or 0)
        if dim % self.num_heads:
            raise ValueError(message(f"a width that {self.num_heads} heads can share", f"{dim}"))
        self.query_kernel = self._kernel(dim, dim, "query")
        self.key_kernel = self._kernel(memory_dim, dim, "key")
        self.value_kernel = self._kernel(memory_dim, dim, "value")
        self.output_kernel = self._kernel(dim, dim, "output")
        # Keys have no bias: it would add the same value to all scores of a query, which the softmax ignores.
        self.query_bias = self.value_bias = self.output_bias = None
        if self.use_bias:
            self.query_bias = self.add_weight(shape=(dim,), initializer="zeros", name="query_bias")
            self.value_bias = self.add_weight(shape=(dim,), initializer="zeros", name="value_bias")
            self.output_bias = self.add_weight(shape=(dim,), initializer="zeros", name="output_bias")
        self.built = True

    def _kernel(self, rows: int, columns: int, name: str) -> Tensor:
        return self.add_weight(shape=(rows, columns), initializer=self.initializer, name=f"{name}_kernel")

    def call(
        self,
        query: Tensor,
        memory: Tensor,
        mask: Tensor = None,
        bias: Tensor = None,
        turn: Callable[[Tensor], Tensor] | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        heads = self.queries(query)  # (B, H, T, d)
        keys, values = self.keys_and_values(memory)  # (B, H, S, d)
        # Only queries and keys are rotated, so that the scores depend on positions and the values do not.
        if turn is not None:
            heads, keys = turn(heads), turn(keys)
        mask = None if mask is None else ops.expand_dims(mask, 1)  # (B, 1, T, S)
        return self.attend(heads, keys, values, mask, bias, training)

    def queries(self, query: Tensor) -> Tensor:
        """Projects queries, (B, T, D) -> (B, H, T, d)."""
        return self._split(self._project(query, self.query_kernel, self.query_bias))

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Projects a memory, (B, S, M) -> keys and values, (B, H, S, d) each."""
        values = self._project(memory, self.value_kernel, self.value_bias)
        return self._split(self._project(memory, self.key_kernel, None)), self._split(values)

    def attend(
        self,
        heads: Tensor,
        keys: Tensor,
        values: Tensor,
        mask: Tensor = None,
        bias: Tensor = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Attends from projected queries to projected keys and values; `mask` is broadcast to (B, H, T, S)."""
        # context is (B, H, T, d); weights are returned as they were before dropout.
        context, weights = dot_product_attention(
            heads, keys, values, mask, bias, lambda weights: self.dropout(weights, training=training)
        )
        merged = ops.transpose(context, (0, 2, 1, 3))  # (B, H, T, d) -> (B, T, H, d)
        merged = ops.reshape(merged, (*ops.shape(merged)[:2], self.output_kernel.shape[0]))  # (B, T, D)
        return self._project(merged, self.output_kernel, self.output_bias), weights

    def _project(self, x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        # Explicit casts: a decoder's step calls these methods outside of Keras' autocast.
        y = ops.matmul(ops.cast(x, self.compute_dtype), ops.cast(kernel, self.compute_dtype))
        return y if bias is None else y + ops.cast(bias, self.compute_dtype)

    def _split(self, x: Tensor) -> Tensor:
        shape = (*ops.shape(x)[:2], self.num_heads, x.shape[-1] // self.num_heads)
        return ops.transpose(ops.reshape(x, shape), (0, 2, 1, 3))  # (B, T, D) -> (B, H, T, d)

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Returns None: masks are arguments of the call."""

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout.rate,
            "use_bias": self.use_bias,
            "initializer": keras.initializers.serialize(self.initializer),
        }
