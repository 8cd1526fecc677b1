"""Blocks of whole lines, `word 0.1 0.2`, into words and rows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats import _decimals
from keras_embed.vectors.formats._repairs import Repairs
from keras_embed.vectors.formats._text_layout import Layout, fields

PADDING = b" " * _decimals.WIDTH
"""What a block begins with, before its first line."""

_SPACE, _LINE_FEED = ord(" "), ord("\n")


class Rows(NamedTuple):
    """N words as bytes and their vectors (N, D)."""

    tokens: list[bytes]
    matrix: NDArray[np.float32]


def regular(block: bytes, layout: Layout) -> Rows | None:
    """Reads a block whose lines all have the same number of spaces, without a loop over its numbers.

    Args:
        block: `PADDING`, then whole lines.
        layout: of the file.

    Returns:
        A row for each line; or `None` where one is not as expected, or holds other white space.
    """
    data = np.frombuffer(block, np.uint8)
    breaks = np.flatnonzero(data <= _SPACE)[len(PADDING) :]
    dim, columns = layout.dim, layout.dim + 1 + layout.extra
    if len(breaks) % columns:
        return None
    breaks = breaks.reshape(-1, columns)
    kinds = data.take(breaks)
    if not (
        (kinds[:, -1] == _LINE_FEED).all()
        and (kinds[:, :dim] == _SPACE).all()
        and (breaks[:, -1] - breaks[:, dim] == layout.extra).all()
    ):
        return None
    values = _decimals.parse(block, (breaks[:, :dim] + 1).ravel(), breaks[:, 1 : dim + 1].ravel())
    if values is None:
        return None
    starts = [len(PADDING), *(breaks[:-1, -1] + 1).tolist()]
    tokens = [block[start:end] for start, end in zip(starts, breaks[:, 0].tolist(), strict=False)]
    return Rows(tokens, values.reshape(-1, dim))


def irregular(
    block: bytes, layout: Layout, repairs: Repairs, number: Callable[[int], int], most: int | None = None
) -> tuple[Rows, list[int]]:
    """Reads a block line by line, and leaves out what is no row.

    Args:
        block: `PADDING`, then whole lines.
        layout: of the file.
        repairs: where lines that are left out are counted.
        number: the number in the file of the block's first line, second line ...
        most: how many rows are wanted; what follows them is not looked at.

    Returns:
        The rows, and the places of their lines in the block.
    """
    tokens: list[bytes] = []
    texts: list[bytes] = []
    places: list[int] = []
    for place, line in enumerate(block[len(PADDING) : -1].split(b"\n")):
        if len(tokens) == most:
            break
        found = fields(line, layout.dim)
        if found is None:
            repairs.bad_line(number(place), layout.dim, _received(line))
            continue
        tokens.append(found[0])
        texts.append(b"0 " + b" ".join(found[1]) + b"\n")
        places.append(place)
    rows = regular(PADDING + b"".join(texts), Layout(layout.dim, None, 0))
    if rows is None:  # a number with other white space around it, which `float` allows
        matrix = np.array([_decimals.by_c(text.split()[1:]) for text in texts], np.float64).astype(np.float32)
        rows = Rows(tokens, matrix.reshape(-1, layout.dim))
    return Rows(tokens, rows.matrix), places


def _received(line: bytes) -> str:
    count = line.rstrip(b" \r").count(b" ")
    return f"{count} after the word" if count else repr(line[:80])


def where(numbers: Sequence[int]) -> Callable[[int], str]:
    """Names of lines by place."""
    return lambda place: f"line {numbers[place]}"
