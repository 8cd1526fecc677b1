"""Counting spans with array operations only: no loop over time, static shapes, the same under every compiler."""

from typing import Any

from keras import ops


def count_spans(
    true: Any,
    predicted: Any,
    mask: Any,
    continues: Any,
    begins_well: Any,
    ends_well: Any,
    type_ids: Any,
    num_types: int,
) -> Any:
    """Counts the spans of each type that are right, that are true and that were predicted.

    conlleval's counts (Tjong Kim Sang and Buchholz 2000): a predicted span is right if a true span has its first token,
    its last token and its type. Masked positions are passed over as if they were not there, inside a sequence too.

    The real tokens of the batch are packed into one row. A span is a run of tokens each of which continues the one
    before. A true span is right iff at each of its tokens the prediction has the same type, begins a span iff the
    truth does, and ends one iff the truth does: one sum of such faults a span, and it is right where the sum is 0.
    The tables' last index, K, is "no tag": what stands before the first token and after the last.

    Args:
        true: (B, T) int, tag ids; those at masked positions do not matter.
        predicted: (B, T) int, tag ids; a negative one counts as outside.
        mask: (B, T) bool, True = real.
        continues: (K + 1, K + 1) bool, [i, j] whether tag j right after tag i goes on with i's span.
        begins_well: (K + 1, K + 1) bool, [i, j] whether a span that counts may begin with tag j after tag i.
        ends_well: (K + 1,) bool, whether a span that counts may end with a tag.
        type_ids: (K + 1,) int, each tag's type, -1 outside. See `text.tag_schemes.span_tables`.
        num_types: how many types there are.

    Returns:
        (num_types, 3) int32: right, true and predicted spans of each type.

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

    def count(starts: Any, fault: Any, types: Any) -> Any:
        """Spans without a fault, by type. (num_types,)"""
        number = ops.cumsum(ops.cast(starts, "int32"))  # tokens of span n have number n; (N,)
        fault = ops.cast(fault & (types >= 0), "int32")  # tokens outside carry the number of the span before them
        total = ops.segment_sum(fault, number, ops.size(number) + 1)
        good = starts & (ops.take(total, number) == 0)
        return ops.segment_sum(ops.cast(good, "int32"), ops.where(good, types, num_types), num_types + 1)[:num_types]

    columns = (
        count(true_begins, differs | true_faults | faults, true_type),
        count(true_begins, true_faults, true_type),
        count(begins, faults, type_),
    )
    return ops.stack(columns, axis=1)  # (num_types, 3)


def _pack(true: Any, predicted: Any, mask: Any, no_tag: int) -> tuple[Any, Any, Any]:
    """Moves the real tokens to the front of one row and fills up with "no tag". Returns: tags, tags, first of a row?"""
    mask = ops.convert_to_tensor(mask, "bool")
    batch, time = ops.shape(mask)
    size = batch * time
    mask_row = ops.reshape(mask, (-1,))
    place = ops.where(mask_row, ops.cumsum(ops.cast(mask_row, "int32")) - 1, size)  # (N,), the masked ones to the bin

    def move(values: Any) -> Any:
        # One number more than it is, so that an empty place shows as 0; "no tag" goes there.
        values = ops.where(mask_row, ops.reshape(ops.cast(values, "int32"), (-1,)) + 1, 0)
        moved = ops.segment_sum(values, place, size + 1)[:size] - 1
        return ops.where(moved < 0, no_tag, moved)

    row = move(ops.broadcast_to(ops.arange(batch, dtype="int32")[:, None], (batch, time)))
    first = ops.not_equal(row, ops.roll(row, 1)) | (ops.arange(size) == 0)
    return move(ops.convert_to_tensor(true)), move(ops.convert_to_tensor(predicted)), first


def _borders(
    tags: Any, first: Any, type_ids: Any, continues: Any, begins_well: Any, ends_well: Any
) -> tuple[Any, Any, Any]:
    """Where spans begin, where they end (on their last token), and where a border is ill-formed. (N,) bool each."""
    no_tag = type_ids.shape[0] - 1
    before = ops.where(first, no_tag, ops.roll(tags, 1))
    pair = before * (no_tag + 1) + tags
    inside = ops.take(type_ids, tags) >= 0
    goes_on = ops.take(ops.reshape(continues, (-1,)), pair)
    begins = inside & ops.logical_not(goes_on)
    # The token after the last one is the first of the row once it is rolled: it continues nothing.
    ends = inside & ops.logical_not(ops.roll(goes_on, -1))
    begins_badly = begins & ops.logical_not(ops.take(ops.reshape(begins_well, (-1,)), pair))
    ends_badly = ends & ops.logical_not(ops.take(ends_well, tags))
    return begins, ends, begins_badly | ends_badly
