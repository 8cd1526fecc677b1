"""Attention from left to right."""

import random
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional import decoder_attention
from keras_embed.layers._features import Shape
from keras_embed.layers._memory_attention import OverScorer, Scorer, State, build_once, zero_weights

_MODES = {
    "parallel": decoder_attention.parallel_weights,
    "recursive": decoder_attention.recursive_weights,
    "hard": decoder_attention.hard_weights,
}


@keras.saving.register_keras_serializable(package="keras_embed")
class MonotonicAttention(OverScorer):
    """Attention that goes through the memory from left to right and never back (Raffel et al. 2017).

    At each output it starts where it stood, and stops at step j with the probability `p_j = sigmoid(e_j + r)`, else it
    goes on to the next. "parallel" and "recursive" give the expected weights (equations 13 and 14), with a gradient;
    "hard" stops where p is above one half, has no gradient, and is what the paper decodes with: a decoder then reads
    its input as it comes. In training, noise drives the p to 0 and 1, so that both agree (section 2.5).

    Args:
        scorer: makes scores of queries and keys; the paper takes `BahdanauAttention(units, normalize=True)`.
        mode: "parallel" takes S^2 numbers for each query, "recursive" a loop of S steps; both give the same.
        inference_mode: the mode outside of training; None: `mode`.
        noise: standard deviation of normal noise that is added to the scores in training.
        initial_bias: where the learnt r starts. Below 0, attention at first reaches far.
        seed: makes the noise repeatable.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        keys: `project(memory)`, floats `(B, S, U)`; None: projected here.
        values: h, the memory, floats `(B, S, M)`.
        mask: bool `(B, S)`, True = real; None: all of it is.
        state: what the step before returned; `()`: the first step.
        training: add noise only if True.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and the state. The weights sum to at most
        one, what ran off the end is lost, and are 0 at padding.

    Raises:
        ValueError: for a `noise` below 0, and another `mode`.

    References:
        Raffel et al. 2017, https://arxiv.org/abs/1704.00784.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import LuongAttention
    >>> attention = MonotonicAttention(LuongAttention("dot"), mode="hard", initial_bias=-4.0)
    >>> memory = np.array([[[5.0, 0.0], [0.0, 5.0], [5.0, 0.0]]], "float32")
    >>> left, right = np.array([[[1.0, 0.0]]], "float32"), np.array([[[0.0, 1.0]]], "float32")
    >>> state, steps = (), []
    >>> for query in [left, right, left]:
    ...     context, weights, state = attention(query, memory, memory, state=state)
    ...     steps.append(int(np.argmax(keras.ops.convert_to_numpy(weights))))
    >>> steps
    [0, 1, 2]
    """

    def __init__(
        self,
        scorer: Scorer,
        mode: str = "parallel",
        inference_mode: str | None = None,
        noise: float = 1.0,
        initial_bias: float = -1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scorer, **kwargs)
        _errors.check_one_of("mode", mode, _MODES)
        _errors.check_one_of("inference_mode", inference_mode, (*_MODES, None))
        if noise < 0:
            raise ValueError(_errors.message("`noise` of at least 0", noise))
        self.mode = mode
        self.inference_mode = inference_mode
        self.noise = noise
        self.initial_bias = initial_bias
        self.seed = seed
        self.noise_seed = _NoiseSeed(random.randint(1, 2**31 - 1) if seed is None else seed, name="noise_seed")

    def build(self, query_shape: Shape, values_shape: Shape) -> None:
        """Builds the scorer, and makes r."""
        build_once(self.scorer, query_shape, values_shape)
        start = keras.initializers.Constant(self.initial_bias)
        self.bias = self.add_weight((), initializer=start, autocast=False, name="bias")
        self.built = True

    def initial_state(self, keys: Any, mask: Any, queries: Any) -> State:
        """All weight on the first step; and what the noise is made of, which no loop can draw."""
        nothing = zero_weights(keys, queries)
        first = ops.concatenate([ops.ones_like(nothing[..., :1]), nothing[..., 1:]], axis=-1)
        seed = self.noise_seed(keys) + ops.zeros((ops.shape(keys)[0], queries, 2), "int32")
        return (first, seed, *self.scorer.initial_state(keys, mask, queries))

    def weigh(self, query: Any, keys: Any, values: Any, mask: Any, state: State, training: bool) -> tuple[Any, State]:
        """Weights after those of the step before."""
        previous, seed, inner = state[0], state[1], state[2:]
        scores = self.scorer.score(query, keys, values, inner) + self.bias
        if training and self.noise:
            scores = scores + self.noise * keras.random.normal(ops.shape(scores), seed=_Given(seed[0, 0]))
        mode = self.mode if training or self.inference_mode is None else self.inference_mode
        weights = _MODES[mode](scores, previous, mask)
        return weights, (weights, seed + ops.array([0, 1], "int32"), *self.scorer.remember(weights, inner))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "mode": self.mode,
            "inference_mode": self.inference_mode,
            "noise": self.noise,
            "initial_bias": self.initial_bias,
            "seed": self.seed,
        }


class _NoiseSeed(keras.layers.Layer):
    """Draws a seed and a count of 0, int32 `(2,)`, in training; else zeros. A layer, for Keras tells it which."""

    def __init__(self, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, keys: Any, training: bool = False) -> Any:
        if not training:
            return ops.zeros((2,), "int32")
        drawn = keras.random.randint((1,), 0, 2**31 - 1, dtype="int32", seed=self.generator)
        return ops.concatenate([drawn, ops.zeros((1,), "int32")])


class _Given(keras.random.SeedGenerator):
    """Gives the seed that it holds: a number drawn by it changes no variable, as none may change in a loop."""

    def __init__(self, seed: Any) -> None:
        self._seed = seed

    def next(self, ordered: bool = True) -> Any:
        return ops.cast(self._seed, "uint32")
