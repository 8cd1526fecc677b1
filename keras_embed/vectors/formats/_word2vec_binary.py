"""word2vec's binary files: a line with rows and width, then a word, a space and floats for each row.

The C tool writes a line feed after each row, gensim does not.
"""

from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats._reading import Repairs, Selection, Table, decode, word_vectors
from keras_embed.vectors.formats._text_lines import find, header_of, is_printable
from keras_embed.vectors.word_vectors import WordVectors

_BLOCK = 1 << 21
_LONGEST = 1 << 16  # maximum bytes of a word


def read(stream: IO[bytes], size: int, selection: Selection, repairs: Repairs) -> WordVectors:
    """Reads a binary file.

    Args:
        stream: the decompressed file.
        size: approximate number of bytes.
        selection: the words to read.
        repairs: counts the repairs.
    """
    head = stream.read(_BLOCK)
    if is_printable(head) and head.count(b"\n") > 1 and (find(head) is not None or len(head) > 256):
        received = f"printable text, {head[:60]!r}"
        raise repairs.error("line 2", "floats as bytes after each word", received, 'format="word2vec_text"')
    line, _, rest = head.partition(b"\n")
    header = header_of(line)
    if header is None or header[1] < 1:
        raise repairs.error("line 1", "two integers, the rows and their width", repr(line[:80]), "another `format`")
    rows, dim = repairs.header = header
    repairs.dim = dim
    if selection.limit is not None:
        rows = min(rows, selection.limit)
    table = Table(dim, min(rows, size // (4 * dim) + 1) if selection.tokens is None else len(selection.tokens))
    seen, left = 0, selection.limit  # rows read, and rows left to read
    for tokens, block, offsets in _rows(rest, stream, dim, repairs):
        count = len(tokens) if left is None else min(left, len(tokens))
        chosen: Sequence[int] = range(count)
        if selection.tokens is not None:
            chosen = [row for row in chosen if tokens[row] in selection.tokens]
        _add(table, [tokens[row] for row in chosen], block, [offsets[row] for row in chosen], repairs, seen)
        seen += count
        if left is not None and (left := left - count) == 0:
            break
        if selection.has_all(table.words):
            break
    else:
        repairs.rows_seen = seen
        if seen != header[0]:
            repairs.wrong_header()
    return word_vectors(table.words, table.matrix(), repairs, "word2vec_binary")


def _rows(rest: bytes, stream: IO[bytes], dim: int, repairs: Repairs) -> Iterator[tuple[list[bytes], bytes, list[int]]]:
    """Yields the words of complete rows, the block of bytes that holds them, and the offsets of their floats in it."""
    width, seen, block = 4 * dim, 0, rest
    while True:
        # Only the words are searched for; the floats between them are skipped by their width.
        tokens, offsets, start = [], [], 0
        last = len(block) - width - 1
        while 0 <= (space := block.find(b" ", start)) <= last:
            tokens.append(block[start:space])
            start = space + 1 + width
            offsets.append(space + 1)
        yield [token.lstrip(b"\n") for token in tokens], block, offsets
        seen += len(tokens)
        block = block[start:]
        chunk = stream.read(max(_BLOCK, width))
        if not chunk:
            break
        if len(block) > width + _LONGEST:
            what = f"no space in the {len(block)} bytes after row {seen}"
            raise repairs.error(f"row {seen + 1}", "a word, a space and floats", what, "another `format`")
        block += chunk
    if block.strip(b"\n"):
        announced = (repairs.header or (0, 0))[0]
        received = f"{seen} whole rows, then {len(block)} bytes"
        raise repairs.truncated(f"{announced} rows of a word and {width} bytes", received, seen)


def _add(table: Table, tokens: list[bytes], block: bytes, offsets: list[int], repairs: Repairs, seen: int) -> None:
    width = 4 * table.dim
    if offsets:
        # A view of the row of bytes at every offset: indexing copies only the selected ones.
        rows: NDArray[np.void] = np.ndarray((len(block) - width + 1,), f"V{width}", block, 0, (1,))[offsets]
        matrix = rows.view("<f4").reshape(-1, table.dim)
        table.add(decode(tokens, repairs, lambda index: f"row {seen + index + 1}"), matrix)
