"""Pairs of texts as users hand them over."""

from collections.abc import Iterable
from typing import Any

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded
from keras_embed._errors import message

SIDES = ("first", "second")


def pair_texts(pairs: Iterable[Any], expected: int | None = None) -> tuple[list[bytes], list[bytes]]:
    """Pairs in memory as first and second texts in UTF-8.

    Args:
        pairs: of strings, which may be empty.
        expected: number of labels, `None` for none.

    Raises:
        ValueError: for one text, and naming the pair that is not two strings or that UTF-8 cannot hold, or for another
            number of pairs than of labels.
    """
    if isinstance(pairs, (str, bytes)):
        raise ValueError(message("a list of pairs of texts", pairs, "[(first, second)]"))
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for number, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(message("two texts in every pair", f"{pair!r} as pair {number}", "(first, second)"))
        for side, one in zip(sides, pair, strict=True):
            side.append(encoded(one, number, what="text", of="pair"))
    if expected is not None and expected != len(sides[0]):
        raise ValueError(message("as many labels as pairs", f"{expected} labels, {len(sides[0])} pairs"))
    return sides


def pair_columns(x: Any) -> tuple[Any, Any]:
    """Pairs in any form as first and second texts, string (B,) each.

    Args:
        x: a list of pairs; a dict with `first` and `second`; a tuple of two string tensors (B,); or one of (B, 2).
    """
    if isinstance(x, dict):
        missing = [name for name in SIDES if name not in x]
        if missing:
            raise ValueError(message("a dict with `first` and `second`", sorted(x)))
        columns = [x[name] for name in SIDES]
    elif isinstance(x, (list, tuple)) and not (len(x) == 2 and all(tf.is_tensor(side) for side in x)):
        columns = list(pair_texts(x))
    elif isinstance(x, (list, tuple)):
        columns = list(x)
    else:
        table = tf.reshape(tf.convert_to_tensor(x, tf.string), [-1, 2])
        columns = [table[:, 0], table[:, 1]]
    first, second = (tf.reshape(tf.convert_to_tensor(column, tf.string), [-1]) for column in columns)
    return first, second
