"""Small helpers for Python strings and string tensors."""

from collections.abc import Callable
from typing import Any

from keras_embed._backend import tf
from keras_embed._checks import message


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
