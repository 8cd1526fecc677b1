"""Scheduled sampling: a decoder is trained on a mixture of true tokens and its own predictions."""

import abc
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import loop
from keras_embed._types import Config, DecoderStep, KerasObject, Tensor
from keras_embed.functional import scheduled_sampling as formulas

_DECAYS: dict[str, Callable[..., Tensor]] = {
    "constant": lambda step, share: share + 0.0 * ops.cast(step, "float32"),
    "linear": formulas.linear_decay,
    "exponential": formulas.exponential_decay,
    "inverse_sigmoid": formulas.inverse_sigmoid_decay,
}
_CHOICES = ("sample", "argmax")


class _PredictedTokens(keras.layers.Layer, abc.ABC):
    """Base class of both layers: counts training steps, computes the sampling rate, and chooses tokens."""

    def __init__(
        self,
        decay: str = "inverse_sigmoid",
        choice: str = "sample",
        seed: int | None = None,
        name: str | None = None,
        dtype: KerasObject = None,
        **arguments: float,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        _errors.check_one_of("decay", decay, _DECAYS)
        _errors.check_one_of("choice", choice, _CHOICES)
        self.decay = decay
        self.choice = choice
        self.seed = seed
        self.arguments = arguments
        try:
            # Called once here, so that wrong arguments raise now and not in the first training step.
            _DECAYS[decay](0, **arguments)
        except TypeError as error:
            expected = f"the arguments of the decay {decay!r}, see functional.scheduled_sampling"
            raise ValueError(_errors.message(expected, arguments)) from error
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps = self.add_weight((), "zeros", dtype="int32", trainable=False, name="steps")
        self.built = True

    @property
    def rate(self) -> Tensor:
        """`1 - epsilon(i)`, the share of predicted tokens in the next training step, float32."""
        return 1.0 - _DECAYS[self.decay](self.steps.value, **self.arguments)

    def choose(self, logits: Tensor, uniform: Tensor) -> Tensor:
        """Returns tokens (...) for logits (..., V) and uniform random numbers (...)."""
        chosen = formulas.sample(logits, uniform) if self.choice == "sample" else ops.argmax(logits, -1)
        return ops.cast(chosen, "int32")

    def compute_output_spec(self, token_ids: Tensor, *others: Any, **arguments: Any) -> Tensor:
        return keras.KerasTensor(token_ids.shape, "int32")

    def get_config(self) -> Config:
        # `trainable` is not an argument: the only weight is the count of steps.
        config = {name: value for name, value in super().get_config().items() if name != "trainable"}
        return {**config, "decay": self.decay, "choice": self.choice, "seed": self.seed, **self.arguments}


@keras.saving.register_keras_serializable(package="keras_embed")
class ScheduledSampling(_PredictedTokens):
    """Replaces a growing share of the true tokens by the decoder's own predictions (Bengio et al. 2015).

    At each position but the first, with probability `1 - epsilon(i)`, the token is replaced by the prediction of the
    decoder for this position, after it has read the mixed tokens up to there. `i` counts the calls in training; it is a
    weight, so that it continues after a checkpoint. As in the paper, no gradient flows through the choice: this layer
    computes the mixed tokens, and the decoder is then trained on them as under teacher forcing. All random numbers are
    drawn before the loop.

    Args:
        decay: `epsilon`, the share of true tokens after i training steps: "linear", "exponential", "inverse_sigmoid"
            or "constant".
        choice: "sample" from the decoder's distribution, or "argmax".
        seed: seed of the random numbers.
        name: of the layer.
        dtype: of the layer.
        **arguments: of the decay, see `functional.scheduled_sampling`: `slope`, `start` and `minimum` of "linear",
            `base` of "exponential", `scale` of "inverse_sigmoid", `share` of "constant".

    Call arguments:
        token_ids: int32 `(B, T)`, the inputs under teacher forcing.
        step: `step(tokens (B, 1), position, state) -> (logits (B, 1, V), attention, state)`, see `decoding.decode`; the
            tensors of `state[0]` are `(B, 1, ...)`.
        state: the decoder's initial state, `(beam_state, memory)`. Outside of training, neither is needed.
        training: mix only if True.

    Returns:
        The mixed tokens, int32 `(B, T)`.

    Raises:
        ValueError: If the decay, the choice or an argument of the decay is unknown, or `step` or `state` is missing in
            training.

    Example:
    >>> import numpy as np
    >>> def step(tokens, position, state):  # a decoder that predicts the next integer
    ...     return ops.one_hot(tokens + 1, 10), None, state
    >>> sampling = ScheduledSampling("constant", choice="argmax", share=0.0)
    >>> ids = sampling(np.array([[2, 8, 8, 8]]), step=step, state=((), ()), training=True)
    >>> ops.convert_to_numpy(ids).tolist()
    [[2, 3, 4, 5]]

    References:
        Bengio et al. 2015, https://arxiv.org/abs/1506.03099.
    """

    def call(
        self,
        token_ids: Tensor,
        step: DecoderStep | None = None,
        state: tuple[Any, Any] | None = None,
        training: bool = False,
    ) -> Tensor:
        token_ids = ops.cast(token_ids, "int32")
        if not training:
            return token_ids
        if step is None or state is None:
            raise ValueError(_errors.message("`step` and `state` in training", "None"))
        rows, length = ops.shape(token_ids)
        positions = ops.arange(length, dtype="int32")[:, None]  # (T, 1)
        drawn, uniform = (keras.random.uniform((length, rows), seed=self.seed_generator) for _ in range(2))
        replaced = ops.logical_and(positions > 0, drawn < self.rate)  # (T, B)
        self.steps.assign_add(1)
        beam_state, memory = state

        def mix(carried: Any, inputs: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
            # The carried state is (the prediction for this position, *the decoder's state before it).
            true, replace, number, position = inputs
            tokens = ops.where(replace, carried[0], true)  # (B,)
            before = keras.tree.pack_sequence_as(beam_state, carried[1:])
            logits, _, (after, _) = step(tokens[:, None], position[0], (before, memory))
            return tokens, (self.choose(logits[:, 0], number), *keras.tree.flatten(after))

        # The loop runs over time: inputs are (T, B), and each step sees one position of all rows.
        start = (token_ids[:, 0], *keras.tree.flatten(beam_state))
        inputs = (ops.transpose(token_ids), replaced, uniform, positions)
        mixed, _ = loop(mix, start, inputs, (token_ids.shape[0],))
        return ops.stop_gradient(ops.transpose(mixed))  # (T, B) -> (B, T)


@keras.saving.register_keras_serializable(package="keras_embed")
class ParallelScheduledSampling(_PredictedTokens):
    """Scheduled sampling in two passes, for decoders that compute all steps at once (Mihaylova and Martins 2019).

    The first pass reads the true tokens and predicts the next token at each position. Then, at each position but the
    first, with probability `1 - epsilon(i)`, the prediction for it replaces the true token; the second pass is trained
    on the mixture. No gradient flows through the first pass. Unlike in `ScheduledSampling`, predictions depend on true
    tokens only.

    Args:
        decay: see `ScheduledSampling`, as for all other arguments.
        choice: "sample" or "argmax".
        seed: seed of the random numbers.
        name: of the layer.
        dtype: of the layer.
        **arguments: of the decay.

    Call arguments:
        token_ids: int32 `(B, T)`, the inputs under teacher forcing.
        logits: floats `(B, T, V)`, the predictions of the first pass for the next tokens.
        training: mix only if True.

    Returns:
        The mixed tokens, int32 `(B, T)`, inputs of the second pass.

    Raises:
        ValueError: If the decay, the choice or an argument of the decay is unknown.

    Example:
    >>> import numpy as np
    >>> sampling = ParallelScheduledSampling("constant", choice="argmax", share=0.0)
    >>> logits = np.eye(10)[[[3, 9, 5]]]  # predictions after 2, after 8 and after 4
    >>> ops.convert_to_numpy(sampling(np.array([[2, 8, 4]]), logits, training=True)).tolist()
    [[2, 3, 9]]

    References:
        Mihaylova and Martins 2019, https://arxiv.org/abs/1906.07651; Duckworth et al. 2019,
        https://arxiv.org/abs/1906.04331.
    """

    def call(self, token_ids: Tensor, logits: Tensor, training: bool = False) -> Tensor:
        token_ids = ops.cast(token_ids, "int32")
        if not training:
            return token_ids
        drawn, uniform = (keras.random.uniform(ops.shape(token_ids), seed=self.seed_generator) for _ in range(2))
        predicted = self.choose(logits, uniform)
        # The prediction at t is for t + 1; the first token has none.
        predicted = ops.concatenate([token_ids[:, :1], predicted[:, :-1]], axis=1)
        replaced = drawn < self.rate
        self.steps.assign_add(1)
        return ops.stop_gradient(ops.where(replaced, predicted, token_ids))
