"""Lines of a text file of vectors, `word 0.1 0.2`: their layout, and blocks of lines to words and rows."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats import _decimals
from keras_embed.vectors.formats._reading import Repairs

#: Number of bytes at the start of a file from which its layout is inferred.
HEAD = 1 << 18
#: Prefix of a block, before its first line.
PADDING = b" " * _decimals.WIDTH

_LINES = 100
_DECIMAL = re.compile(rb"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")
_HEADER = re.compile(rb"(\d{1,18}) (\d{1,9})\s*")
_SPACE, _LINE_FEED = ord(" "), ord("\n")


class Layout(NamedTuple):
    """The layout of a text file.

    Attributes:
        dim: numbers in a line.
        header: rows and width that the first line announces, `None` if it is a row itself.
        extra: number of spaces and carriage returns between the last number and the end of a line.
    """

    dim: int
    header: tuple[int, int] | None
    extra: int


class Rows(NamedTuple):
    """N words as bytes and their vectors (N, D)."""

    tokens: list[bytes]
    matrix: NDArray[np.float32]


def header_of(line: bytes) -> tuple[int, int] | None:
    """Returns the two integers of a header, `None` if the line is anything else."""
    match = _HEADER.fullmatch(line)
    return match and (int(match[1]), int(match[2]))


def find(head: bytes, header: bool | None = None) -> Layout | None:
    """Infers the layout of a file, `None` if it is not text of words and numbers.

    The first line is a header if it is two integers of which the second is one less than the fields of other lines; or
    any two integers, if other lines have more fields. Words may contain spaces, so the width is that of most lines.

    Args:
        head: the first `HEAD` bytes of the file, or all of it.
        header: True or False if it is known whether the first line is a header.
    """
    lines = head.split(b"\n")
    if len(lines) > 2 or (len(lines) == 2 and not lines[1]):
        lines.pop()  # empty or incomplete
    lines = lines[:_LINES]
    if not lines:
        return None
    announced = header_of(lines[0]) if header is not False else None
    if header and announced is None:
        return None
    body = [line for line in lines[1:] if line.strip(b" \r")]
    if announced and not body:
        return Layout(announced[1], announced, 0)
    widths = [line.rstrip(b" \r").count(b" ") for line in body]
    if announced and not header and announced[1] not in widths and _mode(widths) == 1:
        announced = None  # words that are numbers themselves, with one number each
    if announced is None:
        body, widths = lines, [lines[0].rstrip(b" \r").count(b" "), *widths]
    dim = announced[1] if announced and announced[1] in widths else _mode(widths)
    # Text of vectors if most of the lines are a word and `dim` numbers.
    rows = sum(fields(line, dim) is not None for line in body)
    if dim < 1 or 2 * rows <= len(body):
        return None
    return Layout(dim, announced, _mode([len(line) - len(line.rstrip(b" \r")) for line in body]))


def fields(line: bytes, dim: int) -> tuple[bytes, list[bytes]] | None:
    """Splits a line into its word and its `dim` numbers; `None` if it is anything else.

    A word may contain spaces; but if the part before the last `dim` numbers has decimals too, the line is too long.
    """
    token, *numbers = line.rstrip(b" \r").rsplit(b" ", dim)
    if len(numbers) < dim or _decimals.by_c(numbers) is None:
        return None
    if b" " in token and any(_DECIMAL.fullmatch(part) for part in token.split(b" ")[1:]):
        return None
    return token, numbers


def regular(block: bytes, layout: Layout) -> Rows | None:
    """Parses a block whose lines all have the same number of spaces, without a loop over its numbers.

    Args:
        block: `PADDING`, then complete lines.
        layout: layout of the file.

    Returns:
        A row for each line; `None` if a line differs from the layout or contains other whitespace.
    """
    data = np.frombuffer(block, np.uint8)
    breaks = np.flatnonzero(data <= _SPACE)[len(PADDING) :]
    dim, columns = layout.dim, layout.dim + 1 + layout.extra
    if len(breaks) % columns:
        return None
    # A regular block: each line is D spaces, then `extra` characters and the line feed, adjacent at the end.
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
    """Parses a block line by line and skips the lines that are not rows.

    Args:
        block: `PADDING`, then complete lines.
        layout: layout of the file.
        repairs: counts the skipped lines.
        number: returns the line number in the file of a line of the block, by its index.
        most: maximum number of rows; the rest of the block is ignored.

    Returns:
        The rows, and the indices of their lines in the block.
    """
    tokens: list[bytes] = []
    texts: list[bytes] = []
    indices: list[int] = []
    for index, line in enumerate(block[len(PADDING) : -1].split(b"\n")):
        if len(tokens) == most:
            break
        found = fields(line, layout.dim)
        if found is None:
            repairs.bad_line(number(index), layout.dim, _received(line))
            continue
        tokens.append(found[0])
        texts.append(b"0 " + b" ".join(found[1]) + b"\n")
        indices.append(index)
    rows = regular(PADDING + b"".join(texts), Layout(layout.dim, None, 0))
    if rows is None:  # a number with other whitespace around it, which `float` allows
        matrix = np.array([_decimals.by_c(text.split()[1:]) for text in texts], np.float64).astype(np.float32)
        rows = Rows(tokens, matrix.reshape(-1, layout.dim))
    return Rows(tokens, rows.matrix), indices


def _received(line: bytes) -> str:
    count = line.rstrip(b" \r").count(b" ")
    return f"{count} after the word" if count else repr(line[:80])


def where(numbers: Sequence[int]) -> Callable[[int], str]:
    """Returns a function from the index of a line to its position in the file, for the report."""
    return lambda index: f"line {numbers[index]}"


def _mode(values: list[int]) -> int:
    """Returns the most frequent value, the smaller one in a tie."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else 0
