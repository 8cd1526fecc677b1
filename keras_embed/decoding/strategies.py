"""Searches without a beam: the most probable token, or one by chance."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import largest
from keras_embed.decoding._best import best_continuations
from keras_embed.decoding._search import Frame, Hypotheses, Search


class _Chains(Search):
    """K hypotheses that go on by one token each, whatever the others do."""

    def begin(self, frame: Frame) -> tuple[Any, Any]:
        """Log-probabilities, lengths and who has ended, (B, K) each, and what `_pick` draws from."""
        width = self.width
        logs, lengths = frame.full(width, 0, "float32"), frame.full(width, 0, "int32")
        return (logs, lengths, lengths > 0, self._draws(frame)), (frame.record(width, 0, "int32"),)

    def choose(self, scores: Any, own: Any, position: Any, coverage: Any, frame: Frame) -> tuple[Any, Any, Any, Any]:
        """The next token of each chain that has not ended."""
        logs, lengths, ended, draws = own
        tokens, gained = self._pick(scores, draws, position)
        if frame.limits is not None:
            ended = ops.logical_or(ended, ops.logical_not(frame.running(position))[:, None])
        tokens = ops.where(ended, 0, tokens)
        logs = ops.where(ended, logs, logs + gained)
        lengths = ops.where(ended, lengths, position + 1)
        ended = ops.logical_or(ended, tokens == frame.end_id)
        return tokens, None, (logs, lengths, ended, draws), (tokens,)

    def done(self, own: Any) -> Any:
        """(B, K)"""
        return own[2]

    def collect(self, records: Any, own: Any, coverage: Any, frame: Frame) -> Hypotheses:
        """Each chain, in the order of the beams."""
        logs, lengths = own[:2]
        return Hypotheses(ops.transpose(records[0], (1, 2, 0)), lengths, logs, logs)

    def _draws(self, frame: Frame) -> Any:
        return ()

    def _pick(self, scores: Any, draws: Any, position: Any) -> tuple[Any, Any]:
        """Tokens and their log-probabilities, (B, K) both, of `scores` (B, K, V)."""
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class Greedy(_Chains):
    """The most probable token in each step; the first of equals.

    Example:
    >>> Greedy().width
    1
    """

    @property
    def width(self) -> int:
        """1."""
        return 1

    def _pick(self, scores: Any, draws: Any, position: Any) -> tuple[Any, Any]:
        gained, codes = best_continuations(scores, 1)  # there is one beam, so that its code is the token
        return codes, gained


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class Sampling(_Chains):
    """Draws each token from the model's distribution, or from the head of it.

    In each step, in this order: log-probabilities are divided by the temperature; only the `top_k` most probable
    tokens stay; of these the fewest that together have a probability of `top_p` or more; and one of the rest is drawn.
    `scores` and `log_probabilities` are the model's own, before all this. Samples are not sorted.

    Args:
        temperature: above 0; below 1 the probable becomes more probable.
        top_k: None: all tokens.
        top_p: in (0, 1]; 1: all tokens. Alone it sorts the whole vocabulary in each step: with `top_k` it is cheaper.
        num_samples: K, samples for each row, drawn with replacement.
        seed: int: the same samples in each call; `keras.random.SeedGenerator`: new ones in each call; None: Keras'
            global one, which a compiled function cannot take (`Searcher` gives its own instead).

    Raises:
        ValueError: for a `temperature` of 0 or less, `top_k` below one, and `top_p` outside (0, 1].

    References:
        Fan et al. 2018 (top-k), https://arxiv.org/abs/1805.04833; Holtzman et al. 2020 (top-p, "nucleus"),
        https://arxiv.org/abs/1904.09751.

    Example:
    >>> Sampling(temperature=0.8, top_k=50, num_samples=3).width
    3
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    num_samples: int = 1
    seed: Any = None

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
        """K."""
        return self.num_samples

    def _draws(self, frame: Frame) -> Any:
        """One number for each token to come, uniform in [0, 1), (L, B, K)."""
        if frame.draws is not None:
            return ops.transpose(ops.cast(frame.draws, "float32"), (1, 0, 2))
        shape = (frame.steps, ops.shape(frame.start_ids)[0], self.num_samples)
        return keras.random.uniform(shape, dtype="float32", seed=self.seed)

    def _pick(self, scores: Any, draws: Any, position: Any) -> tuple[Any, Any]:
        places, logits = None, scores / self.temperature
        if self.top_k is not None or self.top_p < 1:
            vocabulary = scores.shape[-1]
            logits, places = largest(logits, min(self.top_k or vocabulary, vocabulary))
        probabilities = ops.softmax(logits, axis=-1)
        sums = ops.cumsum(probabilities, axis=-1)
        stays = probabilities > 0
        if self.top_p < 1:
            stays = ops.logical_and(stays, sums - probabilities < self.top_p)
        mass = ops.max(ops.where(stays, sums, 0.0), axis=-1)
        drawn = ops.take(draws, position, axis=0) * mass  # the inverse of the distribution function
        reached = ops.logical_and(stays, sums > drawn[..., None])
        tokens = ops.argmax(ops.cast(reached, "int32"), axis=-1)[..., None]
        if places is not None:
            tokens = ops.take_along_axis(places, tokens, axis=-1)
        return ops.cast(tokens[..., 0], "int32"), ops.take_along_axis(scores, tokens, axis=-1)[..., 0]
