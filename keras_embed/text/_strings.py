"""Small helpers for Python strings and string tensors."""

from collections.abc import Callable
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message


def as_strings(strings: Any) -> Any:
    """Makes a dense or ragged string tensor of whatever the caller passed."""
    return strings if isinstance(strings, tf.RaggedTensor) else tf.convert_to_tensor(strings, tf.string)


def map_strings(function: Callable[[Any], Any], strings: Any) -> Any:
    """Applies an elementwise graph function to a dense or ragged string tensor."""
    strings = as_strings(strings)
    if isinstance(strings, tf.RaggedTensor):
        return strings.with_flat_values(function(strings.flat_values))
    return function(strings)


def check_utf8(text: str, what: str) -> None:
    """Raises `ValueError` where `text` holds a lone surrogate, which UTF-8 has no bytes for."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            message(
                f"{what} to be text that UTF-8 can hold",
                f"{text!r}, with a lone surrogate at character {error.start}",
                "reading the source with errors='replace', or removing the surrogate",
            )
        ) from error


def lower(strings: Any) -> Any:
    """Lower case by Unicode's rules, for a dense string tensor. Bytes that are not UTF-8 become U+FFFD."""

    # `tf.strings.lower` loses what follows a NUL, and so does any string attribute with a NUL in it. Where there is
    # one: lower the pieces between NULs, put a NUL after each, and take the last one off.
    def piecewise() -> Any:
        pieces = tf.strings.split(tf.reshape(strings, [-1]), "\0")  # ragged (N, None)
        lowered = tf.strings.join([tf.strings.lower(pieces.flat_values, encoding="utf-8"), tf.constant("\0")])
        joined = tf.strings.reduce_join(pieces.with_flat_values(lowered), axis=-1)
        lengths = tf.strings.length(joined) - 1
        return tf.reshape(tf.strings.substr(joined, tf.zeros_like(lengths), lengths), tf.shape(strings))

    has_nul = tf.reduce_any(tf.strings.regex_full_match(strings, r"\C*\x00\C*"))
    return tf.cond(has_nul, piecewise, lambda: tf.strings.lower(strings, encoding="utf-8"))
