"""Searches without a beam: greedy search and sampling."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import largest
from keras_embed._types import Tensor
from keras_embed.decoding._search import Frame, Hypotheses, Search, best_continuations

#: Log-probabilities (B, K), lengths (B, K), ended (B, K), random numbers (L, B, K) or `()`.
State = tuple[Tensor, Tensor, Tensor, Tensor]


class _Independent(Search):
    """Search of K hypotheses that do not compete: each continues by one token per step."""

    def begin(self, frame: Frame) -> tuple[State, tuple[Tensor, ...]]:
        width = self.width
        logs, lengths = frame.full(width, 0, "float32"), frame.full(width, 0, "int32")
        return (logs, lengths, lengths > 0, self._draws(frame)), (frame.record(width, 0, "int32"),)

    def choose(
        self, scores: Tensor, own: State, position: Tensor, coverage: Tensor, frame: Frame
    ) -> tuple[Tensor, None, State, tuple[Tensor, ...]]:
        logs, lengths, ended, draws = own
        tokens, gained = self._pick(scores, draws, position)
        if frame.limits is not None:
            ended = ops.logical_or(ended, ops.logical_not(frame.running(position))[:, None])
        # A hypothesis that has ended continues with padding.
        tokens = ops.where(ended, 0, tokens)
        # Invariant: log-probability and length of a hypothesis do not change after its end.
        logs = ops.where(ended, logs, logs + gained)
        lengths = ops.where(ended, lengths, position + 1)
        ended = ops.logical_or(ended, tokens == frame.end_id)
        return tokens, None, (logs, lengths, ended, draws), (tokens,)

    def done(self, own: State) -> Tensor:
        """Returns True for hypotheses that have ended, (B, K)."""
        return own[2]

    def collect(self, records: tuple[Tensor, ...], own: State, coverage: Tensor, frame: Frame) -> Hypotheses:
        logs, lengths = own[:2]
        return Hypotheses(ops.transpose(records[0], (1, 2, 0)), lengths, logs, logs)  # (L, B, K) -> (B, K, L)

    def _draws(self, frame: Frame) -> Any:
        return ()

    def _pick(self, scores: Tensor, draws: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """Returns tokens and their log-probabilities, (B, K) each, for `scores` (B, K, V)."""
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class Greedy(_Independent):
    """Greedy search: the most probable token in each step; among equals, the first.

    Example:
    >>> Greedy().width
    1
    """

    @property
    def width(self) -> int:
        """1, the number of hypotheses."""
        return 1

    def _pick(self, scores: Tensor, draws: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        gained, codes = best_continuations(scores, 1)  # with one beam, the code is the token
        return codes, gained


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class Sampling(_Independent):
    """Sampling from the model's distribution, or from its most probable tokens.

    In each step, in this order: log-probabilities are divided by the temperature; only the `top_k` most probable
    tokens remain; of these, the fewest whose probabilities sum to at least `top_p`; one of them is drawn. `scores` and
    `log_probabilities` are those of the model, before these changes. Samples are not sorted.

    Args:
        temperature: positive; below 1 it sharpens the distribution.
        top_k: None: all tokens.
        top_p: in (0, 1]; 1: all tokens. Without `top_k` it sorts the whole vocabulary in each step.
        num_samples: K, number of samples for each row, drawn with replacement.
        seed: int: the same samples in each call; `keras.random.SeedGenerator`: new samples in each call; None: Keras'
            global generator, which a compiled function cannot use (`Searcher` replaces it by its own).

    Raises:
        ValueError: If `temperature` is not positive, `top_k` is below one, or `top_p` is outside of (0, 1].

    Example:
    >>> Sampling(temperature=0.8, top_k=50, num_samples=3).width
    3

    References:
        Fan et al. 2018 (top-k), https://arxiv.org/abs/1805.04833; Holtzman et al. 2020 (top-p, "nucleus"),
        https://arxiv.org/abs/1904.09751.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    num_samples: int = 1
    seed: int | keras.random.SeedGenerator | None = None

    def __post_init__(self) -> None:
        _errors.check_positive("num_samples", self.num_samples)
        if self.temperature <= 0:
            raise ValueError(_errors.message("`temperature` above 0", self.temperature, "Greedy()"))
        if self.top_k is not None:
            _errors.check_positive("top_k", self.top_k)
        if not 0 < self.top_p <= 1:
            raise ValueError(_errors.message("`top_p` in (0, 1]", self.top_p))

    @property
    def width(self) -> int:
        """K, the number of samples."""
        return self.num_samples

    def _draws(self, frame: Frame) -> Tensor:
        """Returns random numbers for all steps, uniform in [0, 1), (L, B, K): a loop must not change a generator."""
        if frame.draws is not None:
            return ops.transpose(ops.cast(frame.draws, "float32"), (1, 0, 2))  # (B, L, K) -> (L, B, K)
        shape = (frame.steps, ops.shape(frame.start_ids)[0], self.num_samples)
        return keras.random.uniform(shape, dtype="float32", seed=self.seed)

    def _pick(self, scores: Tensor, draws: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        indices, logits = None, scores / self.temperature
        if self.top_k is not None or self.top_p < 1:
            vocabulary = scores.shape[-1]
            logits, indices = largest(logits, min(self.top_k or vocabulary, vocabulary))  # in descending order
        probabilities = ops.softmax(logits, axis=-1)
        sums = ops.cumsum(probabilities, axis=-1)
        allowed = probabilities > 0
        if self.top_p < 1:
            # A token remains if the more probable ones do not reach `top_p` without it.
            allowed = ops.logical_and(allowed, sums - probabilities < self.top_p)
        # The probability of all remaining tokens: a prefix of the descending order, or the whole vocabulary.
        mass = ops.max(ops.where(allowed, sums, 0.0), axis=-1)
        # Inverse transform sampling: the first token whose cumulative probability exceeds u * mass.
        drawn = ops.take(draws, position, axis=0) * mass
        reached = ops.logical_and(allowed, sums > drawn[..., None])
        # argmax returns the first of equals, (B, K, V) -> (B, K, 1)
        tokens = ops.argmax(ops.cast(reached, "int32"), axis=-1)[..., None]
        # Back from the rank to the token.
        if indices is not None:
            tokens = ops.take_along_axis(indices, tokens, axis=-1)
        return ops.cast(tokens[..., 0], "int32"), ops.take_along_axis(scores, tokens, axis=-1)[..., 0]
