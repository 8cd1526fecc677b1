"""Spans: the best answer spans of a text, and counts of matching spans.

Array operations only: no loop over time, static shapes, the same result with every compiler.
"""

from typing import NamedTuple

from keras import ops

from keras_embed._backend import largest
from keras_embed._types import Tensor

#: Minus infinity for a position that cannot be part of an answer; twice its value is still a finite float32.
IMPOSSIBLE = -1e9


class AnswerSpans(NamedTuple):
    """Result of `answer_spans`.

    Attributes:
        starts: (B, N) int32, first positions, the best span first; 0 if there are fewer than N spans.
        ends: (B, N) int32, last positions.
        scores: (B, N) float32, start score plus end score; -2e9 or less if there are fewer than N spans.
        none: (B,) float32, the score of "no answer".
        total: (B,) float32, `log sum_spans exp(score)` over all legal spans, without "no answer".
    """

    starts: Tensor
    ends: Tensor
    scores: Tensor
    none: Tensor
    total: Tensor


def answer_spans(
    logits: Tensor,
    max_length: int,
    num_best: int = 1,
    start_mask: Tensor | None = None,
    end_mask: Tensor | None = None,
) -> AnswerSpans:
    r"""Finds the best legal spans of each text.

    The score of span (i, j) is `s_i + e_j`; it is legal if both ends can be part of an answer, `1 <= i <= j`, and
    `j - i < max_length`. Position 0 means "no answer", with the score `s_0 + e_0`. With start and end drawn
    independently, the probability of a span among the legal ones and "no answer" is
    `exp(s_i + e_j) / (exp(total) + exp(none))`.

    The search is exact: all `T * max_length` spans are scored.

    Args:
        logits: (B, 2, T) float, scores of starts s and of ends e; at most half of `IMPOSSIBLE` if a position cannot be
            part of an answer.
        max_length: L, maximum number of positions of an answer.
        num_best: N.
        start_mask: (B, T) bool, positions where answers may start; `None`: all.
        end_mask: (B, T) bool, positions where answers may end; `None`: all.

    Returns:
        `AnswerSpans`.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603, section 2; Devlin et al. 2019,
        https://aclanthology.org/N19-1423, sections 4.2 and 4.3.

    Example:
    >>> logits = [[[0.0, 1.0, 5.0, 2.0], [0.0, 7.0, 1.0, 2.5]]]
    >>> spans = answer_spans(logits, max_length=2, num_best=2)
    >>> ops.convert_to_numpy(spans.starts).tolist(), ops.convert_to_numpy(spans.ends).tolist()
    ([[1, 2]], [[1, 3]])
    >>> ops.convert_to_numpy(spans.scores).tolist(), ops.convert_to_numpy(spans.none).tolist()
    ([[8.0, 7.5]], [0.0])
    """
    logits = ops.cast(ops.convert_to_tensor(logits), "float32")
    start, end = logits[:, 0], logits[:, 1]  # (B, T)
    batch, time = ops.shape(logits)[0], ops.shape(logits)[2]
    start, end = _masked(start, start_mask), _masked(end, end_mask)
    start = ops.where(ops.arange(time) > 0, start, IMPOSSIBLE)  # position 0 is "no answer"

    # ends[b, i, k] = e_(i + k): span (i, i + k) has the flat index i * L + k.
    padded = ops.pad(end, ((0, 0), (0, max_length)), constant_values=IMPOSSIBLE)  # (B, T + L)
    ends = ops.stack([padded[:, k : k + time] for k in range(max_length)], axis=-1)  # (B, T, L)
    scores = start[:, :, None] + ends
    # One impossible end makes the span impossible, whatever the score of the other end.
    legal = (start[:, :, None] > IMPOSSIBLE / 2) & (ends > IMPOSSIBLE / 2)
    scores = ops.where(legal, scores, 2 * IMPOSSIBLE)
    scores = ops.reshape(scores, (batch, time * max_length))  # (B, T * L)
    total = ops.logsumexp(scores, axis=1)

    # Padding, so that the shortest text has N candidates too.
    scores = ops.pad(scores, ((0, 0), (0, num_best)), constant_values=2 * IMPOSSIBLE)
    best, indices = largest(scores, num_best)  # (B, N)
    found = best > IMPOSSIBLE
    first, length = indices // max_length, indices % max_length
    starts = ops.where(found, first, 0)
    return AnswerSpans(starts, ops.where(found, first + length, 0), best, logits[:, 0, 0] + logits[:, 1, 0], total)


def _masked(scores: Tensor, mask: Tensor | None) -> Tensor:
    return scores if mask is None else ops.where(ops.cast(mask, "bool"), scores, IMPOSSIBLE)


