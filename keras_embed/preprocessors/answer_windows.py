"""Windows of long texts, and the answers found in them, in TensorFlow graph code."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._types import Tensor, TFTensor
from keras_embed.functional.spans import IMPOSSIBLE

#: The score of a span that does not exist.
_MISSING = -1e30


class Texts(NamedTuple):
    """B questions and texts, split into positions: subwords of an encoder, or words.

    Attributes:
        question: ragged (B, Q), subword ids int32 or words.
        context: ragged (B, P), likewise.
        starts: ragged (B, P) int64, the first byte, in the text, of the word of each position.
        limits: ragged (B, P) int64, the byte after that word.
    """

    question: TFTensor
    context: TFTensor
    starts: TFTensor
    limits: TFTensor


class Windows(NamedTuple):
    """M windows, those of one text after those of another.

    Attributes:
        question: ragged (M, Q).
        context: ragged (M, S).
        start_mask: ragged (M, S) bool, True where an answer may start: at the first position of a word, in one window
            of its text only.
        end_mask: ragged (M, S) bool, True where an answer may end: at the last position of a word.
        rows: (M,) int64, index of the text.
        first: (M,) int64, index, in the text, of the first position of the window.
    """

    question: TFTensor
    context: TFTensor
    start_mask: TFTensor
    end_mask: TFTensor
    rows: TFTensor
    first: TFTensor


def windows_of(texts: Texts, room: TFTensor, stride: int) -> Windows:
    """Cuts texts into windows, `stride` positions apart, until one reaches the end.

    A position that is in several windows belongs to the one whose middle is nearest, in which it has most context on
    both sides ("maximum context", Devlin et al. 2019). An answer may start only there, so that none is found twice. A
    text without positions has one window.

    Args:
        texts: B questions and texts.
        room: (B,) int64, positions of a window.
        stride: distance of windows; at most `room` is used.
    """
    lengths = texts.context.row_lengths()  # (B,)
    step = tf.minimum(tf.constant(stride, tf.int64), room)
    counts = 1 + tf.maximum(lengths - room + step - 1, 0) // step  # windows of each text
    rows = tf.repeat(tf.range(texts.context.nrows(), dtype=tf.int64), counts)  # (M,)
    index = tf.ragged.range(counts).values  # (M,) of each window in its text
    room, step, length = (tf.gather(values, rows) for values in (room, step, lengths))  # (M,)
    first = index * step
    limit = tf.minimum(first + room, length)
    positions = tf.ragged.range(first, limit)  # (M, S)
    flat = positions.values + tf.gather(tf.gather(texts.context.row_starts(), rows), positions.value_rowids())

    # The middles of windows n - 1 and n are equally near at position (step * (2n - 1) + room) / 2: from there on,
    # positions belong to window n. So the windows of a text partition its positions.
    own_first = tf.where(index == 0, tf.zeros_like(index), (step * (2 * index - 1) + room) // 2)
    own_limit = tf.where(index == tf.gather(counts, rows) - 1, length, (step * (2 * index + 1) + room) // 2)
    window = positions.value_rowids()
    owned = (positions.values >= tf.gather(own_first, window)) & (positions.values < tf.gather(own_limit, window))
    word_starts, word_ends = _word_borders(texts)
    return Windows(
        question=tf.gather(texts.question, rows),
        context=positions.with_values(tf.gather(texts.context.values, flat)),
        start_mask=positions.with_values(owned & tf.gather(word_starts, flat)),
        end_mask=positions.with_values(tf.gather(word_ends, flat)),
        rows=rows,
        first=first,
    )


def _word_borders(texts: Texts) -> tuple[TFTensor, TFTensor]:
    """Returns masks of the positions at which a word starts, and at which one ends, (N,) bool for all texts."""
    starts, rows = texts.starts.values, texts.starts.value_rowids()
    differs = (starts[1:] != starts[:-1]) | (rows[1:] != rows[:-1])
    border = tf.fill([tf.minimum(tf.size(starts), 1)], True)
    return tf.concat([border, differs], 0), tf.concat([differs, border], 0)


def labels_of(texts: Texts, windows: Windows, start: TFTensor, limit: TFTensor) -> TFTensor:
    """Returns the first and last position of an answer in each window; (-1, -1) if the window does not contain it.

    Args:
        texts: B texts.
        windows: M windows of them.
        start: (B,) int64, first byte of the answer; -1 for none.
        limit: (B,) int64, the byte after it.

    Returns:
        (M, 2) int32, indices in the window: all words that the answer shares a byte with.
    """
    rows, count = texts.starts.value_rowids(), texts.starts.nrows()

    def number_of(condition: TFTensor) -> TFTensor:
        return tf.math.unsorted_segment_sum(tf.cast(condition, tf.int64), rows, tf.cast(count, tf.int32))

    # Words that end before the answer precede its first position; words that start before its end include its last.
    first = number_of(texts.limits.values <= tf.gather(start, rows))  # (B,)
    last = number_of(texts.starts.values < tf.gather(limit, rows)) - 1
    present = (start >= 0) & (first <= last)
    first, last, present = (tf.gather(values, windows.rows) for values in (first, last, present))
    first, last = first - windows.first, last - windows.first  # (M,)
    present = present & (first >= 0) & (last < windows.context.row_lengths())
    return tf.cast(tf.where(present[:, None], tf.stack([first, last], 1), -1), tf.int32)


def some_windows(windows: Windows, rows: NDArray[np.int64]) -> Windows:
    """Selects windows, and repeats the last up to a power of two, so that a compiler meets few shapes."""
    missing = (1 << (len(rows) - 1).bit_length()) - len(rows)
    rows = np.concatenate([rows, np.repeat(rows[-1:], missing)])
    return Windows(*(tf.gather(column, rows) for column in windows))


def find_answers(
    contexts: TFTensor,
    texts: Texts,
    windows: Windows,
    offset: TFTensor,
    found: dict[str, Tensor],
    threshold: float | Tensor,
) -> dict[str, TFTensor]:
    """Combines the best spans of all windows of each text into answers, which are strings of the text.

    A span has the score that its window gave it. "No answer" has its lowest score in any window, since every window
    without the answer is certain of it (Devlin et al. 2019). Probabilities are normalized over "no answer" and all
    legal spans of all windows.

    Args:
        contexts: strings (B,).
        texts: positions of the texts.
        windows: M windows of these.
        offset: (M,) int32, index of the first position of each window's text among the scores.
        found: outputs of `layers.SpanDecode`: `starts`, `ends`, `scores` (M, N), `none`, `total` (M,).
        threshold: probability of "no answer" above which that is the answer.

    Returns:
        dict:
            `answer` (B,) string, "" for no answer; `start`, `end` (B,) int32, indices of its first character and of the
            one after its last, -1 for no answer; `probability` (B,) float32 of that; `none_probability` (B,) float32.
            `answers` (B, N) string, `starts`, `ends` (B, N) int32, `probabilities` (B, N) float32: the best spans
            whether or not there is an answer; "" and -1 if there are fewer than N.
    """
    rows, batch = windows.rows, texts.context.nrows()
    size, num_best = tf.cast(batch, tf.int32), tf.shape(found["scores"])[1]
    present = found["scores"] > IMPOSSIBLE  # (M, N)
    shift = tf.gather(texts.context.row_starts(), rows) + windows.first - tf.cast(offset, tf.int64)

    def byte(name: str, borders: TFTensor) -> TFTensor:
        """Returns the first or last bytes of the words at positions, (M, N); -1 for spans that do not exist."""
        values = tf.concat([borders.values, [-1]], 0)
        index = shift[:, None] + tf.cast(found[name], tf.int64)
        return tf.gather(values, tf.where(present, index, tf.size(values, tf.int64) - 1))

    def of_text(values: TFTensor, padding: float) -> TFTensor:
        """Puts all spans of a text into one row, (M, N) to (B, K), followed by N that do not exist."""
        ragged = tf.RaggedTensor.from_value_rowids(values, rows, nrows=batch)  # (B, windows, N)
        wide = ragged.merge_dims(1, 2).to_tensor(padding)
        return tf.concat([wide, tf.fill([size, num_best], tf.constant(padding, values.dtype))], 1)

    scores, order = tf.math.top_k(of_text(tf.where(present, found["scores"], _MISSING), _MISSING), num_best)  # (B, N)
    first = tf.gather(of_text(byte("starts", texts.starts), -1), order, batch_dims=1)
    limit = tf.gather(of_text(byte("ends", texts.limits), -1), order, batch_dims=1)

    # log Z = logsumexp(min over windows of "no answer", logsumexp over windows of all their spans)
    none = tf.math.unsorted_segment_min(found["none"], rows, size)  # (B,)
    highest = tf.math.unsorted_segment_max(found["total"], rows, size)
    total = highest + tf.math.log(
        tf.math.unsorted_segment_sum(tf.exp(found["total"] - tf.gather(highest, rows)), rows, size)
    )
    normalizer = tf.reduce_logsumexp(tf.stack([none, total], 1), 1)
    probabilities = tf.exp(scores - normalizer[:, None])  # (B, N)
    none_probability = tf.exp(none - normalizer)
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


def _strings(contexts: TFTensor, first: TFTensor, limit: TFTensor) -> tuple[TFTensor, TFTensor, TFTensor]:
    """Returns spans of bytes (B, N) as strings, and the indices of their first characters and of those after the last.

    Spans that do not exist have indices of -1.
    """
    present = first >= 0
    begin, end = (tf.cast(tf.maximum(x, 0), tf.int32) for x in (first, limit))
    texts = tf.broadcast_to(contexts[:, None], tf.shape(first))
    found = tf.strings.substr(texts, begin, end - begin)
    starts = tf.strings.length(tf.strings.substr(texts, tf.zeros_like(begin), begin), unit="UTF8_CHAR")
    ends = starts + tf.strings.length(found, unit="UTF8_CHAR")
    return found, tf.where(present, starts, -1), tf.where(present, ends, -1)
