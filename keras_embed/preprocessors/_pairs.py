"""Helpers for pairs of texts and ragged numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded
from keras_embed._errors import message

_AT_ONCE = 20000


def with_marks(ids: Any, before: int | None = None, after: int | None = None) -> Any:
    """Ragged numbers with one more at the beginning or at the end of each row."""
    rows = ids.nrows()
    parts = [ids]
    for number, place in ((before, 0), (after, 1)):
        if number is not None:
            parts.insert(place, tf.RaggedTensor.from_row_lengths(tf.fill([rows], number), tf.ones([rows], tf.int64)))
    return tf.concat(parts, axis=1)


def rows_of(ids: Any) -> list[Any]:
    """A ragged tensor as a list of arrays."""
    return np.split(ids.flat_values.numpy(), ids.row_splits.numpy()[1:-1])


def numbers_of(tokenizer: Any, texts: Sequence[bytes]) -> list[Any]:
    """Texts as arrays of numbers; some at a time, as the tensors of all of them might not fit."""
    parts = [tf.constant(texts[start : start + _AT_ONCE], tf.string) for start in range(0, len(texts), _AT_ONCE)]
    return [row for part in parts for row in rows_of(tokenizer.tokenize(part))]


def sides_of(pairs: Iterable[tuple[str, str]]) -> list[list[bytes]]:
    """Sources and targets in UTF-8, or an error that names the pair."""
    sides: list[list[bytes]] = [[], []]
    for number, pair in enumerate(pairs):
        if isinstance(pair, (str, bytes)) or len(pair) != 2:
            raise ValueError(message("pairs of a source and a target", f"{pair!r} as pair {number}"))
        for side, one, what in zip(sides, pair, ("source", "target"), strict=True):
            side.append(encoded(one, number, what=what, of="pair"))
            if not side[-1].strip():
                raise ValueError(message(f"every {what} to have text", f"{one!r} in pair {number}"))
    if not sides[0]:
        raise ValueError(message("at least one pair", "none"))
    return sides
