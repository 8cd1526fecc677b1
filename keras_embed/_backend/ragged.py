"""Small TensorFlow helpers that several preprocessors share."""

from collections.abc import Iterable, Sequence
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message


def bucket_length(longest: Any, lengths: Sequence[int]) -> Any:
    """The smallest of some rising lengths that holds `longest`, or the next multiple of the last; int64 scalar."""
    longest = tf.cast(longest, tf.int64)
    buckets = tf.constant(lengths, tf.int64)
    fits = tf.reduce_min(tf.where(buckets >= longest, buckets, tf.int64.max))
    multiple = -(-longest // lengths[-1]) * lengths[-1]
    return tf.where(longest <= lengths[-1], fits, multiple)


def dense(ragged: Any, length: Any, padding: Any = 0) -> Any:
    """A ragged tensor (B, None) as (B, length); `length` may be a tensor."""
    return ragged.to_tensor(padding, shape=tf.stack([tf.constant(-1, tf.int64), tf.cast(length, tf.int64)]))


def rows_and_zeros(ragged: Any, widths: Sequence[int]) -> Any:
    """A ragged tensor (N, None) as (N + 1, W), W one of few widths; the last row, for padding to read, is zero."""
    return tf.pad(dense(ragged, bucket_length(ragged.bounding_shape(axis=1), widths)), [[0, 1], [0, 0]])


def distinct_table(rows: Any, batch: Any, width: Any, columns: int | None = None) -> Any:
    """What belongs to N distinct words, (N,) or (N, C), as (batch, width) or (batch, width, columns), filled up with 0.

    Args:
        rows: of the words.
        batch: scalar.
        width: scalar, such that `batch * width` is at least N.
        columns: where C may be smaller; `None`: C.
    """
    missing = [[0, tf.cast(batch * width, tf.int32) - tf.shape(rows)[0]]]
    if len(rows.shape) > 1:
        missing.append([0, 0 if columns is None else columns - tf.shape(rows)[1]])
    last = [] if len(rows.shape) == 1 else [rows.shape[1] if columns is None else columns]
    return tf.reshape(tf.pad(rows, missing), [batch, width, *last])


def ragged_strings(rows: Sequence[Sequence[str | bytes]], what: str = "token") -> Any:
    """Lists of words as a ragged string tensor (B, None).

    Raises:
        ValueError: naming sentence and position of a word that is not a string or that UTF-8 cannot hold.
    """
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([encoded(word, i, j, what) for i, row in enumerate(rows) for j, word in enumerate(row)], tf.string),
        tf.constant([len(row) for row in rows], tf.int64),
    )


def encoded(word: Any, sentence: int, position: int | None = None, what: str = "token", of: str = "sentence") -> bytes:
    """A word in UTF-8, or a full sentence that says where the bad one stands."""
    where = f"in {of} {sentence}" + ("" if position is None else f" at position {position}")
    if isinstance(word, bytes):
        return word
    if not isinstance(word, str):
        raise ValueError(message(f"every {what} to be a string", f"{word!r} {where}"))
    try:
        return word.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            message(
                f"every {what} to be text that UTF-8 can hold",
                f"the lone surrogate {word[error.start]!a} {where}",
                'text.encode("utf-8", "replace").decode("utf-8")',
            )
        ) from error


def encoded_texts(texts: Any, expected: int | None = None) -> list[bytes]:
    """Texts in memory in UTF-8.

    Raises:
        ValueError: for one text instead of a list, a text that is no string or that UTF-8 cannot hold, or another
            number of texts than the `expected` one, that of the labels.
    """
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        raise ValueError(message("a list of texts", texts, "[text]"))
    found = [encoded(one, number, what="text", of="text") for number, one in enumerate(texts)]
    if expected is not None and expected != len(found):
        raise ValueError(message("as many labels as texts", f"{expected} labels, {len(found)} texts"))
    return found
