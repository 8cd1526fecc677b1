"""Constraints on hypotheses: functions that lower the log-probabilities of some tokens.

A constraint is called with `(log_probabilities, history, position)`: floats (B, K, V); the tokens so far, int32
(B, K, L), or None if its `reads_history` is False; and the index of the next token, an int32 scalar. It returns the new
log-probabilities, at most 0, and not normalized again. Any function can be a constraint; these are frozen dataclasses,
so that Keras can save them.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Tensor
from keras_embed.decoding._search import NEVER

Constraint = Callable[[Tensor, Any, Any], Tensor]


class _Constraint:
    reads_history: ClassVar[bool] = False

    def __call__(self, log_probabilities: Tensor, history: Tensor | None, position: Tensor) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> Config:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class ForbiddenTokens(_Constraint):
    """Tokens that are never generated, such as padding and the start token.

    Args:
        ids: of the tokens.

    Example:
    >>> lowered = ForbiddenTokens((0, 2))(ops.zeros((1, 1, 4)), None, 0)
    >>> (ops.convert_to_numpy(lowered) < -1e6).tolist()
    [[[True, False, True, False]]]
    """

    ids: Sequence[int]

    def __call__(self, log_probabilities: Tensor, history: Tensor | None, position: Tensor) -> Tensor:
        """Lowers the log-probabilities of the tokens."""
        return log_probabilities + _one_at(self.ids, log_probabilities) * NEVER


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class MinimumLength(_Constraint):
    """Minimum length of the hypotheses.

    Args:
        length: of the shortest hypothesis, including the end token.
        end_id: id of the end token.

    Example:
    >>> MinimumLength(5, end_id=3).length
    5
    """

    length: int
    end_id: int = 3

    def __call__(self, log_probabilities: Tensor, history: Tensor | None, position: Tensor) -> Tensor:
        """Lowers the end token while a hypothesis that ends here is too short."""
        # A hypothesis that ends at this position has position + 1 tokens.
        early = ops.cast(ops.convert_to_tensor(position) + 1 < self.length, "float32")
        return log_probabilities + _one_at((self.end_id,), log_probabilities) * (early * NEVER)


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class NoRepeatedNgrams(_Constraint):
    """No n-gram occurs twice in a hypothesis.

    Args:
        size: n; 1: no token occurs twice.

    Example:
    >>> NoRepeatedNgrams(3).size
    3

    References:
        Paulus et al. 2018, https://arxiv.org/abs/1705.04304, section 2.5.
    """

    size: int
    reads_history: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _errors.check_positive("size", self.size)

    def __call__(self, log_probabilities: Tensor, history: Tensor | None, position: Tensor) -> Tensor:
        """Lowers all tokens that would complete an n-gram for the second time."""
        before, length = self.size - 1, ops.shape(history)[-1]
        # `repeats` at index i: the n - 1 tokens before i equal the last n - 1 tokens, so that token i must not follow.
        follows = ops.arange(length, dtype="int32")
        repeats = ops.logical_and(follows >= before, follows < position)[None, None]
        for back in range(1, self.size):
            last = ops.take(history, ops.maximum(position - back, 0), axis=-1)[..., None]  # (B, K, 1)
            earlier = ops.take(history, ops.maximum(follows - back, 0), axis=-1)  # (B, K, L)
            repeats = ops.logical_and(repeats, last == earlier)
        # With fewer than n - 1 tokens so far, no n-gram can be complete.
        repeats = ops.logical_and(repeats, position >= before)
        return ops.where(_occurring(history, repeats, log_probabilities), NEVER, log_probabilities)


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class RepetitionPenalty(_Constraint):
    """Multiplies the log-probabilities of tokens that the hypothesis already contains.

    Args:
        penalty: 1 or more; 1.2 in the paper.

    Raises:
        ValueError: If `penalty` is below 1.

    Example:
    >>> RepetitionPenalty(1.2).penalty
    1.2

    References:
        Keskar et al. 2019, https://arxiv.org/abs/1909.05858, section 4.1, which divides positive logits.
    """

    penalty: float
    reads_history: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.penalty < 1:
            raise ValueError(_errors.message("`penalty` of 1 or more", self.penalty))

    def __call__(self, log_probabilities: Tensor, history: Tensor | None, position: Tensor) -> Tensor:
        """Multiplies the log-probabilities of earlier tokens."""
        past = ops.arange(ops.shape(history)[-1], dtype="int32") < position  # (L,)
        seen = _occurring(history, ops.logical_or(past, ops.zeros_like(history, dtype="bool")), log_probabilities)
        # Log-probabilities are at most 0, so that a product with the penalty lowers them.
        return ops.where(seen, log_probabilities * self.penalty, log_probabilities)


def force_prefix(scores: Tensor, free: Tensor, prefix: Tensor, mask: Tensor, position: Tensor) -> Tensor:
    """Allows only the token of the prefix in rows that have one at this position.

    Args:
        scores: log-probabilities with all constraints (B, K, V).
        free: log-probabilities of the model, which count for a forced token.
        prefix: int (B, P).
        mask: bool (B, P), True = forced.
        position: int32 scalar.
    """
    here = ops.minimum(position, prefix.shape[1] - 1)
    tokens = ops.take(prefix, here, axis=1)[:, None, None]  # (B, 1, 1)
    forced = ops.logical_and(ops.take(mask, here, axis=1), position < prefix.shape[1])[:, None, None]
    wanted = ops.arange(free.shape[-1], dtype="int32") == ops.cast(tokens, "int32")  # (B, 1, V)
    return ops.where(forced, ops.where(wanted, free, NEVER), scores)


def _one_at(ids: Sequence[int], log_probabilities: Tensor) -> Tensor:
    """Returns 1 at the ids and 0 elsewhere, (V,)."""
    return ops.sum(ops.one_hot(ops.convert_to_tensor(list(ids), "int32"), log_probabilities.shape[-1]), axis=0)


def _occurring(history: Tensor, where: Tensor, log_probabilities: Tensor) -> Tensor:
    """Returns True for tokens that occur in the history at indices where `where` is True, bool (B, K, V)."""
    vocabulary, (_, beams, length) = log_probabilities.shape[-1], ops.shape(history)
    # One scatter into (B * K, V + 1): the last column collects the indices where `where` is False.
    columns = ops.reshape(ops.where(where, history, vocabulary), (-1, length))  # (B * K, L)
    rows = ops.zeros_like(columns) + ops.arange(ops.shape(columns)[0], dtype="int32")[:, None]
    indices = ops.reshape(rows * (vocabulary + 1) + columns, (-1, 1))
    zeros = ops.zeros((ops.shape(columns)[0] * (vocabulary + 1),), "int32")
    counts = ops.scatter_update(zeros, indices, ops.ones_like(indices[:, 0]))
    return ops.reshape(counts, (-1, beams, vocabulary + 1))[..., :vocabulary] > 0
