"""Looking for the lines of some words, without reading the numbers of the others."""

from collections.abc import Iterator

import numpy as np

from keras_embed.vectors._selection import Selection
from keras_embed.vectors._text_block import PADDING


def lines_of(blocks: Iterator[bytes], selection: Selection, number: int) -> tuple[list[bytes], list[int]]:
    """The lines that begin with a wanted word, or with the part of one before its first space.

    It stops where all are found.

    Args:
        blocks: `PADDING` and whole lines each.
        selection: the words; `limit` counts lines.
        number: of the first line.

    Returns:
        Lines with their line feeds, and their numbers.
    """
    wanted = selection.tokens or frozenset()
    starts_of = {token.split(b" ", 1)[0] for token in wanted}
    left = None if len(starts_of) != len(wanted) or selection.words is None else set(starts_of)
    lines: list[bytes] = []
    numbers: list[int] = []
    end = None if selection.limit is None else number + selection.limit
    for block in blocks:
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")).tolist()
        if end is not None:
            ends = ends[: end - number]
        find, start = block.find, len(PADDING)
        for place, stop in enumerate(ends, start=number):
            token = block[start : find(b" ", start, stop)]
            if token in starts_of:
                lines.append(block[start : stop + 1])
                numbers.append(place)
                if left is not None:
                    left.discard(token)
            start = stop + 1
        number += len(ends)
        if (left is not None and not left) or number == end:
            break
    return lines, numbers
