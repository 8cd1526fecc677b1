"""Additive attention."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import attention
from keras_embed.layers._memory_attention import Scorer, State, build_once, check_tensor, dense


@keras.saving.register_keras_serializable(package="keras_embed")
class BahdanauAttention(Scorer):
    """Additive attention, `e = v^T tanh(W s + U h + b)`, `a = softmax(e)`, `c = sum_s a_s h_s` (Bahdanau et al. 2015).

    Equations 5 and 6 and appendix A.1.2 of the paper. With `normalize`, `e = g v^T / |v| tanh(W s + U h + b)`, where
    the learned gain g is initialized to sqrt(1 / U) (Salimans & Kingma 2016; Raffel et al. 2017, equation 16).

    Args:
        units: U, width of the hidden layer.
        normalize: divide v by its norm, and learn its gain g.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        values: h, the memory, floats `(B, S, M)`.
        keys: `project(values)`, floats `(B, S, U)`, to project a memory once for many calls; None: projected here.
        mask: bool `(B, S)`, True = real; None: no padding.
        state: always `()`; this attention is stateless.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and `()`. The weights sum to one and are
        0 at padding; a row without real steps has zeros.

    Example:
    >>> import numpy as np
    >>> attention = BahdanauAttention(units=8)
    >>> memory = np.ones((2, 4, 5), "float32")
    >>> context, weights, state = attention(np.ones((2, 1, 3), "float32"), memory)
    >>> tuple(context.shape), keras.ops.convert_to_numpy(weights[0]).tolist()
    ((2, 1, 5), [[0.25, 0.25, 0.25, 0.25]])

    References:
        Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473; Salimans & Kingma 2016,
        https://arxiv.org/abs/1602.07868; Raffel et al. 2017, https://arxiv.org/abs/1704.00784.
    """

    def __init__(self, units: int, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("units", units)
        self.units = units
        self.normalize = normalize
        self.query = dense(self, units, "query")  # W
        self.key = dense(self, units, "key", use_bias=True)  # U; b is added once for all queries

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        build_once(self.query, query_shape)
        build_once(self.key, values_shape)
        # v is not autocast: the scores are computed in float32.
        self.vector = self.add_weight((self.units,), initializer="glorot_uniform", autocast=False, name="vector")
        # With `normalize`, v is replaced by g v / |v|; g starts at 1 / sqrt(U) (Raffel et al. 2017).
        self.gain = None
        if self.normalize:
            start = keras.initializers.Constant(self.units**-0.5)
            self.gain = self.add_weight((), initializer=start, autocast=False, name="gain")
        self.built = True

    def projected_dim(self, memory_dim: int) -> int:
        """Returns U."""
        return self.units

    def project(self, memory: Tensor) -> Tensor:
        """Computes the keys `U h + b`.

        Raises:
            ValueError: If the memory is symbolic: a saved model would lose the projection.
        """
        check_tensor(memory)
        return self.key(memory)  # (B, S, M) -> (B, S, U)

    def initial_state(self, keys: Tensor, mask: Tensor, queries: int | Tensor) -> State:
        """Returns `()`."""
        return ()

    def score(self, query: Tensor, keys: Tensor, values: Tensor, state: State) -> Tensor:
        """Computes `v^T tanh(W s + k)`."""
        # (B, Q, U) + (B, S, U) -> (B, Q, S)
        return attention.additive_scores(self.query(query), keys, self.vector, self.gain)

    def remember(self, weights: Tensor, state: State) -> State:
        """Returns `()`."""
        return ()

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units, "normalize": self.normalize}
