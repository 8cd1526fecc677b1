"""Text files of vectors: word2vec's and fastText's `.vec` with a header, GloVe's without."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import IO, Any, TypeVar

from keras_embed.vectors.formats import _text_block, _text_layout
from keras_embed.vectors.formats._repairs import Repairs
from keras_embed.vectors.formats._selection import Selection
from keras_embed.vectors.formats._table import Table, decode, word_vectors
from keras_embed.vectors.formats._text_block import PADDING, Rows
from keras_embed.vectors.formats._text_layout import Layout
from keras_embed.vectors.formats._text_scan import wanted_lines
from keras_embed.vectors.word_vectors import WordVectors

_BLOCK = 1 << 20  # bytes that are parsed together: what comes of them stays in the cache
_WORKERS = 4
_T = TypeVar("_T")


def read(stream: IO[bytes], size: int, selection: Selection, repairs: Repairs, header: bool | None) -> WordVectors:
    """Reads a text file.

    Args:
        stream: the file, unpacked.
        size: its bytes, a guess.
        selection: what is wanted of it.
        repairs: where what is mended is counted.
        header: whether the first line is a header; `None`: it shows.
    """
    head = stream.read(_text_layout.HEAD)
    layout = _text_layout.find(head, header)
    if layout is None:
        first = head.split(b"\n", 1)[0][:80]
        expected = "lines of a word and numbers" + (", below a line with two integers" if header else "")
        raise repairs.error("line 1", expected, repr(first), "another `format`")
    repairs.header, repairs.dim = layout.header, layout.dim
    blocks = _blocks(head, stream, repairs, layout)
    if selection.tokens is None:
        return _read_all(blocks, size, layout, selection, repairs)
    return _read_some(blocks, layout, selection, repairs)


def _blocks(head: bytes, stream: IO[bytes], repairs: Repairs, layout: Layout) -> Iterator[bytes]:
    """`PADDING` and whole lines, without the header."""
    rest = head
    if layout.header is not None:
        _, _, rest = head.partition(b"\n")
    while chunk := stream.read(_BLOCK):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join((PADDING, rest, chunk[:end]))
            rest = chunk[end:]
        else:
            rest += chunk
    if rest and not rest.endswith(b"\n"):
        last = rest[rest.rfind(b"\n") + 1 :]
        if _text_layout.fields(last, layout.dim) is None and last.strip(b" \r"):
            expected = f"a word and {layout.dim} numbers in the last line, and a line feed"
            raise repairs.truncated(expected, f"{last[:40]!r}, then the end", 0)
        rest += b"\n"
    if rest:
        yield PADDING + rest


def _read_all(
    blocks: Iterator[bytes], size: int, layout: Layout, selection: Selection, repairs: Repairs
) -> WordVectors:
    first = next(blocks, PADDING)
    lines = max(first.count(b"\n"), 1)
    guess = size * lines // max(len(first) - len(PADDING), 1) * 21 // 20
    table = Table(layout.dim, guess if selection.limit is None else min(guess, selection.limit))
    below = 1 if layout.header is None else 2  # the number of the first line with a row
    line, limit, seen = below, selection.limit, 0
    for (block, _), rows in _parsed(((block, None) for block in chain([first], blocks)), layout):
        numbers: Any = range(line, line + (block.count(b"\n") if rows is None else len(rows.tokens)))
        line = numbers.stop
        if rows is None:
            most = None if limit is None else limit - seen
            rows, places = _text_block.irregular(block, layout, repairs, numbers.__getitem__, most)
            numbers = [numbers[place] for place in places]
        if limit is not None:
            rows = Rows(rows.tokens[: limit - seen], rows.matrix[: limit - seen])
        seen += len(rows.tokens)
        table.add(decode(rows.tokens, repairs, _text_block.where(numbers)), rows.matrix)
        if seen == limit:
            break
    else:
        repairs.rows_seen = line - below
        _check_header(layout, repairs, table.words)
    return word_vectors(table.words, table.matrix(), repairs, "text")


def _parsed(blocks: Iterable[tuple[bytes, _T]], layout: Layout) -> Iterator[tuple[tuple[bytes, _T], Rows | None]]:
    """Each block, with what belongs to it, and its rows, in order; several are parsed at a time."""
    workers = min(_WORKERS, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[tuple[tuple[bytes, _T], Future[Rows | None]]] = deque()
        try:
            for block in blocks:
                waiting.append((block, pool.submit(_text_block.regular, block[0], layout)))
                if len(waiting) > 2 * workers:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _read_some(blocks: Iterator[bytes], layout: Layout, selection: Selection, repairs: Repairs) -> WordVectors:
    below = 1 if layout.header is None else 2
    table = Table(layout.dim, len(selection.words or ()))
    # The first part of a word that holds spaces may be another word of the file.
    exact = not any(b" " in token for token in selection.tokens or ())
    for (block, numbers), rows in _parsed(wanted_lines(blocks, selection, below), layout):
        if rows is None:
            rows, places = _text_block.irregular(block, layout, repairs, numbers.__getitem__)
            numbers = [numbers[place] for place in places]
        chosen = None if exact else selection.rows(rows.tokens)
        if chosen is not None:
            rows = Rows([rows.tokens[row] for row in chosen], rows.matrix[chosen])
            numbers = [numbers[row] for row in chosen]
        table.add(decode(rows.tokens, repairs, _text_block.where(numbers)), rows.matrix)
    return word_vectors(table.words, table.matrix(), repairs, "text")


def _check_header(layout: Layout, repairs: Repairs, words: list[str]) -> None:
    if layout.header is None:
        return
    rows, dim = layout.header
    glove = repairs.rows_seen == rows + 1 and words[-1:] == ["<unk>"]  # its `-write-header 1` does not count that row
    if dim != layout.dim or (rows != repairs.rows_seen and not glove):
        repairs.wrong_header()
