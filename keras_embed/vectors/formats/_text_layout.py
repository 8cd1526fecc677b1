"""How the lines of a text file of vectors are written, found out from the first of them."""

import re
from collections import Counter
from typing import NamedTuple

from keras_embed.vectors.formats import _decimals

HEAD = 1 << 18
"""Bytes from the start of a file that are looked at."""

_LINES = 100
_DECIMAL = re.compile(rb"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")
_HEADER = re.compile(rb"(\d{1,18}) (\d{1,9})\s*")


class Layout(NamedTuple):
    """What a reader has to know.

    Attributes:
        dim: numbers in a line.
        header: rows and width that the first line announces, `None` where it is a row itself.
        extra: spaces and carriage returns between the last number and the end of a line.
    """

    dim: int
    header: tuple[int, int] | None
    extra: int


def header_of(line: bytes) -> tuple[int, int] | None:
    """Two integers, where a line is just that."""
    match = _HEADER.fullmatch(line)
    return match and (int(match[1]), int(match[2]))


def find(head: bytes, header: bool | None = None) -> Layout | None:
    """The layout of a file, `None` where it is no text of words and numbers.

    The first line is a header if it is two integers of which the second is one less than the fields of other lines; or
    any two integers, where other lines have more fields. Words may hold spaces, so the width is that of most lines.

    Args:
        head: the first `HEAD` bytes of the file, or all.
        header: whether the first line is a header, where that is known.
    """
    lines = head.split(b"\n")
    if len(lines) > 2 or (len(lines) == 2 and not lines[1]):
        lines.pop()  # empty, or cut
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
    if announced and not header and announced[1] not in widths and _most(widths) == 1:
        announced = None  # words that are numbers themselves, with one number each
    if announced is None:
        body, widths = lines, [lines[0].rstrip(b" \r").count(b" "), *widths]
    dim = announced[1] if announced and announced[1] in widths else _most(widths)
    rows = sum(fields(line, dim) is not None for line in body)
    if dim < 1 or 2 * rows <= len(body):
        return None
    return Layout(dim, announced, _most([len(line) - len(line.rstrip(b" \r")) for line in body]))


def fields(line: bytes, dim: int) -> tuple[bytes, list[bytes]] | None:
    """A line's word and its `dim` numbers, `None` where it is something else.

    A word may hold spaces; but where what stands before the last `dim` numbers has decimals itself, the line is too
    long.
    """
    token, *numbers = line.rstrip(b" \r").rsplit(b" ", dim)
    if len(numbers) < dim or _decimals.by_c(numbers) is None:
        return None
    if b" " in token and any(_DECIMAL.fullmatch(part) for part in token.split(b" ")[1:]):
        return None
    return token, numbers


def _most(values: list[int]) -> int:
    """The most frequent value, the smaller of two."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else 0
