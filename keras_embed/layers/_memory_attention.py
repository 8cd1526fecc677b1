"""Base classes of the attention layers over a memory, and their helpers."""

import abc
from typing import Any, Self

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional import attention

State = tuple[Tensor, ...]
"""State of an attention between two steps: tensors `(B, Q, ...)`, float32 or int32, opaque to its callers."""


class MemoryAttention(keras.layers.Layer, abc.ABC):
    """Attention over a memory: computes weights of its steps, and the weighted sum of them.

    The layer has no state between calls: projected keys and the attention state are arguments. The query axis holds
    independent queries of one memory: one in a training step, all time steps if the attention has no state, or the
    beams of a search.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, **kwargs: Any) -> None:
        # Autocast is off so that the state stays in float32 under mixed precision; inputs are cast where they are used.
        super().__init__(**{**kwargs, "autocast": False})
        self.supports_masking = True

    @abc.abstractmethod
    def projected_dim(self, memory_dim: int) -> int:
        """Returns U, the width of the keys of a memory of width M."""

    @abc.abstractmethod
    def project(self, memory: Tensor) -> Tensor:
        """Projects a memory to keys, `(B, S, M) -> (B, S, U)`, once for all queries."""

    @abc.abstractmethod
    def initial_state(self, keys: Tensor, mask: Tensor, queries: int | Tensor) -> State:
        """Returns the state before the first step of Q = `queries` queries; `()` for a stateless attention."""

    @abc.abstractmethod
    def weigh(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, state: State, training: bool
    ) -> tuple[Tensor, State]:
        """Returns weights, float32 `(B, Q, S)`, 0 at padding, and the next state; mask `(B, S)` bool."""

    def call(
        self,
        query: Tensor,
        values: Tensor,
        keys: Tensor = None,
        mask: Tensor = None,
        state: State = (),
        training: bool = False,
    ) -> tuple[Tensor, Tensor, State]:
        keys = self.project(values) if keys is None else keys  # (B, S, U)
        mask = ops.ones(ops.shape(values)[:2], "bool") if mask is None else ops.cast(mask, "bool")  # (B, S)
        # An empty state is the start of a sequence, or a stateless attention, whose initial state is empty too.
        state = tuple(state) or self.initial_state(keys, mask, ops.shape(query)[1])
        weights, state = self.weigh(query, keys, values, mask, state, training)  # (B, Q, S)
        # c_t = sum_s a_ts h_s
        context = attention.weighted_sum(weights, ops.cast(values, self.compute_dtype))  # (B, Q, M)
        return context, weights, state

    def compute_mask(self, query: Tensor, previous_mask: Tensor = None) -> None:
        """Returns None: masks are arguments of the call."""


class Scorer(MemoryAttention):
    """Attention whose weights are a softmax of scores. An `AttentionWrapper` normalizes the scores in another way."""

    @abc.abstractmethod
    def score(self, query: Tensor, keys: Tensor, values: Tensor, state: State) -> Tensor:
        """Returns scores, float32 `(B, Q, S)`; keys `(B, S, U)`, or `(B, Q, S, U)` if each query has its own."""

    @abc.abstractmethod
    def remember(self, weights: Tensor, state: State) -> State:
        """Returns the next state, after a step with these weights."""

    def weigh(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor, state: State, training: bool
    ) -> tuple[Tensor, State]:
        """Returns the softmax of the scores over unmasked steps, and the next state."""
        # a_ts = exp(e_ts) / sum_s exp(e_ts) over real steps s
        weights = attention.masked_softmax(self.score(query, keys, values, state), mask)
        return weights, self.remember(weights, state)


class AttentionWrapper(MemoryAttention):
    """Attention that uses the keys and the scores of another one. Its state ends with the state of the scorer.

    Args:
        scorer: the attention that computes the scores.
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, scorer: Scorer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(scorer, Scorer):
            expected = "a `scorer` whose weights are a softmax of scores"
            raise ValueError(_errors.message(expected, scorer, "BahdanauAttention(units=128)"))
        self.scorer = scorer

    def projected_dim(self, memory_dim: int) -> int:
        """Returns the width of the scorer's keys."""
        return self.scorer.projected_dim(memory_dim)

    def project(self, memory: Tensor) -> Tensor:
        """Returns the scorer's keys."""
        return self.scorer.project(memory)

    def get_config(self) -> Config:
        return {**super().get_config(), "scorer": keras.saving.serialize_keras_object(self.scorer)}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**{**config, "scorer": keras.saving.deserialize_keras_object(config["scorer"])})


def dense(layer: keras.layers.Layer, units: int, name: str, use_bias: bool = False) -> keras.layers.Dense:
    """Creates a projection inside an attention layer."""
    # Keras does not pass trainable=False of a constructor on to nested layers.
    inner = {"dtype": layer.dtype_policy, "trainable": layer.trainable, "name": name}
    return keras.layers.Dense(units, use_bias=use_bias, **inner)


def build_once(layer: keras.layers.Layer, *shapes: Shape) -> None:
    """Builds a nested layer, unless a call or a loaded file has built it already."""
    if not layer.built:
        layer.build(*shapes)


def check_tensor(memory: Tensor) -> None:
    """Raises `ValueError` for a symbolic memory: a projection outside of the layer would be lost in a saved model."""
    if isinstance(memory, keras.KerasTensor):
        raise ValueError(_errors.message("a tensor as memory of `project`", "a symbolic one", "layer(query, memory)"))


def zero_weights(keys: Tensor, queries: int | Tensor) -> Tensor:
    """Returns the weights before the first step, zeros `(B, Q, S)`."""
    batch, steps = ops.shape(keys)[:2]
    return ops.zeros((batch, queries, steps), "float32")


def add_to_keys(keys: Tensor, terms: Tensor) -> Tensor:
    """Adds terms `(B, Q, S, U)` of each query to keys `(B, S, U)` or `(B, Q, S, U)`."""
    keys = keys if len(keys.shape) == 4 else ops.expand_dims(keys, 1)  # (B, 1, S, U)
    return ops.cast(keys, "float32") + ops.cast(terms, "float32")
