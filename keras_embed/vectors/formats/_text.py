"""Text files of vectors: word2vec's and fastText's `.vec` with a header, GloVe's without."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats import _text_lines
from keras_embed.vectors.formats._reading import Repairs, Selection, Table, decode, word_vectors
from keras_embed.vectors.formats._text_lines import PADDING, Layout, Rows
from keras_embed.vectors.word_vectors import WordVectors

_BLOCK = 1 << 20  # bytes parsed together: the intermediate arrays stay in the cache
_WORKERS = 4
_T = TypeVar("_T")

# Search for the lines of some words without parsing the numbers of the others. The first sixteen bytes of a line, up to
# its first space, are hashed for all lines of a block at once; only lines with the hash of a selected word are parsed.
_BATCH = 1 << 18  # bytes of lines that are passed on together, approximately
_WINDOW = 16
_BITS = 20  # of a hash
_U = np.uint64
_EACH = 0x0101010101010101
_SPACES, _ONES, _TOPS = _U(0x20 * _EACH), _U(_EACH), _U(0x80 * _EACH)
_MIX = (_U(0x9E3779B97F4A7C15), _U(0xC2B2AE3D27D4EB4F))


def read(stream: IO[bytes], size: int, selection: Selection, repairs: Repairs, header: bool | None) -> WordVectors:
    """Reads a text file.

    Args:
        stream: the decompressed file.
        size: approximate number of bytes.
        selection: the words to read.
        repairs: counts the repairs.
        header: True if the first line is a header, False if not; `None`: inferred.
    """
    head = _text_lines.read_head(stream)
    layout = _text_lines.find(head, header)
    if layout is None:
        number, seen, try_ = _text_lines.problem(head)
        expected = "lines of a word and numbers" + (", below a line with two integers" if header else "")
        raise repairs.error(f"line {number}", expected, seen, try_)
    if layout.header is None and (shown := _text_lines.repeated_word(head, layout)) is not None:
        expected = f"each word once, before {layout.dim} numbers"
        raise repairs.error(
            "line 1", expected, shown, "a first line with the number of rows and the width, as '100 50'"
        )
    repairs.header, repairs.dim = layout.header, layout.dim
    blocks = _blocks(head, stream, repairs, layout)
    if selection.tokens is None:
        return _read_all(blocks, size, layout, selection, repairs)
    return _read_some(blocks, layout, selection, repairs)


def _blocks(head: bytes, stream: IO[bytes], repairs: Repairs, layout: Layout) -> Iterator[bytes]:
    """Yields `PADDING` and complete lines, without the header."""
    rest = head
    if layout.header is not None:
        _, _, rest = head.partition(b"\n")
    rewrite = layout.separators.rewrite
    while chunk := stream.read(_BLOCK):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield (
                PADDING + rewrite(rest + chunk[:end])
                if any(layout.separators)
                else b"".join((PADDING, rest, chunk[:end]))
            )
            rest = chunk[end:]
        else:
            rest += chunk
    if rest and not rest.endswith(b"\n"):
        last = rest[rest.rfind(b"\n") + 1 :]
        if _text_lines.fields(rewrite(last), layout.dim) is None and last.strip(b" \r"):
            expected = f"a word and {layout.dim} numbers in the last line, and a line feed"
            raise repairs.truncated(expected, f"{last[:40]!r}, then the end", 0)
        rest += b"\n"
    if rest:
        yield PADDING + rewrite(rest)


def _read_all(
    blocks: Iterator[bytes], size: int, layout: Layout, selection: Selection, repairs: Repairs
) -> WordVectors:
    # Estimate the number of rows from the first block, with 5 % to spare.
    first = next(blocks, PADDING)
    lines = max(first.count(b"\n"), 1)
    guess = size * lines // max(len(first) - len(PADDING), 1) * 21 // 20
    table = Table(layout.dim, guess if selection.limit is None else min(guess, selection.limit))
    first_line = 1 if layout.header is None else 2  # number of the first line with a row
    line, limit, seen = first_line, selection.limit, 0
    for (block, _), rows in _parsed(((block, None) for block in chain([first], blocks)), layout):
        numbers: Sequence[int] = range(line, line + (block.count(b"\n") if rows is None else len(rows.tokens)))
        line += len(numbers)
        if rows is None:  # an irregular block: line by line, with repairs
            most = None if limit is None else limit - seen
            rows, indices = _text_lines.irregular(block, layout, repairs, numbers.__getitem__, most)
            numbers = [numbers[index] for index in indices]
        if limit is not None:
            rows = Rows(rows.tokens[: limit - seen], rows.matrix[: limit - seen])
        seen += len(rows.tokens)
        table.add(decode(rows.tokens, repairs, _text_lines.where(numbers)), rows.matrix)
        if seen == limit:
            break
    else:
        repairs.rows_seen = line - first_line
        _check_header(layout, repairs, table.words)
    return word_vectors(table.words, table.matrix(), repairs, "text")


def _parsed(blocks: Iterable[tuple[bytes, _T]], layout: Layout) -> Iterator[tuple[tuple[bytes, _T], Rows | None]]:
    """Yields each block with its data and its rows, in order; several blocks are parsed concurrently."""
    workers = min(_WORKERS, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[tuple[tuple[bytes, _T], Future[Rows | None]]] = deque()
        try:
            for block in blocks:
                waiting.append((block, pool.submit(_text_lines.regular, block[0], layout)))
                if len(waiting) > 2 * workers:  # bounds the blocks in memory
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _read_some(blocks: Iterator[bytes], layout: Layout, selection: Selection, repairs: Repairs) -> WordVectors:
    first_line = 1 if layout.header is None else 2
    table = Table(layout.dim, len(selection.words or ()))
    # The first part of a word with spaces may be another word of the file.
    exact = not any(b" " in token for token in selection.tokens or ())
    for (block, numbers), rows in _parsed(_selected_lines(blocks, selection, first_line, layout), layout):
        if rows is None:
            rows, indices = _text_lines.irregular(block, layout, repairs, numbers.__getitem__)
            numbers = [numbers[index] for index in indices]
        chosen = None if exact else selection.rows(rows.tokens)
        if chosen is not None:
            rows = Rows([rows.tokens[row] for row in chosen], rows.matrix[chosen])
            numbers = [numbers[row] for row in chosen]
        table.add(decode(rows.tokens, repairs, _text_lines.where(numbers)), rows.matrix)
    return word_vectors(table.words, table.matrix(), repairs, "text")


def _check_header(layout: Layout, repairs: Repairs, words: list[str]) -> None:
    if layout.header is None:
        return
    rows, dim = layout.header
    # GloVe's `-write-header 1` does not count the row of <unk>.
    glove = repairs.rows_seen == rows + 1 and words[-1:] == ["<unk>"]
    if dim != layout.dim or (rows != repairs.rows_seen and not glove):
        repairs.wrong_header()


def _selected_lines(
    blocks: Iterable[bytes], selection: Selection, number: int, layout: Layout
) -> Iterator[tuple[bytes, list[int]]]:
    """Yields the lines that begin with a selected word, or with the part of one before its first space.

    Stops when all are found.

    Args:
        blocks: `PADDING` and complete lines each.
        selection: the words; `limit` counts lines.
        number: number of the first line.
        layout: layout of the file.

    Yields:
        `PADDING` and some selected lines, and their numbers.
    """
    beginnings = {token.split(b" ", 1)[0] for token in selection.tokens or frozenset()}
    # Each selected word is on one line. Words with spaces may share their beginning with others: all lines are read.
    wanted = {word.encode("utf-8", "surrogatepass") for word in selection.words or ()}
    left = None if any(b" " in token or b"\\x" in token for token in wanted) else wanted
    table = _hash_table(beginnings)
    end = None if selection.limit is None else number + selection.limit
    lines: list[bytes] = []
    numbers: list[int] = []
    for block in blocks:
        starts, stops = _line_bounds(block)
        if end is not None:
            starts, stops = starts[: end - number], stops[: end - number]
        for index in _candidates(block, starts, table).tolist():
            start, stop = int(starts[index]), int(stops[index])
            token = block[start : block.find(b" ", start, stop)]
            if token in beginnings:
                lines.append(block[start : stop + 1])
                numbers.append(number + index)
                if left is not None and block.count(b" ", start, stop) - layout.extra <= layout.dim:
                    left.discard(token)
        number += len(starts)
        if len(lines) * len(block) > _BATCH * len(starts):
            yield PADDING + b"".join(lines), numbers
            lines, numbers = [], []
        if (left is not None and not left) or number == end:
            break
    yield PADDING + b"".join(lines), numbers


def _line_bounds(block: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the offsets where lines begin and end."""
    stops = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    starts = np.empty_like(stops)
    starts[:1], starts[1:] = len(PADDING), stops[:-1] + 1
    return starts, stops