def count_spans(
    true: Tensor,
    predicted: Tensor,
    mask: Tensor,
    continues: Tensor,
    begins_well: Tensor,
    ends_well: Tensor,
    type_ids: Tensor,
    num_types: int,
) -> Tensor:
    """Counts, for each type, the correct, the true and the predicted spans.

    The counts are those of conlleval (Tjong Kim Sang and Buchholz 2000): a predicted span is correct if a true span has
    its first token, its last token and its type. Masked positions are skipped, also inside a sequence.

    The real tokens of the batch are packed into one row. A span is a run of tokens each of which continues the one
    before. A true span is correct iff at each of its tokens the prediction has the same type, begins a span iff the
    truth does, and ends one iff the truth does: the errors are summed over each span, and it is correct iff the sum is
    0. The last index of the tables, K, is "no tag", before the first token and after the last.

    Args:
        true: (B, T) int, tag ids; arbitrary at masked positions.
        predicted: (B, T) int, tag ids; a negative one counts as outside.
        mask: (B, T) bool, True = real.
        continues: (K + 1, K + 1) bool, [i, j] is True if tag j right after tag i continues i's span.
        begins_well: (K + 1, K + 1) bool, [i, j] is True if a span that counts may begin with tag j after tag i.
        ends_well: (K + 1,) bool, True if a span that counts may end with the tag.
        type_ids: (K + 1,) int, each tag's type, -1 outside. `text.tag_schemes.span_tables` computes all four.
        num_types: number of types.

    Returns:
        (num_types, 3) int32: correct, true and predicted spans of each type.

    References:
        Tjong Kim Sang and Buchholz 2000, https://aclanthology.org/W00-0726.

    Example:
    >>> from keras_embed.text.tag_schemes import span_tables
    >>> *tables, types = span_tables(["O", "B-PER", "I-PER"], "BIO")
    >>> true, predicted = [[1, 2, 0, 1]], [[1, 2, 0, 0]]
    >>> ops.convert_to_numpy(count_spans(true, predicted, [[True] * 4], *tables, num_types=1)).tolist()
    [[1, 2, 1]]
    """
    tables = [ops.convert_to_tensor(table) for table in (continues, begins_well, ends_well)]
    type_ids = ops.convert_to_tensor(type_ids, "int32")
    no_tag = type_ids.shape[0] - 1
    true, predicted, first = _pack(true, predicted, mask, no_tag)  # (N,) each, N = B * T
    true_begins, true_ends, true_faults = _borders(true, first, type_ids, *tables)
    begins, ends, faults = _borders(predicted, first, type_ids, *tables)
    true_type, type_ = ops.take(type_ids, true), ops.take(type_ids, predicted)
    differs = ops.not_equal(true_begins, begins) | ops.not_equal(true_ends, ends) | ops.not_equal(true_type, type_)

    def count(starts: Tensor, fault: Tensor, types: Tensor) -> Tensor:
        """Counts the spans without a fault by type, (num_types,)."""
        span = ops.cumsum(ops.cast(starts, "int32"))  # (N,): index of each token's span, from 1
        fault = ops.cast(fault & (types >= 0), "int32")  # tokens outside carry the index of the span before them
        total = ops.segment_sum(fault, span, ops.size(span) + 1)
        good = starts & (ops.take(total, span) == 0)
        return ops.segment_sum(ops.cast(good, "int32"), ops.where(good, types, num_types), num_types + 1)[:num_types]

    columns = (
        count(true_begins, differs | true_faults | faults, true_type),
        count(true_begins, true_faults, true_type),
        count(begins, faults, type_),
    )
    return ops.stack(columns, axis=1)  # (num_types, 3)


def _pack(true: Tensor, predicted: Tensor, mask: Tensor, no_tag: int) -> tuple[Tensor, Tensor, Tensor]:
    """Moves the real tokens to the front of one row and fills it with "no tag".

    Returns:
        True tags (N,), predicted tags (N,), and bool (N,), True for the first token of a sequence.
    """
    mask = ops.convert_to_tensor(mask, "bool")
    batch, time = ops.shape(mask)
    size = batch * time
    mask_row = ops.reshape(mask, (-1,))
    # (N,): the new index of each real token; masked ones go to an extra bin that is cut off.
    index = ops.where(mask_row, ops.cumsum(ops.cast(mask_row, "int32")) - 1, size)

    def move(values: Tensor) -> Tensor:
        # One more than the value, so that an empty entry is 0 and becomes "no tag".
        values = ops.where(mask_row, ops.reshape(ops.cast(values, "int32"), (-1,)) + 1, 0)
        moved = ops.segment_sum(values, index, size + 1)[:size] - 1
        return ops.where(moved < 0, no_tag, moved)

    row = move(ops.broadcast_to(ops.arange(batch, dtype="int32")[:, None], (batch, time)))
    first = ops.not_equal(row, ops.roll(row, 1)) | (ops.arange(size) == 0)
    return move(ops.convert_to_tensor(true)), move(ops.convert_to_tensor(predicted)), first


def _borders(
    tags: Tensor, first: Tensor, type_ids: Tensor, continues: Tensor, begins_well: Tensor, ends_well: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Finds where spans begin, where they end (their last token), and ill-formed borders; (N,) bool each."""
    no_tag = type_ids.shape[0] - 1
    before = ops.where(first, no_tag, ops.roll(tags, 1))
    pair = before * (no_tag + 1) + tags  # index into the flat (K + 1, K + 1) tables
    inside = ops.take(type_ids, tags) >= 0
    goes_on = ops.take(ops.reshape(continues, (-1,)), pair)
    begins = inside & ops.logical_not(goes_on)
    # After rolling, the token after the last one is the first of the row, which continues nothing.
    ends = inside & ops.logical_not(ops.roll(goes_on, -1))
    begins_badly = begins & ops.logical_not(ops.take(ops.reshape(begins_well, (-1,)), pair))
    ends_badly = ends & ops.logical_not(ops.take(ends_well, tags))
    return begins, ends, begins_badly | ends_badly
