"""From the best spans of each window to answers that are strings of the text, in TensorFlow graph code."""

from typing import Any

from keras_embed._backend import tf
from keras_embed.functional.spans import IMPOSSIBLE
from keras_embed.preprocessors.answer_windows import Texts, Windows

#: The score of a span that is not there.
_FEWER = -1e30


def found_answers(
    contexts: Any, texts: Texts, windows: Windows, offset: Any, found: dict[str, Any], threshold: Any
) -> dict[str, Any]:
    """The answers of a batch, the windows of each text taken together.

    A span keeps the score that its window gave it, and "no answer" has the least score that any window gave it: each
    window without the answer is sure of that (Devlin et al. 2019). Probabilities are those among "no answer" and all
    legal spans of all windows.

    Args:
        contexts: strings (B,).
        texts: of them.
        windows: M, of these.
        offset: (M,) int32, see `SpanFeatures.offset`.
        found: of `layers.SpanDecode`: `starts`, `ends`, `scores` (M, N), `none`, `total` (M,).
        threshold: probability of "no answer" above which that is the answer.

    Returns:
        dict:
            `answer` (B,) string, "" for no answer; `start`, `end` (B,) int32, its first character and the one behind
            its last, -1 for no answer; `probability` (B,) float32 of that; `none_probability` (B,) float32.
            `answers` (B, N) string, `starts`, `ends` (B, N) int32, `probabilities` (B, N) float32: the best spans
            whether or not there is an answer; "" and -1 where there are fewer than N.
    """
    rows, batch = windows.rows, texts.context.nrows()
    number, num_best = tf.cast(batch, tf.int32), tf.shape(found["scores"])[1]
    there = found["scores"] > IMPOSSIBLE  # (M, N)
    shift = tf.gather(texts.context.row_starts(), rows) + windows.first - tf.cast(offset, tf.int64)

    def byte(name: str, borders: Any) -> Any:
        """Where the words of positions begin or end, (M, N); -1 for spans that are not there."""
        values = tf.concat([borders.values, [-1]], 0)
        place = shift[:, None] + tf.cast(found[name], tf.int64)
        return tf.gather(values, tf.where(there, place, tf.size(values, tf.int64) - 1))

    def side_by_side(values: Any, padding: Any) -> Any:
        """(M, N) to (B, K), all spans of a text in a row, and N more that are not there."""
        ragged = tf.RaggedTensor.from_value_rowids(values, rows, nrows=batch)  # (B, windows, N)
        wide = ragged.merge_dims(1, 2).to_tensor(padding)
        return tf.concat([wide, tf.fill([number, num_best], tf.constant(padding, values.dtype))], 1)

    scores, order = tf.math.top_k(side_by_side(tf.where(there, found["scores"], _FEWER), _FEWER), num_best)  # (B, N)
    first = tf.gather(side_by_side(byte("starts", texts.starts), -1), order, batch_dims=1)
    limit = tf.gather(side_by_side(byte("ends", texts.limits), -1), order, batch_dims=1)

    none = tf.math.unsorted_segment_min(found["none"], rows, number)  # (B,)
    highest = tf.math.unsorted_segment_max(found["total"], rows, number)
    total = highest + tf.math.log(
        tf.math.unsorted_segment_sum(tf.exp(found["total"] - tf.gather(highest, rows)), rows, number)
    )
    everything = tf.reduce_logsumexp(tf.stack([none, total], 1), 1)
    probabilities = tf.exp(scores - everything[:, None])
    none_probability = tf.exp(none - everything)
    answers, starts, ends = _strings(contexts, first, limit)
    empty = (none_probability > threshold) | (starts[:, 0] < 0)
    return {
        "answer": tf.where(empty, "", answers[:, 0]),
        "start": tf.where(empty, -1, starts[:, 0]),
        "end": tf.where(empty, -1, ends[:, 0]),
        "probability": tf.where(empty, none_probability, probabilities[:, 0]),
        "none_probability": none_probability,
        "answers": answers,
        "starts": starts,
        "ends": ends,
        "probabilities": probabilities,
    }


def _strings(contexts: Any, first: Any, limit: Any) -> tuple[Any, Any, Any]:
    """Spans of bytes (B, N) as strings, and as the numbers of their first characters and of those behind the last."""
    there = first >= 0
    begin, end = (tf.cast(tf.maximum(x, 0), tf.int32) for x in (first, limit))
    texts = tf.broadcast_to(contexts[:, None], tf.shape(first))
    found = tf.strings.substr(texts, begin, end - begin)
    starts = tf.strings.length(tf.strings.substr(texts, tf.zeros_like(begin), begin), unit="UTF8_CHAR")
    ends = starts + tf.strings.length(found, unit="UTF8_CHAR")
    return found, tf.where(there, starts, -1), tf.where(there, ends, -1)
