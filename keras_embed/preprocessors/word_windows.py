"""Tokenised sentences as windows of an encoder's pieces, and where each word stands in them."""

from collections.abc import Iterable
from typing import Any

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed._errors import message
from keras_embed.tokenizers.segments import counts_before

PREFIX = "window_"
#: How many windows a batch has: few numbers, for compilers that build one program for each shape.
_WINDOWS = (1, 2, 4, 8, 16)


def word_windows(tokenizer: Any, tokens: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
    """The features of sentences of any length, for an encoder that reads some pieces at a time.

    A sentence that is longer than the encoder reads is cut into windows, each half a window behind the last, and a word
    is looked up in the window whose middle is nearest to its first piece. So each word is read with a quarter of a
    window on either side at least, where the sentence goes on, and no word is lost.

    Args:
        tokenizer: `EncoderTokenizer`; a window has `tokenizer.max_length` positions, marks included.
        tokens: ragged strings (B, W).
        names: the features to make; `None`: all.

    Returns:
        dict, N the most windows of a sentence or a few more, T the bucket of the longest one, W that of the most words:
            `window_token_ids` (B, N, T) int32, `window_padding_mask` (B, N, T) bool and `window_segment_ids` (B, N, T)
            int32; windows that a sentence does not have hold marks alone.
            `word_positions` (B, W) int32: where each word's first piece stands in the N * T positions of its sentence;
            `word_mask` (B, W) bool, True = a word.

    Raises:
        ValueError: for a tokenizer whose windows have no room for a piece.
    """
    names = None if names is None else set(names)
    start = 0 if tokenizer.start_id is None else 1
    room = tokenizer.max_length - start - 1
    if room < 1:
        raise ValueError(message("a tokenizer with room for marks and pieces", f"max_length={tokenizer.max_length}"))
    step = (room + 1) // 2
    pieces = tokenizer.pieces(tokens)  # (B, W, P)
    rows, counts = _rows(pieces.merge_dims(1, 2), room, step)
    wanted = None if names is None else [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    packed = tokenizer.pack([rows], names=None if wanted is None else [*wanted, "padding_mask"])
    time = tf.shape(packed["padding_mask"])[1]
    shape = tf.stack([tf.cast(tokens.nrows(), tf.int32), _most(counts), time])
    found = {PREFIX + name: tf.reshape(value, shape) for name, value in packed.items()}

    before = counts_before(pieces.row_lengths(axis=2)).flat_values  # pieces in front of each word
    last = tf.gather(counts, tokens.value_rowids()) - 1
    window = tf.clip_by_value((2 * before - room + step) // (2 * step), 0, last)
    places = window * tf.cast(time, tf.int64) + start + before - window * step
    width = bucket_length(tokens.bounding_shape(axis=1), tokenizer.bucket_lengths)
    found["word_positions"] = dense(tokens.with_flat_values(tf.cast(places, tf.int32)), width)
    found["word_mask"] = tf.sequence_mask(tokens.row_lengths(), width)
    return found if names is None else {name: value for name, value in found.items() if name in names}


def _rows(pieces: Any, room: int, step: int) -> tuple[Any, Any]:
    """Pieces, ragged (B, L), as windows, ragged (B * N, None), and how many windows each sentence has, (B,)."""
    lengths = pieces.row_lengths()
    counts = 1 + tf.maximum(lengths - room + step - 1, 0) // step
    numbers = tf.range(tf.cast(_most(counts), tf.int64))  # (N,)
    there = numbers[None] < counts[:, None]  # (B, N)
    first = tf.where(there, numbers[None] * step, lengths[:, None])
    limit = tf.minimum(first + room, lengths[:, None])
    shift = pieces.row_starts()[:, None]
    places = tf.ragged.range(tf.reshape(first + shift, [-1]), tf.reshape(limit + shift, [-1]))
    return places.with_flat_values(tf.gather(pieces.flat_values, places.flat_values)), counts


def _most(counts: Any) -> Any:
    """The most windows of a sentence, rounded up to one of few numbers."""
    return tf.cast(bucket_length(tf.reduce_max(tf.concat([counts, [1]], axis=0)), _WINDOWS), tf.int32)
