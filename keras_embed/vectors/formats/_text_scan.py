"""Looking for the lines of some words, without reading the numbers of the others.

The first sixteen bytes of a line, up to its first space, are hashed for all lines of a block at once. Only where the
hash is one of the wanted words' the line is looked at.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats._selection import Selection
from keras_embed.vectors.formats._text_block import PADDING

_BATCH = 1 << 18  # bytes of lines that are handed on together, about
_WINDOW = 16
_BITS = 20  # of a hash
_U = np.uint64
_EACH = 0x0101010101010101
_SPACES, _ONES, _TOPS = _U(0x20 * _EACH), _U(_EACH), _U(0x80 * _EACH)
_MIX = (_U(0x9E3779B97F4A7C15), _U(0xC2B2AE3D27D4EB4F))


def wanted_lines(blocks: Iterable[bytes], selection: Selection, number: int) -> Iterator[tuple[bytes, list[int]]]:
    """The lines that begin with a wanted word, or with the part of one before its first space.

    It stops where all are found.

    Args:
        blocks: `PADDING` and whole lines each.
        selection: the words; `limit` counts lines.
        number: of the first line.

    Yields:
        `PADDING` and some wanted lines, and their numbers.
    """
    wanted = selection.tokens or frozenset()
    beginnings = {token.split(b" ", 1)[0] for token in wanted}
    # Each word is on one line, unless words begin alike or have other spellings.
    left = set(beginnings) if len(beginnings) == len(selection.words or ()) else None
    table = _table(beginnings)
    end = None if selection.limit is None else number + selection.limit
    lines: list[bytes] = []
    numbers: list[int] = []
    for block in blocks:
        starts, stops = _lines(block)
        if end is not None:
            starts, stops = starts[: end - number], stops[: end - number]
        for place in _candidates(block, starts, table).tolist():
            start, stop = int(starts[place]), int(stops[place])
            token = block[start : block.find(b" ", start, stop)]
            if token in beginnings:
                lines.append(block[start : stop + 1])
                numbers.append(number + place)
                if left is not None:
                    left.discard(token)
        number += len(starts)
        if len(lines) * len(block) > _BATCH * len(starts):
            yield PADDING + b"".join(lines), numbers
            lines, numbers = [], []
        if (left is not None and not left) or number == end:
            break
    yield PADDING + b"".join(lines), numbers


def _lines(block: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where lines begin and end."""
    stops = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    starts = np.empty_like(stops)
    starts[:1], starts[1:] = len(PADDING), stops[:-1] + 1
    return starts, stops


def _table(beginnings: Iterable[bytes]) -> NDArray[np.bool_]:
    """(2**20,) which hashes are wanted."""
    tokens = list(beginnings)
    sizes = np.array([len(token) + _WINDOW for token in tokens], np.int64)
    table = np.zeros(1 << _BITS, bool)
    table[_hashes((b" " * _WINDOW).join([*tokens, b""]), np.cumsum(sizes) - sizes)] = True
    return table


def _candidates(block: bytes, starts: NDArray[np.int64], table: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Which lines may be wanted; those too near to the block's end for a whole window are."""
    whole = int(np.searchsorted(starts, len(block) - _WINDOW, side="right"))
    hits = np.flatnonzero(table[_hashes(block, starts[:whole])])
    return np.concatenate([hits, np.arange(whole, len(starts))])


def _hashes(text: bytes, starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(N,) of the bytes from each place to the next space, sixteen at most."""
    if not len(starts):
        return np.zeros(0, np.uint64)
    windows: NDArray[np.uint64] = np.ndarray((len(text) - _WINDOW + 1,), np.complex128, text, 0, (1,))[starts].view(
        "<u8"
    )
    first, second = windows[0::2], windows[1::2]
    first_bits, second_bits = _before_space(first), _before_space(second)
    ended = first_bits != _U(2**64 - 1)
    second_bits[ended] = 0
    mixed = (first & first_bits) * _MIX[0] + (second & second_bits) * _MIX[1]
    return (mixed * _MIX[0]) >> _U(64 - _BITS)


def _before_space(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The bits below each word's first space, all where it has none."""
    other = words ^ _SPACES
    spaces = (other - _ONES) & ~other & _TOPS  # the lowest bit that is set belongs to the first space
    return ((spaces & (~spaces + _U(1))) >> _U(7)) - _U(1)
