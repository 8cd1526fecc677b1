"""The loop that turns a step of a model into whole sequences."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from keras_embed import _errors
from keras_embed.decoding._search import BASE, Frame, Search, alignments, reorder, write
from keras_embed.decoding.constraints import force_prefix
from keras_embed.decoding.strategies import Greedy

Step = Callable[[Any, Any, Any], tuple[Any, Any, Any]]
Constraint = Callable[[Any, Any, Any], Any]


def decode(
    step: Step,
    state: tuple[Any, Any],
    start_ids: Any,
    max_length: Any,
    end_id: int,
    search: Search | None = None,
    constraints: Sequence[Constraint] = (),
    max_lengths: Any = None,
    prefix: Any = None,
    prefix_mask: Any = None,
    source_mask: Any = None,
    return_alignments: bool = False,
    draws: Any = None,
) -> dict[str, Any]:
    """Sequences from a model that says what comes next. B rows, K hypotheses a row, N of them returned, L steps.

    The loop ends as soon as no result can change any more. Rows do not see each other: each comes out as if it were
    alone.

    Args:
        step: `(tokens (B, K), position, state) -> (logits (B, K, V), attention (B, K, S) or None, state)`; the tokens
            are those chosen last, at first `start_ids`; the position is a scalar, 0 at first; the logits are not
            normalised.
        state: `(moving, fixed)`, trees of tensors. After each step the leaves of `moving` (B, K, ...) are put in the
            order of the hypotheses that go on; those of `fixed` stay where they are.
        start_ids: int (B,).
        max_length: L, with the end; an int, or a scalar tensor in TensorFlow's graph.
        end_id: the token that ends a hypothesis.
        search: `Greedy`, `BeamSearch` or `Sampling`; None: `Greedy`.
        constraints: what hypotheses may hold, applied in order; see `decoding.constraints`.
        max_lengths: int (B,), the longest hypothesis of each row, at most L; None: L.
        prefix: int (B, P), what each hypothesis of a row starts with; the constraints have no say in it. It counts in
            lengths and scores.
        prefix_mask: bool (B, P), True = forced, padding on the right; None: all.
        source_mask: bool (B, S), True = real; needed for alignments and a coverage penalty.
        return_alignments: also give the attention of each token.
        draws: floats (B, L, K), uniform in [0, 1), that `Sampling` uses instead of its own: one for each token to come.

    Returns:
        dict of `token_ids` int32 (B, N, L), without start, with end, 0 behind it; `lengths` int32 (B, N), with end;
        `scores` float32 (B, N), of a beam search penalised, and falling among the finished and then among the
        unfinished hypotheses; `log_probabilities` float32 (B, N); and `alignments` float32 (B, N, L, S). Where a
        constraint leaves a row fewer than N hypotheses, the rest have length 0 and score -inf.

    Raises:
        ValueError: if alignments or a coverage penalty are asked for without `source_mask`, or of a step without
            attention; or if the vocabulary is too large.

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
        raise ValueError(_errors.message("`source_mask` where attention counts", None, "features' padding mask"))
    start_ids, max_lengths, prefix = (
        x if x is None else ops.cast(x, "int32") for x in (start_ids, max_lengths, prefix)
    )
    if prefix is not None and prefix_mask is None:
        prefix_mask = ops.ones_like(prefix, dtype="bool")
    frame = Frame(start_ids, max_length, end_id, max_lengths, source_mask, draws)
    run = _Run(step, search, tuple(constraints), frame, prefix, prefix_mask, return_alignments)
    _, _, own, kept, records, _ = ops.while_loop(run.goes_on, run.advance, run.begin(state))
    found = search.collect(records, own, kept[1], frame)
    answer = {name: getattr(found, name) for name in ("token_ids", "lengths", "scores", "log_probabilities")}
    if return_alignments:
        answer["alignments"] = alignments(records[-1], found)
    return answer


@dataclasses.dataclass(frozen=True)
class _Run:
    """What `decode` was asked for, and its loop. What is not needed is `()` in the loop's variables."""

    step: Step
    search: Search
    constraints: tuple[Constraint, ...]
    frame: Frame
    prefix: Any
    prefix_mask: Any
    aligns: bool

    @property
    def reads_history(self) -> bool:
        return any(getattr(constraint, "reads_history", True) for constraint in self.constraints)

    @property
    def attends(self) -> bool:
        return self.aligns or self.search.watches_coverage

    def begin(self, state: Any) -> tuple[Any, ...]:
        """Position, tokens, the search's own state, history and coverage, records, the step's state."""
        frame = self.frame
        tokens = frame.full(self.search.width, 0, "int32") + frame.start_ids[:, None]
        own, records = self.search.begin(frame)
        history: Any = ()
        coverage: Any = ()
        if self.reads_history:
            history = ops.zeros_like(tokens)[..., None] + ops.zeros((frame.steps,), "int32")  # (B, K, L)
        if self.attends:
            nothing = ops.zeros_like(tokens, dtype="float32")[..., None] + ops.zeros_like(
                frame.source_mask[:, None], dtype="float32"
            )  # (B, K, S)
            coverage = nothing if self.search.watches_coverage else ()
            if self.aligns:
                records = (*records, ops.zeros((frame.steps, 1, 1, 1)) + nothing)
        return ops.convert_to_tensor(0, "int32"), tokens, own, (history, coverage), records, state

    def goes_on(self, position: Any, tokens: Any, own: Any, *rest: Any) -> Any:
        """Whether a result may change."""
        return ops.logical_and(position < self.frame.steps, ops.logical_not(ops.all(self.search.done(own))))

    def advance(self, position: Any, tokens: Any, own: Any, kept: Any, records: Any, state: Any) -> tuple[Any, ...]:
        """One token more for each hypothesis."""
        history, coverage = kept
        logits, attention, (moving, fixed) = self.step(tokens, position, state)
        scores = self._scores(logits, history, position)
        if self.attends:
            attention = self._attention(attention, position)
        if self.search.watches_coverage:
            coverage = coverage + attention
        tokens, parents, own, marks = self.search.choose(scores, own, position, coverage, self.frame)
        if parents is not None:
            moving, history, coverage = reorder((moving, history, coverage), parents)
        now = ops.arange(self.frame.steps, dtype="int32") == position
        if self.reads_history:
            history = ops.where(now, tokens[..., None], history)
        marks = (*marks, attention) if self.aligns else marks
        records = tuple(write(record, mark, now) for record, mark in zip(records, marks, strict=True))
        return position + 1, tokens, own, (history, coverage), records, (moving, fixed)

    def _scores(self, logits: Any, history: Any, position: Any) -> Any:
        """Log-probabilities under the constraints, float32 (B, K, V)."""
        if logits.shape[-1] > BASE:
            raise ValueError(_errors.message(f"at most {BASE} tokens", logits.shape[-1]))
        free = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        scores = free
        for constraint in self.constraints:
            scores = constraint(scores, history if self.reads_history else None, position)
        if self.prefix is None:
            return scores
        return force_prefix(scores, free, self.prefix, self.prefix_mask, position)

    def _attention(self, attention: Any, position: Any) -> Any:
        if attention is None:
            raise ValueError(_errors.message("a step that returns attention", "None", "return_alignments=False"))
        attention = ops.cast(attention, "float32")
        if self.frame.limits is None:
            return attention
        return ops.where(self.frame.running(position)[:, None, None], attention, 0.0)
