"""Attention that moves through the memory from left to right."""

import random
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import decoder_attention
from keras_embed.layers._memory_attention import AttentionWrapper, Scorer, State, build_once, zero_weights

_MODES = {
    "parallel": decoder_attention.parallel_weights,
    "recursive": decoder_attention.recursive_weights,
    "hard": decoder_attention.hard_weights,
}


@keras.saving.register_keras_serializable(package="keras_embed")
class MonotonicAttention(AttentionWrapper):
    """Attention that moves through the memory from left to right and never back (Raffel et al. 2017).

    At each output step the attention starts where the previous one stopped. It stops at step j of the memory with
    probability `p_j = sigmoid(e_j + r)`, and moves on to step j + 1 otherwise. "parallel" and "recursive" compute the
    expected weights (equations 13 and 14), which are differentiable. "hard" stops at the first step with p above 0.5;
    it has no gradient, and is the paper's choice for decoding, which can then run online. In training, noise pushes
    the p towards 0 and 1, so that the soft and the hard modes agree (section 2.5).

    Args:
        scorer: computes scores of queries and keys; `BahdanauAttention(units, normalize=True)` in the paper.
        mode: "parallel" needs memory of S^2 floats for each query, "recursive" loops over S steps; the results are
            equal.
        inference_mode: mode outside of training; None: `mode`.
        noise: standard deviation of the Gaussian noise added to the scores in training.
        initial_bias: initial value of the learned r. The lower it is, the further the attention reaches at first.
        seed: seed of the noise.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: s, floats `(B, Q, D)`.
        values: h, the memory, floats `(B, S, M)`.
        keys: `project(values)`, floats `(B, S, U)`, to project a memory once for many calls; None: projected here.
        mask: bool `(B, S)`, True = real; None: no padding.
        state: the state returned by the previous step; `()`: the first step.
        training: add noise only if True.

    Returns:
        Context `(B, Q, M)` in the compute dtype, weights float32 `(B, Q, S)`, and the state. The weights are 0 at
        padding and sum to at most one: the probability of passing the end of the memory is lost.

    Raises:
        ValueError: If `noise` is negative, or a mode is unknown.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import LuongAttention
    >>> attention = MonotonicAttention(LuongAttention("dot"), mode="hard", initial_bias=-4.0)
    >>> memory = np.array([[[5.0, 0.0], [0.0, 5.0], [5.0, 0.0]]], "float32")
    >>> left, right = np.array([[[1.0, 0.0]]], "float32"), np.array([[[0.0, 1.0]]], "float32")
    >>> state, steps = (), []
    >>> for query in [left, right, left]:
    ...     context, weights, state = attention(query, memory, state=state)
    ...     steps.append(int(np.argmax(keras.ops.convert_to_numpy(weights))))
    >>> steps
    [0, 1, 2]

    References:
        Raffel et al. 2017, https://arxiv.org/abs/1704.00784.
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
        build_once(self.scorer, query_shape, values_shape)
        start = keras.initializers.Constant(self.initial_bias)
        self.bias = self.add_weight((), initializer=start, autocast=False, name="bias")  # r
        self.built = True

    def initial_state(self, keys: Tensor, mask: Tensor, queries: int | Tensor) -> State:
        """Returns weights with all mass on the first step, the seed of the noise, and the scorer's state."""
        zeros = zero_weights(keys, queries)
        first = ops.concatenate([ops.ones_like(zeros[..., :1]), zeros[..., 1:]], axis=-1)  # (B, Q, S)
        # The seed is drawn here, before the loop over time: a loop must not change the state of a generator.
        seed = self.noise_seed(keys) + ops.zeros((ops.shape(keys)[0], queries, 2), "int32")
        return (first, seed, *self.scorer.initial_state(keys, mask, queries))

    def weigh(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, state: State, training: bool
    ) -> tuple[Tensor, State]:
        """Returns the weights that follow those of the previous step, and the next state."""
        previous, seed, inner = state[0], state[1], state[2:]
        scores = self.scorer.score(query, keys, values, inner) + self.bias  # e + r
        # Noise in training pushes the probabilities towards 0 and 1, so that hard decisions at inference fit.
        if training and self.noise:
            scores = scores + self.noise * keras.random.normal(ops.shape(scores), seed=_FixedSeed(seed[0, 0]))
        mode = self.mode if training or self.inference_mode is None else self.inference_mode
        weights = _MODES[mode](scores, previous, mask)
        # A seed is (drawn value, step): counting up the step gives each step its own noise.
        return weights, (weights, seed + ops.array([0, 1], "int32"), *self.scorer.remember(weights, inner))

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "mode": self.mode,
            "inference_mode": self.inference_mode,
            "noise": self.noise,
            "initial_bias": self.initial_bias,
            "seed": self.seed,
        }


class _NoiseSeed(keras.layers.Layer):
    """Draws a seed `(value, 0)`, int32 `(2,)`, in training; zeros otherwise. A layer, so that Keras sets `training`."""

    def __init__(self, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, keys: Tensor, training: bool = False) -> Tensor:
        if not training:
            return ops.zeros((2,), "int32")
        drawn = keras.random.randint((1,), 0, 2**31 - 1, dtype="int32", seed=self.generator)
        return ops.concatenate([drawn, ops.zeros((1,), "int32")])


class _FixedSeed(keras.random.SeedGenerator):
    """Seed generator that always returns the given seed: it updates no variable, which a loop would not allow."""

    def __init__(self, seed: Tensor) -> None:
        self._seed = seed

    def next(self, ordered: bool = True) -> Tensor:
        return ops.cast(self._seed, "uint32")
