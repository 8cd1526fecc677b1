"""Scheduled sampling in the loop of a decoder."""

from typing import Any

import keras
from keras import ops

from keras_embed._backend import loop
from keras_embed.layers._own_tokens import OwnTokens


@keras.saving.register_keras_serializable(package="keras_embed")
class ScheduledSampling(OwnTokens):
    """Puts the decoder's own tokens in place of some true ones, more and more of them (Bengio et al. 2015).

    At each place but the first, with probability `1 - epsilon(i)` the decoder reads what it would have written at the
    place before, having read the mixed tokens up to there. `i` counts the calls in training; it is a weight, so it goes
    on after a checkpoint. No gradient goes through the choice, as in the paper: so this layer finds the mixed tokens,
    and the decoder then learns on them as under teacher forcing. All random numbers are drawn before the loop.

    Args:
        decay: `epsilon`, the share of true tokens after i training steps: "linear", "exponential", "inverse_sigmoid"
            or "constant".
        choice: "sample", by the decoder's probabilities, or "argmax".
        seed: makes it repeatable.
        name: of the layer.
        dtype: of the layer.
        **arguments: of the decay, see `functional.scheduled_sampling`: `slope`, `start` and `minimum` of "linear",
            `base` of "exponential", `scale` of "inverse_sigmoid", `share` of "constant".

    Call arguments:
        token_ids: int32 `(B, T)`, what teacher forcing would feed.
        step: `step(tokens (B, 1), position, state) -> (logits (B, 1, V), attention, state)`, as decoding has it; the
            tensors of `state[0]` are `(B, 1, ...)`.
        state: what the decoder starts from, `(moving, fixed)`. Outside of training neither is needed.
        training: mix only if True.

    Returns:
        int32 `(B, T)`, what to feed instead.

    Raises:
        ValueError: for an unknown decay or choice, or arguments that the decay does not take.

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.

    Example:
    >>> import numpy as np
    >>> def step(tokens, position, state):  # a decoder that always counts on
    ...     return ops.one_hot(tokens + 1, 10), None, state
    >>> sampling = ScheduledSampling("constant", choice="argmax", share=0.0)
    >>> ids = sampling(np.array([[2, 8, 8, 8]]), step=step, state=((), ()), training=True)
    >>> ops.convert_to_numpy(ids).tolist()
    [[2, 3, 4, 5]]
    """

    def call(self, token_ids: Any, step: Any = None, state: Any = None, training: bool = False) -> Any:
        """Runs the decoder over its own tokens."""
        token_ids = ops.cast(token_ids, "int32")
        if not training:
            return token_ids
        rows, length = ops.shape(token_ids)
        place = ops.arange(length, dtype="int32")[:, None]
        drawn, uniform = (keras.random.uniform((length, rows), seed=self.seed_generator) for _ in range(2))
        own_here = ops.logical_and(place > 0, drawn < self.rate)  # (T, B)
        self.steps.assign_add(1)
        moving, fixed = state

        def mix(carried: Any, inputs: Any) -> Any:
            true, take, number, position = inputs
            tokens = ops.where(take, carried[0], true)  # (B,)
            inner = keras.tree.pack_sequence_as(moving, carried[1:])
            logits, _, (after, _) = step(tokens[:, None], position[0], (inner, fixed))
            return tokens, (self.choose(logits[:, 0], number), *keras.tree.flatten(after))

        start = (token_ids[:, 0], *keras.tree.flatten(moving))
        inputs = (ops.transpose(token_ids), own_here, uniform, place)
        mixed, _ = loop(mix, start, inputs, (token_ids.shape[0],))
        return ops.stop_gradient(ops.transpose(mixed))


@keras.saving.register_keras_serializable(package="keras_embed")
class ParallelScheduledSampling(OwnTokens):
    """Scheduled sampling in two passes, for decoders that read all steps at once (Mihaylova and Martins 2019).

    The first pass reads the true tokens and says at each place what comes next. Then, at each place but the first,
    with probability `1 - epsilon(i)` the token that the pass before said for it stands in place of the true one, and
    the second pass, which learns, reads the mixture. No gradient goes through the first pass. Unlike those of
    `ScheduledSampling`, its own tokens were said after true tokens alone.

    Args:
        decay: see `ScheduledSampling`, as all that follow.
        choice: "sample" or "argmax".
        seed: makes it repeatable.
        name: of the layer.
        dtype: of the layer.
        **arguments: of the decay.

    Call arguments:
        token_ids: int32 `(B, T)`, what teacher forcing would feed.
        logits: floats `(B, T, V)`, what the first pass said after each of them.
        training: mix only if True.

    Returns:
        int32 `(B, T)`, what to feed in the second pass.

    Raises:
        ValueError: for an unknown decay or choice, or arguments that the decay does not take.

    References:
        Mihaylova and Martins 2019, https://arxiv.org/abs/1906.07651; Duckworth et al. 2019,
        https://arxiv.org/abs/1906.04331.

    Example:
    >>> import numpy as np
    >>> sampling = ParallelScheduledSampling("constant", choice="argmax", share=0.0)
    >>> logits = np.eye(10)[[[3, 9, 5]]]  # what comes after 2, after 8 and after 4
    >>> ops.convert_to_numpy(sampling(np.array([[2, 8, 4]]), logits, training=True)).tolist()
    [[2, 3, 9]]
    """

    def call(self, token_ids: Any, logits: Any, training: bool = False) -> Any:
        """Mixes the first pass' tokens in."""
        token_ids = ops.cast(token_ids, "int32")
        if not training:
            return token_ids
        drawn, uniform = (keras.random.uniform(ops.shape(token_ids), seed=self.seed_generator) for _ in range(2))
        own = self.choose(logits, uniform)
        own = ops.concatenate([token_ids[:, :1], own[:, :-1]], axis=1)  # said at t for t + 1
        taken = drawn < self.rate
        self.steps.assign_add(1)
        return ops.stop_gradient(ops.where(taken, own, token_ids))
