"""Beam search, and its length and coverage penalties (Wu et al. 2016, section 7)."""

import dataclasses
import math

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._backend import largest
from keras_embed._types import Tensor
from keras_embed.decoding._search import BASE, DEAD, NEVER, Frame, Hypotheses, Search, best_continuations, trace

STOPS = ("exact", "likely")
#: Lower bound of the coverage: a source position without any attention would make a hypothesis impossible.
_LEAST_COVERAGE = 1e-6

#: Log-probabilities of the live hypotheses (B, K), the N best finished scores (B, N), finished rows (B,).
State = tuple[Tensor, Tensor, Tensor]


@keras.saving.register_keras_serializable(package="keras_embed")
@dataclasses.dataclass(frozen=True)
class BeamSearch(Search):
    """Beam search with K live hypotheses, and the best finished ones apart from them.

    In each step every hypothesis is continued by every token. A continuation by the end token is finished if it is
    among the K best of all continuations, and competes by its score from then on; the K best of the others stay live.

        score(Y) = log P(Y) / ((5 + |Y|) / 6) ** alpha + beta * sum_s log(min(sum_t a_ts, 1))

    So a finished hypothesis loses nothing while others continue, and takes no slot of the beam. With alpha = 0, one
    beam is greedy search. Hypotheses that reach the maximum length unfinished fill up the results.

    Args:
        beams: K.
        length_penalty: alpha (equation 14), 0 or more.
        coverage_penalty: beta (equation 15), 0 or more; needs a step with attention, and `source_mask`.
        n_best: N, number of hypotheses to return, at most K.
        stop: when a row is finished. "exact": when no live hypothesis can become better than the worst of the N best
            finished ones, even at the maximum length and without losing probability. "likely": when none would if it
            ended now without losing probability; this stops much earlier when alpha > 0, and is rarely wrong.

    Raises:
        ValueError: If a number is below one, there are more hypotheses than beams, a penalty is negative, or `stop` is
            unknown.

    Example:
    >>> BeamSearch(beams=4, length_penalty=1.0).width
    4

    References:
        Graves 2012, https://arxiv.org/abs/1211.3711; Wu et al. 2016, https://arxiv.org/abs/1609.08144, section 7.
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
        """K, the number of live hypotheses."""
        return self.beams

    @property
    def watches_coverage(self) -> bool:  # type: ignore[override]
        """True with a coverage penalty."""
        return self.coverage_penalty > 0

    def begin(self, frame: Frame) -> tuple[State, tuple[Tensor, ...]]:
        # All beams start equal, so that only the first is possible: otherwise step 1 would find K duplicates.
        live = ops.where(ops.arange(self.beams) == 0, 0.0, frame.full(self.beams, NEVER, "float32"))
        best, done = frame.full(self.n_best, NEVER, "float32"), ops.zeros_like(frame.start_ids, dtype="bool")
        # Records: codes; log-probability of ending from each beam; with a coverage penalty, the score of that.
        records = [frame.record(self.beams, 0, "int32"), frame.record(self.beams, NEVER, "float32")]
        if self.watches_coverage:
            records.append(records[1])
        return (live, best, done), tuple(records)

    def choose(
        self, scores: Tensor, own: State, position: Tensor, coverage: Tensor, frame: Frame
    ) -> tuple[Tensor, Tensor, State, tuple[Tensor, ...]]:
        live, best, done = own
        # At most K of the 2K best continuations are ends (one per beam), so that K others are among them.
        values, codes = best_continuations(scores, min(2 * self.beams, self.beams * scores.shape[-1]), live)

        # === Finished hypotheses ===
        # Invariant: `best` holds the N best scores of all hypotheses that have ended so far, in descending order.
        ended = scores[..., frame.end_id] + live  # (B, K)
        # The K-th best value, but not as a slice of `values`, for which XLA would sort the whole vocabulary.
        top = ops.where(ops.arange(values.shape[1]) < self.beams, values, -NEVER)
        enough = ended >= ops.min(top, axis=1, keepdims=True)
        ended = ops.where(ops.logical_and(enough, ops.logical_not(done)[:, None]), ended, NEVER)
        finished = self._score(ended, position + 1, coverage, frame)
        best, _ = largest(ops.concatenate([best, finished], axis=1), self.n_best)

        # === Live hypotheses ===
        # Invariant: `live` is in descending order, and no live hypothesis has ended.
        values = ops.where(codes % BASE == frame.end_id, 10 * NEVER, values)
        values, chosen = largest(values, self.beams)
        codes = ops.take_along_axis(codes, chosen, axis=1)
        if frame.limits is not None:
            # A row at its own limit stays unchanged: each beam continues itself.
            running = frame.running(position)[:, None]
            values = ops.where(running, values, live)
            codes = ops.where(running, codes, ops.arange(self.beams, dtype="int32") * BASE)
        done = ops.logical_or(done, best[:, -1] >= self._bound(values[:, 0], position, frame))
        if frame.limits is not None:
            done = ops.logical_or(done, ops.logical_not(frame.running(position + 1)))
        records = (codes, ended, finished) if self.watches_coverage else (codes, ended)
        return codes % BASE, codes // BASE, (values, best, done), records

    def _score(self, log_probabilities: Tensor, lengths: int | Tensor, coverage: Tensor, frame: Frame) -> Tensor:
        scores = log_probabilities
        if self.length_penalty:
            scores = scores / length_penalty(lengths, self.length_penalty)
        if self.watches_coverage:
            scores = scores + coverage_penalty(coverage, frame.source_mask[:, None], self.coverage_penalty)
        return scores

    def _bound(self, live: Tensor, position: Tensor, frame: Frame) -> Tensor:
        """Returns an upper bound of the scores of all continuations of the best live hypothesis (B,).

        Log-probabilities are negative and only fall; dividing by the largest possible penalty gives the bound. The
        coverage penalty is at most 0.
        """
        if not self.length_penalty:
            return live
        longest = frame.steps if frame.limits is None else frame.limits
        return live / length_penalty(longest if self.stop == "exact" else position + 2, self.length_penalty)

    def done(self, own: State) -> Tensor:
        """Returns True for finished rows, (B,)."""
        return own[2]

    def collect(self, records: tuple[Tensor, ...], own: State, coverage: Tensor, frame: Frame) -> Hypotheses:
        """Returns the N best finished hypotheses; if there are fewer, the best live ones follow."""
        # A finished hypothesis is a step and a beam it ended from: the N best of all L * K.
        codes, ended = records[:2]
        steps = ops.arange(1, frame.steps + 1, dtype="int32")[:, None, None]
        scores = records[2] if self.watches_coverage else self._score(ended, steps, None, frame)
        # Index in a row: step * K + beam
        scores, indices = largest(_rows(scores), self.n_best)
        logs = ops.take_along_axis(_rows(ended), indices, axis=1)
        finished = (scores, logs, indices // self.beams + 1, indices % self.beams)

        # Unfinished hypotheses have the maximum length of their row, and compete only with each other.
        longest = frame.full(1, frame.steps, "int32") if frame.limits is None else frame.limits[:, None]
        scores, beams = largest(self._score(own[0], longest, coverage, frame), self.n_best)
        logs = ops.take_along_axis(own[0], beams, axis=1)
        unfinished = (scores, logs, longest + ops.zeros_like(beams), beams)

        # Result n is finished hypothesis n if n < found, else live hypothesis n - found.
        rank = ops.arange(self.n_best, dtype="int32")
        found = ops.sum(ops.cast(finished[1] > DEAD, "int32"), axis=1, keepdims=True)  # (B, 1)
        ends = rank < found
        order = ops.where(ends, rank, self.n_best + rank - found)
        both = [ops.concatenate(pair, axis=1) for pair in zip(finished, unfinished, strict=True)]  # (B, 2N) each
        scores, logs, lengths, beams = (ops.take_along_axis(pair, order, axis=1) for pair in both)

        # Rows with fewer than N possible hypotheses have empty ones, with a score of -inf.
        real = logs > DEAD
        lengths = ops.where(real, lengths, 0)
        tokens, parents = trace(codes, beams, lengths, ends, frame.end_id)
        scores, logs = (ops.where(real, values, -math.inf) for values in (scores, logs))
        return Hypotheses(ops.transpose(tokens, (1, 2, 0)), lengths, scores, logs, parents)


def _rows(record: Tensor) -> Tensor:
    return ops.reshape(ops.transpose(record, (1, 0, 2)), (ops.shape(record)[1], -1))  # (L, B, K) -> (B, L * K)


def length_penalty(lengths: int | Tensor, alpha: float) -> Tensor:
    """Computes the divisor of a hypothesis' log-probability (Wu et al. 2016, equation 14).

        lp(Y) = ((5 + |Y|) / 6) ** alpha

    Args:
        lengths: |Y|, number of tokens including the end token, any shape.
        alpha: 0: log-probabilities are unchanged; the larger, the longer the best hypotheses are.

    Returns:
        Float32 of the shape of `lengths`.

    Example:
    >>> import numpy as np
    >>> ops.convert_to_numpy(length_penalty(np.array([1, 7, 19]), 1.0)).tolist()
    [1.0, 2.0, 4.0]

    References:
        Wu et al. 2016, https://arxiv.org/abs/1609.08144.
    """
    return ((5.0 + ops.cast(lengths, "float32")) / 6.0) ** alpha


def coverage_penalty(coverage: Tensor, mask: Tensor, beta: float) -> Tensor:
    """Computes the term of a hypothesis' score for source positions without attention (Wu et al. 2016, equation 15).

        cp(X; Y) = beta * sum_s log(min(sum_t a_ts, 1))

    The inner sum is at least 1e-6, so that the penalty is finite.

    Args:
        coverage: sum over the target's steps of the attention to each source position, floats (..., S).
        mask: bool, broadcast to `coverage`, True = real: padding needs no attention.
        beta: weight, 0 or more.

    Returns:
        Floats (...), at most 0.

    Example:
    >>> import numpy as np
    >>> coverage, mask = np.array([[1.7, np.exp(-2.0), 0.0]], "float32"), np.array([[True, True, False]])
    >>> np.round(ops.convert_to_numpy(coverage_penalty(coverage, mask, 0.5)), 4).tolist()
    [-1.0]

    References:
        Wu et al. 2016, https://arxiv.org/abs/1609.08144.
    """
    logs = ops.log(ops.clip(ops.convert_to_tensor(coverage), _LEAST_COVERAGE, 1.0))
    return beta * ops.sum(ops.where(mask, logs, 0.0), axis=-1)
