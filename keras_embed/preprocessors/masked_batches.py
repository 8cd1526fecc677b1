"""From places in documents to batches with masks, in TensorFlow's graph."""

from collections.abc import Callable
from typing import Any

from keras_embed._backend import tf
from keras_embed.preprocessors import mask_pieces
from keras_embed.preprocessors.encoded_documents import EncodedDocuments

#: In a row's column of random second segments: the row fills a batch up and does not count.
FILLER = -1


def batch_maker(preprocessor: Any, documents: EncodedDocuments, weighted: bool = False) -> Callable[[Any], Any]:
    """The function from rows of `MaskedExamples` to `(features, labels)`, TensorFlow graph code.

    Features are `token_ids`, `segment_ids` int32 and `padding_mask` bool (B, T), `mask_positions` int32 (B, M);
    labels `masked` int32 (B, M), -1 where there is none, and, with `next_sentence`, `next_sentence` int32 (B,),
    1 for a random second segment. `weighted` adds a weight (B,) for each of the labels, 0 for what fills up.
    """
    pieces, begins = tf.constant(documents.pieces), tf.constant(documents.begins)
    special = set(preprocessor.tokenizer.special_ids)
    ordinary = tf.constant(
        [id for id in range(preprocessor.tokenizer.vocabulary_size()) if id not in special], tf.int32
    )
    length, tokenizer = preprocessor.sequence_length, preprocessor.tokenizer

    def make(rows: Any) -> Any:
        a, a_end, b, b_end, drawn = (rows[:, column, None] for column in range(5))  # (B, 1)
        place = tf.range(length, dtype=tf.int64)[None]  # (1, T)
        second = a_end - a + 2  # where the second segment begins
        end = second + tf.where(b_end > b, b_end - b + 1, 0)
        in_first, in_second = (place > 0) & (place < second - 1), (place >= second) & (place < end - 1)
        allowed = in_first | in_second
        source = tf.where(in_first, a + place - 1, tf.where(in_second, b + place - second, 0))
        marks = tf.where(place == 0, tokenizer.start_id, tf.where(place < end, tokenizer.end_id, tokenizer.padding_id))
        ids = tf.where(allowed, tf.gather(pieces, source), marks)
        first = allowed & (tf.gather(begins, source) | (place == 1) | (place == second))
        chosen, seen = _masked(preprocessor, ids, allowed, first, rows[:, 5:], ordinary)
        positions, labels = mask_pieces.labels_of(ids, chosen, preprocessor.max_masks)
        features = {
            "token_ids": seen,
            "padding_mask": place < end,
            "segment_ids": tf.cast((place >= second) & (place < end), tf.int32),
            "mask_positions": positions,
        }
        wanted = {"masked": tf.where(drawn == FILLER, -1, labels)}
        if preprocessor.next_sentence:
            wanted["next_sentence"] = tf.cast(tf.maximum(drawn[:, 0], 0), tf.int32)
        if not weighted:
            return features, wanted
        weights = tf.cast(drawn[:, 0] != FILLER, tf.float32)
        return features, wanted, {name: weights for name in wanted}

    return tf.autograph.experimental.do_not_convert(make)


def _masked(preprocessor: Any, ids: Any, allowed: Any, begins: Any, seeds: Any, ordinary: Any) -> tuple[Any, Any]:
    """Which pieces are chosen (B, T), and what is seen (B, T)."""
    numbers = mask_pieces.draws(seeds, preprocessor.sequence_length)
    real = tf.reduce_sum(tf.cast(allowed, tf.float32), axis=1)
    counts = tf.clip_by_value(tf.cast(tf.round(real * preprocessor.mask_rate), tf.int32), 1, preprocessor.max_masks)
    if preprocessor.whole_words:
        chosen = mask_pieces.chosen_words(numbers[:, 0], allowed, begins, counts)
    else:
        chosen = mask_pieces.chosen_pieces(numbers[:, 0], allowed, counts)
    shares = (preprocessor.mask_share, preprocessor.random_share)
    return chosen, mask_pieces.masked(
        ids, chosen, numbers[:, 1], numbers[:, 2], preprocessor.tokenizer.mask_id, ordinary, *shares
    )
