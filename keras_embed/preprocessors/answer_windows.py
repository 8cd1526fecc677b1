"""Questions and their texts as windows that a model reads, in TensorFlow graph code."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf


class Texts(NamedTuple):
    """B questions and texts, cut into positions: the pieces of an encoder, or words.

    Attributes:
        question: ragged (B, Q), pieces int32 or words.
        context: ragged (B, P), likewise.
        starts: ragged (B, P) int64, the byte of the text where the word of each position begins.
        limits: ragged (B, P) int64, the byte behind that word.
    """

    question: Any
    context: Any
    starts: Any
    limits: Any


class Windows(NamedTuple):
    """M windows, all of a text behind each other.

    Attributes:
        question: ragged (M, Q).
        context: ragged (M, S).
        start_mask: ragged (M, S) bool, where an answer may start: where a word begins, in one window of its text only.
        end_mask: ragged (M, S) bool, where an answer may end: where a word ends.
        rows: (M,) int64, which text.
        first: (M,) int64, the position of the text that the window begins with.
    """

    question: Any
    context: Any
    start_mask: Any
    end_mask: Any
    rows: Any
    first: Any


def windows_of(texts: Texts, room: Any, stride: int) -> Windows:
    """Cuts texts into windows, each `stride` positions behind the last, until one reaches the end.

    A position that is in several windows belongs to the one whose middle is nearest: there it is seen with most
    context on both sides (Devlin et al. 2019 call it the maximum context). Only there may an answer start, so that no
    answer is found twice. A text without positions has one window.

    Args:
        texts: of questions.
        room: (B,) int64, positions of a window.
        stride: at most `room` is taken.
    """
    lengths = texts.context.row_lengths()  # (B,)
    step = tf.minimum(tf.constant(stride, tf.int64), room)
    counts = 1 + tf.maximum(lengths - room + step - 1, 0) // step  # windows of each text
    rows = tf.repeat(tf.range(texts.context.nrows(), dtype=tf.int64), counts)  # (M,)
    number = tf.ragged.range(counts).values  # of each window in its text
    room, step, length = (tf.gather(values, rows) for values in (room, step, lengths))
    first = number * step
    limit = tf.minimum(first + room, length)
    places = tf.ragged.range(first, limit)  # (M, S)
    flat = places.values + tf.gather(tf.gather(texts.context.row_starts(), rows), places.value_rowids())

    # The first position that belongs to a window: there its middle is as near as that of the window before.
    own_first = tf.where(number == 0, tf.zeros_like(number), (step * (2 * number - 1) + room) // 2)
    own_limit = tf.where(number == tf.gather(counts, rows) - 1, length, (step * (2 * number + 1) + room) // 2)
    window = places.value_rowids()
    owned = (places.values >= tf.gather(own_first, window)) & (places.values < tf.gather(own_limit, window))
    begins, ends = _word_borders(texts)
    return Windows(
        question=tf.gather(texts.question, rows),
        context=places.with_values(tf.gather(texts.context.values, flat)),
        start_mask=places.with_values(owned & tf.gather(begins, flat)),
        end_mask=places.with_values(tf.gather(ends, flat)),
        rows=rows,
        first=first,
    )


def _word_borders(texts: Texts) -> tuple[Any, Any]:
    """Whether a word begins, and whether one ends, at each position of all texts in a row, (N,) bool."""
    starts, rows = texts.starts.values, texts.starts.value_rowids()
    differs = (starts[1:] != starts[:-1]) | (rows[1:] != rows[:-1])
    border = tf.fill([tf.minimum(tf.size(starts), 1)], True)
    return tf.concat([border, differs], 0), tf.concat([differs, border], 0)


def labels_of(texts: Texts, windows: Windows, start: Any, limit: Any) -> Any:
    """First and last position of an answer within each window, from 0; (-1, -1) where the window does not hold it.

    Args:
        texts: B texts.
        windows: M windows of them.
        start: (B,) int64, the answer's first byte; -1 for none.
        limit: (B,) int64, the byte behind it.

    Returns:
        (M, 2) int32: all words that the answer has a byte of.
    """
    rows, count = texts.starts.value_rowids(), texts.starts.nrows()

    def number(condition: Any) -> Any:
        return tf.math.unsorted_segment_sum(tf.cast(condition, tf.int64), rows, tf.cast(count, tf.int32))

    first = number(texts.limits.values <= tf.gather(start, rows))  # (B,)
    last = number(texts.starts.values < tf.gather(limit, rows)) - 1
    there = (start >= 0) & (first <= last)
    first, last, there = (tf.gather(values, windows.rows) for values in (first, last, there))
    first, last = first - windows.first, last - windows.first  # (M,)
    there = there & (first >= 0) & (last < windows.context.row_lengths())
    return tf.cast(tf.where(there[:, None], tf.stack([first, last], 1), -1), tf.int32)


def some_windows(windows: Windows, rows: NDArray[np.int64]) -> Windows:
    """Some of the windows, then the last of these again, up to a power of two: fewer shapes for a compiler."""
    missing = (1 << (len(rows) - 1).bit_length()) - len(rows)
    rows = np.concatenate([rows, np.repeat(rows[-1:], missing)])
    return Windows(*(tf.gather(column, rows) for column in windows))
