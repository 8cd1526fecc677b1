"""Texts in which masks stand, as pieces."""

from typing import Any

from keras_embed._backend import tf


def pieces_and_masks(texts: Any, tokenizer: Any) -> Any:
    """Texts, strings (B,), as ragged int32 (B, P); the tokenizer's mask, written out, is one piece.

    Words are cut as if the masks were words like others.

    Args:
        texts: strings.
        tokenizer: `EncoderTokenizer` with a mask.
    """
    mask = tokenizer.id_to_token(tokenizer.mask_id)
    parts = tf.strings.split(tf.convert_to_tensor(texts, tf.string), mask)  # (B, masks + 1)
    words = tokenizer.tokenize(parts.values)  # (B * parts, W)
    marks = tf.fill(tf.stack([tf.size(parts.values), 1]), mask)  # behind each part
    rows = parts.with_values(tf.concat([words, marks], axis=1)).merge_dims(1, 2)[:, :-1]  # but the last of a text
    pieces = tokenizer.pieces(rows)  # (B, W, P)
    ragged, is_mask = pieces.values, rows.values == mask  # (N, P), (N,)
    masked = tf.repeat(is_mask, ragged.row_lengths())
    places = tf.range(tf.size(masked, tf.int64)) - tf.repeat(ragged.row_starts(), ragged.row_lengths())
    kept = ~masked | (places == 0)
    ids = tf.boolean_mask(tf.where(masked, tokenizer.mask_id, ragged.values), kept)
    counts = tf.where(is_mask, tf.ones_like(ragged.row_lengths()), ragged.row_lengths())
    return rows.with_values(tf.RaggedTensor.from_row_lengths(ids, counts)).merge_dims(1, 2)
