"""The decoding loop: from the steps of a model to sequences."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from keras import ops

from keras_embed import _errors
from keras_embed._types import DecoderStep, Features, Tensor
from keras_embed.decoding._search import BASE, Frame, Search, alignments, reorder, write
from keras_embed.decoding.constraints import Constraint, force_prefix
from keras_embed.decoding.strategies import Greedy


def decode(
    step: DecoderStep,
    state: tuple[Any, Any],
    start_ids: Tensor,
    max_length: int | Tensor,
    end_id: int,
    search: Search | None = None,
    constraints: Sequence[Constraint] = (),
    max_lengths: Tensor | None = None,
    prefix: Tensor | None = None,
    prefix_mask: Tensor | None = None,
    source_mask: Tensor | None = None,
    return_alignments: bool = False,
    draws: Tensor | None = None,
) -> Features:
    """Generates sequences with a model that predicts the next token.

    There are B rows, K hypotheses per row, of which N are returned, and at most L steps. The loop ends as soon as no
    result can change any more. Rows are independent: each result is the same as if the row was decoded alone.

    Args:
        step: `(tokens (B, K), position, state) -> (logits (B, K, V), attention (B, K, S) or None, state)`. The tokens
            are those of the previous step, at first `start_ids`; the position is an int32 scalar, 0 at first; the
            logits are not normalized.
        state: `(beam_state, memory)`, nested tensors. After each step the leaves of `beam_state` (B, K, ...) are
            reordered with the hypotheses that continue; those of `memory` are left unchanged.
        start_ids: int (B,).
        max_length: L, including the end token; an int, or a scalar tensor in TensorFlow's graph.
        end_id: id of the end token.
        search: `Greedy`, `BeamSearch` or `Sampling`; None: `Greedy`.
        constraints: on the hypotheses, applied in order; see `decoding.constraints`.
        max_lengths: maximum length of the hypotheses of each row, int (B,), at most L; None: L.
        prefix: int (B, P), first tokens of all hypotheses of a row, regardless of constraints. They count in lengths
            and scores.
        prefix_mask: bool (B, P), True = forced, padding on the right; None: all.
        source_mask: bool (B, S), True = real; needed for alignments and a coverage penalty.
        return_alignments: also return the attention of each token.
        draws: floats (B, L, K), uniform in [0, 1), random numbers of `Sampling`: one for each token.

    Returns:
        Dict of `token_ids` int32 (B, N, L), without the start token, with the end token, 0 after it; `lengths` int32
        (B, N), including the end token; `scores` float32 (B, N), for a beam search with penalties, and in descending
        order among the finished and then among the unfinished hypotheses; `log_probabilities` float32 (B, N); and
        `alignments` float32 (B, N, L, S). If constraints leave a row fewer than N hypotheses, the others have length 0
        and score -inf.

    Raises:
        ValueError: If alignments or a coverage penalty are requested without `source_mask` or from a step without
            attention, or the vocabulary is too large.

    Example:
    >>> import numpy as np
    >>> table = np.log(np.array([[0.1, 0.5, 0.4], [0.1, 0.1, 0.8], [1.0, 1.0, 1.0]], "float32"))  # 2 is the end
    >>> step = lambda tokens, position, state: (ops.take(table, tokens, axis=0), None, state)
    >>> found = decode(step, ((), ()), np.array([0]), max_length=4, end_id=2)
    >>> ops.convert_to_numpy(found["token_ids"]).tolist(), ops.convert_to_numpy(found["lengths"]).tolist()
    ([[[1, 2, 0, 0]]], [[2]])
    """
    search = Greedy() if search is None else search
    if (return_alignments or search.watches_coverage) and source_mask is None:
        expected = "`source_mask` for alignments and a coverage penalty"
        raise ValueError(_errors.message(expected, None, "the padding mask of the source"))
    start_ids, max_lengths, prefix = (
        x if x is None else ops.cast(x, "int32") for x in (start_ids, max_lengths, prefix)
    )
    if prefix is not None and prefix_mask is None:
        prefix_mask = ops.ones_like(prefix, dtype="bool")
    frame = Frame(start_ids, max_length, end_id, max_lengths, source_mask, draws)
    run = _Run(step, search, tuple(constraints), frame, prefix, prefix_mask, return_alignments)
    _, _, own, sums, records, _ = ops.while_loop(run.continues, run.advance, run.begin(state))
    found = search.collect(records, own, sums[1], frame)
    results = {name: getattr(found, name) for name in ("token_ids", "lengths", "scores", "log_probabilities")}
    if return_alignments:
        results["alignments"] = alignments(records[-1], found)
    return results


@dataclasses.dataclass(frozen=True)
class _Run:
    """The arguments of `decode`, and its loop.

    The loop variables are: position; the last tokens (B, K); the search's own state; history (B, K, L) and coverage
    (B, K, S); the records; and the state of the step. Those that are not needed are `()`.

    Invariant: before each step, beam k of all variables with a beam axis belongs to hypothesis k. The records are the
    exception: they are never reordered, and `_search.trace` follows the parent beams instead.
    """

    step: DecoderStep
    search: Search
    constraints: tuple[Constraint, ...]
    frame: Frame
    prefix: Tensor
    prefix_mask: Tensor
    aligns: bool

    @property
    def reads_history(self) -> bool:
        # Any function can be a constraint: without the attribute, it gets the history.
        return any(getattr(constraint, "reads_history", True) for constraint in self.constraints)

    @property
    def attends(self) -> bool:
        return self.aligns or self.search.watches_coverage

    def begin(self, state: tuple[Any, Any]) -> tuple[Any, ...]:
        """Returns the loop variables before the first step."""
        frame = self.frame
        tokens = frame.full(self.search.width, 0, "int32") + frame.start_ids[:, None]  # (B, K)
        own, records = self.search.begin(frame)
        history: Any = ()
        coverage: Any = ()
        if self.reads_history:
            history = ops.zeros_like(tokens)[..., None] + ops.zeros((frame.steps,), "int32")  # (B, K, L)
        if self.attends:
            zeros = ops.zeros_like(tokens, dtype="float32")[..., None] + ops.zeros_like(
                frame.source_mask[:, None], dtype="float32"
            )  # (B, K, S)
            coverage = zeros if self.search.watches_coverage else ()
            if self.aligns:
                records = (*records, ops.zeros((frame.steps, 1, 1, 1)) + zeros)  # (L, B, K, S)
        return ops.convert_to_tensor(0, "int32"), tokens, own, (history, coverage), records, state

    def continues(self, position: Tensor, tokens: Tensor, own: Any, *rest: Any) -> Tensor:
        """Returns True while a result can change."""
        return ops.logical_and(position < self.frame.steps, ops.logical_not(ops.all(self.search.done(own))))

    def advance(
        self,
        position: Tensor,
        tokens: Tensor,
        own: Any,
        sums: tuple[Any, Any],
        records: tuple[Tensor, ...],
        state: tuple[Any, Any],
    ) -> tuple[Any, ...]:
        """Extends each hypothesis by one token."""
        history, coverage = sums
        logits, attention, (beam_state, memory) = self.step(tokens, position, state)
        scores = self._scores(logits, history, position)  # (B, K, V)
        if self.attends:
            attention = self._attention(attention, position)  # (B, K, S)
        if self.search.watches_coverage:
            coverage = coverage + attention
        tokens, parents, own, values = self.search.choose(scores, own, position, coverage, self.frame)
        # From here on, beam k continues the hypothesis of beam `parents[k]`: everything that beams own follows.
        if parents is not None:
            beam_state, history, coverage = reorder((beam_state, history, coverage), parents)
        now = ops.arange(self.frame.steps, dtype="int32") == position  # (L,)
        if self.reads_history:
            history = ops.where(now, tokens[..., None], history)
        # The attention is recorded in the order before: `alignments` gathers it by the parents.
        values = (*values, attention) if self.aligns else values
        records = tuple(write(record, value, now) for record, value in zip(records, values, strict=True))
        return position + 1, tokens, own, (history, coverage), records, (beam_state, memory)

    def _scores(self, logits: Tensor, history: Any, position: Tensor) -> Tensor:
        """Returns log-probabilities with all constraints, float32 (B, K, V)."""
        # A token must fit into a code, parent beam * BASE + token.
        if logits.shape[-1] > BASE:
            raise ValueError(_errors.message(f"at most {BASE} tokens", logits.shape[-1]))
        free = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        # Constraints only lower log-probabilities; the result is not normalized again.
        scores = free
        for constraint in self.constraints:
            scores = constraint(scores, history if self.reads_history else None, position)
        if self.prefix is None:
            return scores
        # Last, so that a forced token overrides the constraints.
        return force_prefix(scores, free, self.prefix, self.prefix_mask, position)

    def _attention(self, attention: Tensor | None, position: Tensor) -> Tensor:
        """Returns the attention as float32, 0 in rows at their maximum length."""
        if attention is None:
            raise ValueError(_errors.message("a step that returns attention", "None", "return_alignments=False"))
        attention = ops.cast(attention, "float32")
        if self.frame.limits is None:
            return attention
        return ops.where(self.frame.running(position)[:, None, None], attention, 0.0)
