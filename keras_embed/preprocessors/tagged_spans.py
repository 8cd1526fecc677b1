"""From tag ids to tag strings, spans and the probability of each span, in TensorFlow graph code."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_embed import text
from keras_embed._backend import tf


def tagged_spans(tokens: Any, decoded: dict[str, Any], tags: Sequence[str], scheme: str | None) -> dict[str, Any]:
    """Answers of a tagger as dense tensors that any client can read.

    A span's score is its exact probability under the model: that it begins where it begins, has its type, and ends
    where it ends, summed over everything that the rest of the sentence may be.

    Args:
        tokens: ragged strings (B, None).
        decoded: `tags` (B, T) int, `probabilities` (B, T) and `successors` (B, T, K+1), from `layers.CRFDecode`.
        tags: K strings.
        scheme: one of `text.SCHEMES`; `None` for no spans.

    Returns:
        dict:
            `tokens` (B, N) string, `tags` (B, N) string, "" as padding; `token_scores` (B, N) float32, the
            probability of each tag; `lengths` (B,) int32.
            `span_starts`, `span_ends` (B, S) int32 numbers of the first token and of the one after the last, -1 as
            padding; `span_types` (B, S) string; `span_scores` (B, S) float32.
    """
    lengths = tokens.row_lengths()
    words = tokens.to_tensor()  # (B, N)
    width = tf.shape(words)[1]
    mask = tf.sequence_mask(lengths, width)
    ids = tf.where(mask, tf.cast(decoded["tags"], tf.int32)[:, :width], len(tags))  # K is "no tag"
    names = tf.constant([*tags, ""])
    spans = _spans(ids, decoded["probabilities"][:, :width], decoded["successors"][:, :width], tags, scheme)
    return {
        "tokens": words,
        "tags": tf.gather(names, ids),
        "token_scores": tf.where(mask, decoded["probabilities"][:, :width], 0.0),
        "lengths": tf.cast(lengths, tf.int32),
        **spans,
    }


def _spans(ids: Any, probabilities: Any, successors: Any, tags: Sequence[str], scheme: str | None) -> dict[str, Any]:
    num_tags = len(tags)
    if scheme is None:
        none = np.zeros((num_tags + 1, num_tags + 1), bool)
        tables = text.tag_schemes.SpanTables(none, none, none[0], np.full(num_tags + 1, -1, np.int32), ())
    else:
        tables = text.tag_schemes.span_tables(tags, scheme)
    batch = tf.shape(ids)[0]
    nothing = tf.fill([batch, 1], num_tags)
    left, right = tf.concat([nothing, ids], 1)[:, :-1], tf.concat([ids, nothing], 1)[:, 1:]  # (B, N)
    goes_on = tf.constant(tables.continues)
    type_ids = tf.constant(tables.type_ids)
    inside = tf.gather(type_ids, ids) >= 0
    starts = inside & ~tf.gather_nd(goes_on, tf.stack([left, ids], -1))
    lasts = inside & ~tf.gather_nd(goes_on, tf.stack([ids, right], -1))

    tiny = tf.constant(1e-37)
    link = tf.math.log(tf.maximum(tf.gather(successors, right, axis=2, batch_dims=2), tiny))  # log p(next tag | this)
    before = tf.cumsum(link, axis=1, exclusive=True)
    stays = tf.reduce_sum(successors * tf.cast(tf.gather(goes_on, ids), tf.float32), axis=-1)
    closing = before + tf.math.log(tf.maximum(1.0 - stays, tiny))
    opening = before - tf.math.log(tf.maximum(probabilities, tiny))

    # Every span has one start and one last token, and both lists are in reading order.
    first, last = tf.where(starts), tf.where(lasts)  # (M, 2)
    scores = tf.exp(tf.gather_nd(closing, last) - tf.gather_nd(opening, first))
    kinds = tf.gather(tf.constant([*tables.types, ""]), tf.gather(type_ids, tf.gather_nd(ids, first)))

    def dense(values: Any, padding: Any) -> Any:
        return tf.RaggedTensor.from_value_rowids(values, first[:, 0], nrows=tf.cast(batch, tf.int64)).to_tensor(padding)

    return {
        "span_starts": dense(tf.cast(first[:, 1], tf.int32), -1),
        "span_ends": dense(tf.cast(last[:, 1] + 1, tf.int32), -1),
        "span_types": dense(kinds, ""),
        "span_scores": dense(tf.minimum(scores, 1.0), 0.0),
    }