def _hash_table(beginnings: Iterable[bytes]) -> NDArray[np.bool_]:
    """Returns (2**20,), True for the hashes of the selected words."""
    tokens = list(beginnings)
    sizes = np.array([len(token) + _WINDOW for token in tokens], np.int64)
    table = np.zeros(1 << _BITS, bool)
    table[_hashes((b" " * _WINDOW).join([*tokens, b""]), np.cumsum(sizes) - sizes)] = True
    return table


def _candidates(block: bytes, starts: NDArray[np.int64], table: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Returns the lines that may be selected, including those too close to the block's end for a complete window."""
    whole = int(np.searchsorted(starts, len(block) - _WINDOW, side="right"))
    hits = np.flatnonzero(table[_hashes(block, starts[:whole])])
    return np.concatenate([hits, np.arange(whole, len(starts))])


def _hashes(text: bytes, starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes the bytes from each offset to the next space, at most sixteen, (N,)."""
    if not len(starts):
        return np.zeros(0, np.uint64)
    # complex128 is only the NumPy type of sixteen bytes that is copied fastest.
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
    """Returns the bits below each word's first space, all bits if it has none."""
    other = words ^ _SPACES
    spaces = (other - _ONES) & ~other & _TOPS  # the lowest bit that is set belongs to the first space
    return ((spaces & (~spaces + _U(1))) >> _U(7)) - _U(1)
