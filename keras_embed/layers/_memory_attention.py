"""What all layers of attention over a memory are: what makes scores, and what makes weights of scores."""

import abc
from typing import Any, Self

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional import attention
from keras_embed.layers._features import Shape

State = tuple[Any, ...]
"""What an attention remembers from step to step: tensors `(B, Q, ...)`, float32 or int32, opaque to its callers."""


class MemoryAttention(keras.layers.Layer, abc.ABC):
    """Attention over a memory: weights for its steps, and the sum of what they weigh.

    Nothing is kept from call to call: keys and state are arguments. The query axis holds what asks the same memory:
    one query in a step of training, all steps at once where there is no state, or the beams of a search.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, **kwargs: Any) -> None:
        # The state stays in float32 under mixed precision; everything else is cast where it is used.
        super().__init__(**{**kwargs, "autocast": False})
        self.supports_masking = True

    @abc.abstractmethod
    def projected_dim(self, memory_dim: int) -> int:
        """U, the width of the keys of a memory of width M."""

    @abc.abstractmethod
    def project(self, memory: Any) -> Any:
        """The keys of a memory, `(B, S, M) -> (B, S, U)`, to be computed once for all queries."""

    @abc.abstractmethod
    def initial_state(self, keys: Any, mask: Any, queries: Any) -> State:
        """The state before the first step, for Q = `queries`; `()` where there is none."""

    @abc.abstractmethod
    def weigh(self, query: Any, keys: Any, values: Any, mask: Any, state: State, training: bool) -> tuple[Any, State]:
        """Weights, float32 `(B, Q, S)`, 0 at padding, and the state after them; mask `(B, S)` bool."""

    def call(
        self,
        query: Any,
        keys: Any,
        values: Any,
        mask: Any = None,
        state: State = (),
        training: bool = False,
    ) -> tuple[Any, Any, State]:
        """Weighs, then sums."""
        keys = self.project(values) if keys is None else keys
        mask = ops.ones(ops.shape(values)[:2], "bool") if mask is None else ops.cast(mask, "bool")
        state = tuple(state) or self.initial_state(keys, mask, ops.shape(query)[1])
        weights, state = self.weigh(query, keys, values, mask, state, training)
        return attention.weighted_sum(weights, ops.cast(values, self.compute_dtype)), weights, state

    def compute_mask(self, query: Any, previous_mask: Any = None) -> None:
        """Masks are arguments."""


class Scorer(MemoryAttention):
    """An attention that is a softmax of scores. Other layers can make their weights of its scores in another way."""

    @abc.abstractmethod
    def score(self, query: Any, keys: Any, values: Any, state: State) -> Any:
        """How well each key fits each query, float32 `(B, Q, S)`; keys `(B, S, U)` or `(B, Q, S, U)`."""

    @abc.abstractmethod
    def remember(self, weights: Any, state: State) -> State:
        """The state after a step that gave these weights."""

    def weigh(self, query: Any, keys: Any, values: Any, mask: Any, state: State, training: bool) -> tuple[Any, State]:
        """The softmax of the scores over real steps."""
        weights = attention.masked_softmax(self.score(query, keys, values, state), mask)
        return weights, self.remember(weights, state)


class OverScorer(MemoryAttention):
    """An attention that builds on the scores of another, whose keys are its own. Its state ends in the scorer's.

    Args:
        scorer: makes the scores.
        **kwargs: `name`, `dtype`, `trainable`.
    """

    def __init__(self, scorer: Scorer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(scorer, Scorer):
            expected = "a `scorer` whose weights are a softmax of scores"
            raise ValueError(_errors.message(expected, scorer, "BahdanauAttention(units=128)"))
        self.scorer = scorer

    def projected_dim(self, memory_dim: int) -> int:
        """As the scorer."""
        return self.scorer.projected_dim(memory_dim)

    def project(self, memory: Any) -> Any:
        """As the scorer."""
        return self.scorer.project(memory)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "scorer": keras.saving.serialize_keras_object(self.scorer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer of the same shape with fresh weights."""
        return cls(**{**config, "scorer": keras.saving.deserialize_keras_object(config["scorer"])})


def dense(layer: keras.layers.Layer, units: int, name: str, use_bias: bool = False) -> keras.layers.Dense:
    """A projection inside an attention."""
    # Keras does not hand a constructor's trainable=False down to the layers inside.
    inner = {"dtype": layer.dtype_policy, "trainable": layer.trainable, "name": name}
    return keras.layers.Dense(units, use_bias=use_bias, **inner)


def build_once(layer: keras.layers.Layer, *shapes: Shape) -> None:
    """Builds a layer inside an attention, unless it is built: by a call, or because it came built from a file."""
    if not layer.built:
        layer.build(*shapes)


def check_tensor(memory: Any) -> None:
    """Raises `ValueError` on a symbolic memory: a projection apart from the layer would be lost in a saved model."""
    if isinstance(memory, keras.KerasTensor):
        raise ValueError(
            _errors.message("a tensor as memory of `project`", "a symbolic one", "layer(query, None, memory)")
        )


def zero_weights(keys: Any, queries: Any) -> Any:
    """Weights before the first step, `(B, Q, S)`."""
    batch, steps = ops.shape(keys)[:2]
    return ops.zeros((batch, queries, steps), "float32")


def add_to_keys(keys: Any, terms: Any) -> Any:
    """`k + u` where each query has its own u: keys `(B, S, U)` or `(B, Q, S, U)`, terms `(B, Q, S, U)`."""
    keys = keys if len(keys.shape) == 4 else ops.expand_dims(keys, 1)
    return ops.cast(keys, "float32") + ops.cast(terms, "float32")
