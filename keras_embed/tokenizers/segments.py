"""Ragged subwords of words: split, counted, truncated and concatenated, in TensorFlow graph code."""

from collections.abc import Callable, Sequence

from keras_embed._backend import tf
from keras_embed._types import TFTensor


def subwords_of_words(words: TFTensor, split: Callable[[TFTensor], TFTensor], spaces: bool, fallback: int) -> TFTensor:
    """Splits words, ragged strings (B, W), into subwords, ragged int32 (B, W, P); each distinct word once.

    Args:
        words: of texts.
        split: strings (N,) to ragged int32 (N, P).
        spaces: puts a space before each word but the first of its row.
        fallback: the only subword of a word that has none.
    """
    flat = words.flat_values
    if spaces:
        starts = tf.gather(words.row_starts(), words.value_rowids())
        first = tf.equal(starts, tf.range(tf.size(flat, tf.int64)))
        flat = tf.strings.join([tf.where(first, "", " "), flat])
    distinct, index = tf.unique(flat)
    subwords = split(distinct)
    missing = tf.cast(subwords.row_lengths() == 0, tf.int64)
    fallbacks = tf.RaggedTensor.from_row_lengths(tf.fill([tf.reduce_sum(missing)], fallback), missing)
    return words.with_flat_values(tf.gather(tf.concat([subwords, fallbacks], axis=1), index))


def counts_before(counts: TFTensor) -> TFTensor:
    """Converts ragged counts (B, W) to the sum of the earlier ones of the row."""
    running = tf.cumsum(counts.flat_values, exclusive=True)
    at_start = tf.gather(tf.concat([running, [0]], 0), counts.row_starts())
    return counts.with_flat_values(running - tf.gather(at_start, counts.value_rowids()))


def fitting(subwords: TFTensor, ends: TFTensor, capacity: int) -> TFTensor:
    """Truncates rows after the last whole word that fits; if not even the first word fits, inside it.

    Args:
        subwords: ragged (B, W, P).
        ends: ragged int64 (B, W), number of subwords up to the end of each word.
        capacity: greatest number of subwords of a row.

    Returns:
        ragged (B, P).
    """
    limit = tf.constant(capacity, tf.int64)
    within = ends.with_flat_values(tf.where(ends.flat_values <= limit, ends.flat_values, 0))
    whole = tf.maximum(tf.reduce_max(within, axis=1), 0)  # (B,)
    whole = tf.where(whole > 0, whole, limit)
    flat = subwords.merge_dims(1, 2)  # (B, P)
    return tf.ragged.boolean_mask(flat, tf.ragged.range(flat.row_lengths()) < tf.expand_dims(whole, 1))


def concatenated(
    segments: Sequence[TFTensor], start: int | None, end: int, separators: int
) -> tuple[TFTensor, TFTensor]:
    """Concatenates segments, each ragged (B, P), with special tokens around them.

    Args:
        segments: of subwords.
        start: id of the token before all segments, or `None`.
        end: id of the token after each segment.
        separators: number of end tokens after each segment but the last.

    Returns:
        ragged (B, T): ids, and the segment index of each, special tokens included.
    """
    rows = segments[0].nrows()

    def repeated(id_: int, count: int) -> TFTensor:
        values = tf.fill([tf.cast(rows, tf.int32) * count], id_)
        return tf.RaggedTensor.from_row_lengths(values, tf.fill([rows], tf.constant(count, tf.int64)))

    parts = [] if start is None else [(0, repeated(start, 1))]
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        parts += [(index, segment), (index, repeated(end, 1 if last else separators))]
    indices = [tf.ones_like(part) * index for index, part in parts]
    return tf.concat([part for _, part in parts], axis=1), tf.concat(indices, axis=1)
