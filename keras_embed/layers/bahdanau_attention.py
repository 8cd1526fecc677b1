"""Additive attention."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed.functional import attention
from keras_embed.layers._features import Shape
from keras_embed.layers._memory_attention import Scorer, State, build_once, check_tensor, dense


@keras.saving.register_keras_serializable(package="keras_embed")
class BahdanauAttention(Scorer):
    """Additive attention, `e = v^T tanh(W s + U h + b)`, `a = softmax(e)`, `c = sum_s a_s h_s` (Bahdanau et al. 2015).

    Equations 5 and 6 and appendix A.1.2 of the paper. Normalised, `e = g v^T / |v| tanh(W s + U h + b)`, where the
    learnt g starts at sqrt(1 / U) (Salimans & Kingma 2016; Raffel et al. 2017, equation 16).

    Args:
        units: U, width of the hidden layer.
        normalize: whether to divide v by its norm and to learn its gain g.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        keys: `project(memory)`, floats `(B, S, U)`; None: projected here.
        values: h, the memory, floats `(B, S, M)`.
        mask: bool `(B, S)`, True = real; None: all of it is.
        state: there is none.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and `()`. The weights sum to one and are
        0 at padding; a row of padding alone has zeros.

    References:
        Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473; Salimans & Kingma 2016,
        https://arxiv.org/abs/1602.07868; Raffel et al. 2017, https://arxiv.org/abs/1704.00784.

    Example:
    >>> import numpy as np
    >>> attention = BahdanauAttention(units=8)
    >>> memory = np.ones((2, 4, 5), "float32")
    >>> keys = attention.project(memory)
    >>> context, weights, state = attention(np.ones((2, 1, 3), "float32"), keys, memory)
    >>> tuple(context.shape), keras.ops.convert_to_numpy(weights[0]).tolist()
    ((2, 1, 5), [[0.25, 0.25, 0.25, 0.25]])
    """

    def __init__(self, units: int, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("units", units)
        self.units = units
        self.normalize = normalize
        self.query = dense(self, units, "query")
        self.key = dense(self, units, "key", use_bias=True)  # b is added to the keys, once for all queries

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        """Makes W, U, b and v."""
        build_once(self.query, query_shape)
        build_once(self.key, values_shape)
        self.vector = self.add_weight((self.units,), initializer="glorot_uniform", autocast=False, name="vector")
        self.gain = None
        if self.normalize:
            start = keras.initializers.Constant(self.units**-0.5)
            self.gain = self.add_weight((), initializer=start, autocast=False, name="gain")
        self.built = True

    def projected_dim(self, memory_dim: int) -> int:
        """U."""
        return self.units

    def project(self, memory: Any) -> Any:
        """`U h + b`.

        Raises:
            ValueError: for a symbolic memory: a saved model would lose the projection.
        """
        check_tensor(memory)
        return self.key(memory)

    def initial_state(self, keys: Any, mask: Any, queries: Any) -> State:
        """None."""
        return ()

    def score(self, query: Any, keys: Any, values: Any, state: State) -> Any:
        """`v^T tanh(W s + k)`."""
        return attention.additive_scores(self.query(query), keys, self.vector, self.gain)

    def remember(self, weights: Any, state: State) -> State:
        """Nothing."""
        return ()

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "units": self.units, "normalize": self.normalize}
