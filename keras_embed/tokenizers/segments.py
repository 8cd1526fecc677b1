"""Ragged pieces of words: cut, counted, put behind each other. TensorFlow graph code."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_embed._backend import tf


def pieces_of_words(words: Any, cut: Callable[[Any], Any], blanks: bool, stand_in: int) -> Any:
    """Words, ragged strings (B, W), as ragged int32 (B, W, P), each different word cut once.

    Args:
        words: of texts.
        cut: strings (N,) to ragged int32 (N, P).
        blanks: whether each word but the first of its row is cut with a blank before it.
        stand_in: the only piece of a word that has none.
    """
    flat = words.flat_values
    if blanks:
        starts = tf.gather(words.row_starts(), words.value_rowids())
        first = tf.equal(starts, tf.range(tf.size(flat, tf.int64)))
        flat = tf.strings.join([tf.where(first, "", " "), flat])
    different, index = tf.unique(flat)
    pieces = cut(different)
    none = tf.cast(pieces.row_lengths() == 0, tf.int64)
    lone = tf.RaggedTensor.from_row_lengths(tf.fill([tf.reduce_sum(none)], stand_in), none)
    return words.with_flat_values(tf.gather(tf.concat([pieces, lone], axis=1), index))


def counts_before(counts: Any) -> Any:
    """Ragged counts (B, W) to the sum of those before each in its row."""
    running = tf.cumsum(counts.flat_values, exclusive=True)
    at_start = tf.gather(tf.concat([running, [0]], 0), counts.row_starts())
    return counts.with_flat_values(running - tf.gather(at_start, counts.value_rowids()))


def fitting(pieces: Any, ends: Any, room: int) -> Any:
    """The pieces, ragged (B, P), of the words that fit; of a first word that does not fit, as many as do.

    Args:
        pieces: ragged (B, W, P).
        ends: ragged int64 (B, W), how many pieces there are up to each word's last.
        room: places.
    """
    limit = tf.constant(room, tf.int64)
    within = ends.with_flat_values(tf.where(ends.flat_values <= limit, ends.flat_values, 0))
    whole = tf.maximum(tf.reduce_max(within, axis=1), 0)  # (B,)
    whole = tf.where(whole > 0, whole, limit)
    flat = pieces.merge_dims(1, 2)
    return tf.ragged.boolean_mask(flat, tf.ragged.range(flat.row_lengths()) < tf.expand_dims(whole, 1))


def in_a_row(segments: Sequence[Any], start: int | None, end: int, separators: int) -> tuple[Any, Any]:
    """Segments, each ragged (B, P), behind each other, with marks around them.

    Args:
        segments: of pieces.
        start: the mark in front of all, or none.
        end: the mark behind each segment.
        separators: how many of it stand behind each segment but the last.

    Returns:
        ragged (B, T): pieces, and the number of the segment that each belongs to, its marks included.
    """
    rows = segments[0].nrows()

    def marks(mark: int, count: int) -> Any:
        values = tf.fill([tf.cast(rows, tf.int32) * count], mark)
        return tf.RaggedTensor.from_row_lengths(values, tf.fill([rows], tf.constant(count, tf.int64)))

    parts = [] if start is None else [(0, marks(start, 1))]
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        parts += [(number, segment), (number, marks(end, 1 if last else separators))]
    numbers = [tf.ones_like(part) * number for number, part in parts]
    return tf.concat([part for _, part in parts], axis=1), tf.concat(numbers, axis=1)
