"""Ragged and string tensors of TensorFlow, for preprocessors."""

from collections.abc import Iterable, Sequence

from keras_embed._backend.frameworks import tf
from keras_embed._errors import message
from keras_embed._types import TFTensor


def bucket_length(longest: TFTensor, lengths: Sequence[int]) -> TFTensor:
    """Returns the smallest of some ascending lengths that holds `longest`, or the next multiple of the last one.

    Args:
        longest: int scalar.
        lengths: bucket lengths in ascending order.

    Returns:
        int64 scalar.
    """
    longest = tf.cast(longest, tf.int64)
    buckets = tf.constant(lengths, tf.int64)
    # The smallest bucket that fits, or above the last one the next multiple of it: few distinct lengths either way.
    fits = tf.reduce_min(tf.where(buckets >= longest, buckets, tf.int64.max))
    multiple = -(-longest // lengths[-1]) * lengths[-1]
    return tf.where(longest <= lengths[-1], fits, multiple)


def dense(ragged: TFTensor, length: int | TFTensor, padding: int | TFTensor = 0) -> TFTensor:
    """Pads a ragged tensor (B, None) to (B, length)."""
    return ragged.to_tensor(padding, shape=tf.stack([tf.constant(-1, tf.int64), tf.cast(length, tf.int64)]))


def rows_and_zeros(ragged: TFTensor, widths: Sequence[int]) -> TFTensor:
    """Pads a ragged tensor (N, None) to (N + 1, W), W one of `widths`; the last row, for padding, is zero."""
    return tf.pad(dense(ragged, bucket_length(ragged.bounding_shape(axis=1), widths)), [[0, 1], [0, 0]])


def distinct_table(rows: TFTensor, batch: TFTensor, width: TFTensor, columns: int | None = None) -> TFTensor:
    """Reshapes the rows of N distinct words, (N,) or (N, C), to (batch, width) or (batch, width, columns).

    Args:
        rows: one row for each distinct word.
        batch: int scalar.
        width: int scalar, such that `batch * width` is at least N; the rest is zero.
        columns: number of columns, at least C; `None`: C.
    """
    # Pad the rows to batch * width, then fold them into (batch, width).
    missing = [[0, tf.cast(batch * width, tf.int32) - tf.shape(rows)[0]]]
    if len(rows.shape) > 1:
        missing.append([0, 0 if columns is None else columns - tf.shape(rows)[1]])
    last = [] if len(rows.shape) == 1 else [rows.shape[1] if columns is None else columns]
    return tf.reshape(tf.pad(rows, missing), [batch, width, *last])


def ragged_strings(rows: Sequence[Sequence[str | bytes]], what: str = "token") -> TFTensor:
    """Converts lists of words to a ragged string tensor (B, None).

    Args:
        rows: B lists of words.
        what: what a word is called in errors.

    Raises:
        ValueError: If a word is not a string or cannot be encoded in UTF-8; the message names sentence and position.
    """
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([encoded(word, i, j, what) for i, row in enumerate(rows) for j, word in enumerate(row)], tf.string),
        tf.constant([len(row) for row in rows], tf.int64),
    )


def encoded(
    word: object, sentence: int, position: int | None = None, what: str = "token", of: str = "sentence"
) -> bytes:
    """Encodes a word in UTF-8.

    Args:
        word: `str` or `bytes`.
        sentence: index of the sentence, for errors.
        position: index of the word in it, for errors.
        what: what a word is called in errors.
        of: what a sentence is called in errors.

    Raises:
        ValueError: If the word is not a string or holds a lone surrogate.
    """
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


def encoded_texts(texts: Iterable[str | bytes], expected: int | None = None) -> list[bytes]:
    """Encodes texts in UTF-8.

    Args:
        texts: the texts.
        expected: how many labels there are, if there are labels.

    Raises:
        ValueError: If `texts` is one text instead of a list, a text is not a string or cannot be encoded, or their
            number is not `expected`.
    """
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        raise ValueError(message("a list of texts", texts, "[text]"))
    found = [encoded(one, index, what="text", of="text") for index, one in enumerate(texts)]
    if expected is not None and expected != len(found):
        raise ValueError(message("as many labels as texts", f"{expected} labels, {len(found)} texts"))
    return found
