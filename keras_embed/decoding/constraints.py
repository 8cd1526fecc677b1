"""What a hypothesis may hold: functions of the log-probabilities that lower some of them.

A constraint is called with `(log_probabilities, history, position)`: floats (B, K, V); the tokens so far, int32
(B, K, L), or None where its `reads_history` is False; and where the next token goes, an int32 scalar. It returns the
new log-probabilities, not normalised again, and at most 0. Any function will do; these are frozen dataclasses, so that
Keras can save them.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.decoding._search import NEVER


class _Constraint:
    reads_history: ClassVar[bool] = False

    def __call__(self, log_probabilities: Any, history: Any, position: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The constraint with these arguments."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class ForbiddenTokens(_Constraint):
    """Tokens that never come out, as padding and start.

    Args:
        ids: the tokens.

    Example:
    >>> lowered = ForbiddenTokens((0, 2))(ops.zeros((1, 1, 4)), None, 0)
    >>> (ops.convert_to_numpy(lowered) < -1e6).tolist()
    [[[True, False, True, False]]]
    """

    ids: Sequence[int]

    def __call__(self, log_probabilities: Any, history: Any, position: Any) -> Any:
        """Lowers them."""
        return log_probabilities + _only(self.ids, log_probabilities) * NEVER


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class MinimumLength(_Constraint):
    """No end before its time.

    Args:
        length: the shortest hypothesis, its end counted.
        end_id: the end token.

    Example:
    >>> MinimumLength(5, end_id=3).length
    5
    """

    length: int
    end_id: int = 3

    def __call__(self, log_probabilities: Any, history: Any, position: Any) -> Any:
        """Lowers the end while a hypothesis that took it would be too short."""
        early = ops.cast(ops.convert_to_tensor(position) + 1 < self.length, "float32")
        return log_probabilities + _only((self.end_id,), log_probabilities) * (early * NEVER)


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class NoRepeatedNgrams(_Constraint):
    """No n tokens in a row that stand in the hypothesis already.

    Args:
        size: n; 1: no token twice.

    References:
        Paulus et al. 2018, https://arxiv.org/abs/1705.04304, section 2.5.

    Example:
    >>> NoRepeatedNgrams(3).size
    3
    """

    size: int
    reads_history: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _errors.check_positive("size", self.size)

    def __call__(self, log_probabilities: Any, history: Any, position: Any) -> Any:
        """Lowers every token that would complete an n-gram for the second time."""
        before, length = self.size - 1, ops.shape(history)[-1]
        follows = ops.arange(length, dtype="int32")  # where the last token of an n-gram stands
        repeats = ops.logical_and(follows >= before, follows < position)[None, None]
        for back in range(1, self.size):
            last = ops.take(history, ops.maximum(position - back, 0), axis=-1)[..., None]  # (B, K, 1)
            then = ops.take(history, ops.maximum(follows - back, 0), axis=-1)  # (B, K, L)
            repeats = ops.logical_and(repeats, last == then)
        repeats = ops.logical_and(repeats, position >= before)
        return ops.where(_holds(history, repeats, log_probabilities), NEVER, log_probabilities)


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class RepetitionPenalty(_Constraint):
    """Makes tokens that were there less probable: their log-probability is multiplied.

    Args:
        penalty: 1 or more; the source below takes 1.2.

    Raises:
        ValueError: for a `penalty` below 1.

    References:
        Keskar et al. 2019, https://arxiv.org/abs/1909.05858, section 4.1, which divides positive logits.

    Example:
    >>> RepetitionPenalty(1.2).penalty
    1.2
    """

    penalty: float
    reads_history: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.penalty < 1:
            raise ValueError(_errors.message("`penalty` of 1 or more", self.penalty))

    def __call__(self, log_probabilities: Any, history: Any, position: Any) -> Any:
        """Multiplies them."""
        there = ops.arange(ops.shape(history)[-1], dtype="int32") < position
        seen = _holds(history, ops.logical_or(there, ops.zeros_like(history, dtype="bool")), log_probabilities)
        return ops.where(seen, log_probabilities * self.penalty, log_probabilities)


def force_prefix(scores: Any, free: Any, prefix: Any, mask: Any, position: Any) -> Any:
    """The log-probabilities, but of the prefix' token alone where a row's prefix has one at this position.

    Args:
        scores: log-probabilities under all constraints (B, K, V).
        free: those of the model, which count for a forced token.
        prefix: int (B, P).
        mask: bool (B, P), True = forced.
        position: int32 scalar.
    """
    here = ops.minimum(position, prefix.shape[1] - 1)
    tokens = ops.take(prefix, here, axis=1)[:, None, None]
    forced = ops.logical_and(ops.take(mask, here, axis=1), position < prefix.shape[1])[:, None, None]
    wanted = ops.arange(free.shape[-1], dtype="int32") == ops.cast(tokens, "int32")
    return ops.where(forced, ops.where(wanted, free, NEVER), scores)


def _only(ids: Sequence[int], log_probabilities: Any) -> Any:
    """1 at the ids and 0 elsewhere, (V,)."""
    return ops.sum(ops.one_hot(ops.convert_to_tensor(list(ids), "int32"), log_probabilities.shape[-1]), axis=0)


def _holds(history: Any, where: Any, log_probabilities: Any) -> Any:
    """Whether a token stands somewhere in the history where `where` is True, bool (B, K, V)."""
    vocabulary, (_, beams, length) = log_probabilities.shape[-1], ops.shape(history)
    marked = ops.reshape(ops.where(where, history, vocabulary), (-1, length))  # one column for what is not meant
    rows = ops.zeros_like(marked) + ops.arange(ops.shape(marked)[0], dtype="int32")[:, None]
    places = ops.reshape(rows * (vocabulary + 1) + marked, (-1, 1))
    nothing = ops.zeros((ops.shape(marked)[0] * (vocabulary + 1),), "int32")
    counts = ops.scatter_update(nothing, places, ops.ones_like(places[:, 0]))
    return ops.reshape(counts, (-1, beams, vocabulary + 1))[..., :vocabulary] > 0
