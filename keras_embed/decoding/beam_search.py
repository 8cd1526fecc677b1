"""Beam search."""

import dataclasses
import math
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import largest
from keras_embed.decoding._best import best_continuations
from keras_embed.decoding._search import BASE, DEAD, NEVER, Frame, Hypotheses, Search, trace
from keras_embed.decoding.penalties import coverage_penalty, length_penalty

STOPS = ("exact", "likely")


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class BeamSearch(Search):
    """Keeps the K most probable unfinished hypotheses, and apart from them the best finished ones.

    In each step every hypothesis is continued by every token. A continuation by the end token is finished if it is
    among the K best of all continuations, and competes by its score from then on; the K best of the others go on.

        score(Y) = log P(Y) / ((5 + |Y|) / 6) ** alpha + beta * sum_s log(min(sum_t a_ts, 1))

    So a finished hypothesis loses nothing by waiting, and takes no place in the beam. With alpha = 0 one beam is
    greedy search. Hypotheses that reach the maximum length unfinished fill the places that no finished one claims.

    Args:
        beams: K.
        length_penalty: alpha (equation 14), 0 or more.
        coverage_penalty: beta (equation 15), 0 or more; needs a step with attention, and `source_mask`.
        n_best: N, hypotheses to return, at most K.
        stop: when a row is done. "exact": when no unfinished hypothesis can get better than the worst of the N best
            finished ones, even if it grew to the maximum length and lost no probability. "likely": when none would if
            it finished now without losing any; this stops much earlier when alpha > 0, and misses something rarely.

    Raises:
        ValueError: for numbers below one, more hypotheses than beams, penalties below 0, and another `stop`.

    References:
        Graves 2012, https://arxiv.org/abs/1211.3711; Wu et al. 2016, https://arxiv.org/abs/1609.08144, section 7.

    Example:
    >>> BeamSearch(beams=4, length_penalty=1.0).width
    4
    """

    beams: int = 5
    length_penalty: float = 0.6
    coverage_penalty: float = 0.0
    n_best: int = 1
    stop: str = "exact"

    def __post_init__(self) -> None:
        _errors.check_positive("beams", self.beams)
        _errors.check_positive("n_best", self.n_best)
        _errors.check_one_of("stop", self.stop, STOPS)
        for name in ("length_penalty", "coverage_penalty"):
            if getattr(self, name) < 0:
                raise ValueError(_errors.message(f"`{name}` of 0 or more", getattr(self, name)))
        if self.n_best > self.beams:
            expected = "`n_best` of at most `beams`"
            raise ValueError(
                _errors.message(expected, f"n_best={self.n_best}, beams={self.beams}", f"beams={self.n_best}")
            )

    @property
    def width(self) -> int:
        """K."""
        return self.beams

    @property
    def watches_coverage(self) -> bool:  # type: ignore[override]
        """Whether attention counts."""
        return self.coverage_penalty > 0

    def begin(self, frame: Frame) -> tuple[Any, Any]:
        """Log-probabilities of the K live hypotheses, of which one is real; the N best scores; who is done."""
        live = ops.where(ops.arange(self.beams) == 0, 0.0, frame.full(self.beams, NEVER, "float32"))
        best, done = frame.full(self.n_best, NEVER, "float32"), ops.zeros_like(frame.start_ids, dtype="bool")
        records = [frame.record(self.beams, 0, "int32"), frame.record(self.beams, NEVER, "float32")]
        if self.watches_coverage:
            records.append(records[1])
        return (live, best, done), tuple(records)

    def choose(self, scores: Any, own: Any, position: Any, coverage: Any, frame: Frame) -> tuple[Any, Any, Any, Any]:
        """The K best continuations; its records are the codes, and the log-probability that each beam ends with."""
        live, best, done = own
        # Of the 2K best at most K are ends, so that K others are among them.
        values, codes = best_continuations(scores, min(2 * self.beams, self.beams * scores.shape[-1]), live)

        # === The finished ones ===
        ended = scores[..., frame.end_id] + live  # (B, K)
        # The K-th best value, but not as a slice of `values`, for which XLA would sort all there is.
        among = ops.where(ops.arange(values.shape[1]) < self.beams, values, -NEVER)
        enough = ended >= ops.min(among, axis=1, keepdims=True)
        ended = ops.where(ops.logical_and(enough, ops.logical_not(done)[:, None]), ended, NEVER)
        finished = self._score(ended, position + 1, coverage, frame)
        best, _ = largest(ops.concatenate([best, finished], axis=1), self.n_best)

        # === The live ones ===
        values = ops.where(codes % BASE == frame.end_id, 10 * NEVER, values)
        values, chosen = largest(values, self.beams)
        codes = ops.take_along_axis(codes, chosen, axis=1)
        if frame.limits is not None:
            running = frame.running(position)[:, None]
            values = ops.where(running, values, live)
            codes = ops.where(running, codes, ops.arange(self.beams, dtype="int32") * BASE)
        done = ops.logical_or(done, best[:, -1] >= self._bound(values[:, 0], position, frame))
        if frame.limits is not None:
            done = ops.logical_or(done, ops.logical_not(frame.running(position + 1)))
        records = (codes, ended, finished) if self.watches_coverage else (codes, ended)
        return codes % BASE, codes // BASE, (values, best, done), records

    def _score(self, log_probabilities: Any, lengths: Any, coverage: Any, frame: Frame) -> Any:
        scores = log_probabilities
        if self.length_penalty:
            scores = scores / length_penalty(lengths, self.length_penalty)
        if self.watches_coverage:
            scores = scores + coverage_penalty(coverage, frame.source_mask[:, None], self.coverage_penalty)
        return scores

    def _bound(self, live: Any, position: Any, frame: Frame) -> Any:
        """What no continuation of the best live hypothesis (B,) can surpass."""
        if not self.length_penalty:
            return live
        longest = frame.steps if frame.limits is None else frame.limits
        return live / length_penalty(longest if self.stop == "exact" else position + 2, self.length_penalty)

    def done(self, own: Any) -> Any:
        """(B,)"""
        return own[2]

    def collect(self, records: Any, own: Any, coverage: Any, frame: Frame) -> Hypotheses:
        """The N best finished hypotheses, then the best of the unfinished."""
        codes, ended = records[:2]
        steps = ops.arange(1, frame.steps + 1, dtype="int32")[:, None, None]
        scores = records[2] if self.watches_coverage else self._score(ended, steps, None, frame)
        scores, places = largest(self._rows(scores), self.n_best)
        logs = ops.take_along_axis(self._rows(ended), places, axis=1)
        finished = (scores, logs, places // self.beams + 1, places % self.beams)

        longest = frame.full(1, frame.steps, "int32") if frame.limits is None else frame.limits[:, None]
        scores, beams = largest(self._score(own[0], longest, coverage, frame), self.n_best)
        logs = ops.take_along_axis(own[0], beams, axis=1)
        unfinished = (scores, logs, longest + ops.zeros_like(beams), beams)

        number = ops.arange(self.n_best, dtype="int32")
        found = ops.sum(ops.cast(finished[1] > DEAD, "int32"), axis=1, keepdims=True)
        ends = number < found
        order = ops.where(ends, number, self.n_best + number - found)
        both = [ops.concatenate(pair, axis=1) for pair in zip(finished, unfinished, strict=True)]
        scores, logs, lengths, beams = (ops.take_along_axis(pair, order, axis=1) for pair in both)

        real = logs > DEAD
        lengths = ops.where(real, lengths, 0)
        tokens, parents = trace(codes, beams, lengths, ends, frame.end_id)
        scores, logs = (ops.where(real, values, -math.inf) for values in (scores, logs))
        return Hypotheses(ops.transpose(tokens, (1, 2, 0)), lengths, scores, logs, parents)

    def _rows(self, record: Any) -> Any:
        """(L, B, K) -> (B, L * K)"""
        return ops.reshape(ops.transpose(record, (1, 0, 2)), (ops.shape(record)[1], -1))
