"""Texts from arguments, files or standard input, in batches."""

import argparse
import itertools
import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import IO, Any

from keras_embed.cli._commands import Parser, positive
from keras_embed.corpora.lines import numbered_lines

_END = object()


def add_texts(parser: Parser) -> None:
    """The arguments that `text_batches` reads."""
    parser.rest = "texts"
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="by default each line of standard input is a text")
    parser.add_argument(
        "-i",
        "--input",
        action="append",
        default=[],
        metavar="FILE",
        help="a text a line, in UTF-8, also as .gz or .xz; - is standard input; may be given several times",
    )
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N", help="texts at a time, at most (32)")


def text_batches(options: argparse.Namespace) -> Iterator[list[str]]:
    """The texts, in order, in lists of at most `options.batch_size`.

    From standard input a list is what waits there: a program that writes one line gets its answer at once.
    """
    if options.texts and options.input:
        options.parser.error("expected texts or --input, received both")
    yield from in_batches(options.texts, options.batch_size)
    for name in options.input or ([] if options.texts else ["-"]):
        if name == "-":
            yield from waiting_batches(standard_input(), options.batch_size)
        else:
            yield from in_batches((line for _, line in numbered_lines(name)), options.batch_size)


def in_batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of `size` texts; the last may be shorter.

    Example:
    >>> list(in_batches(["a", "b", "c"], 2))
    [['a', 'b'], ['c']]
    """
    rest = iter(texts)
    while batch := list(itertools.islice(rest, size)):
        yield batch


def waiting_batches(stream: IO[bytes], size: int) -> Iterator[list[str]]:
    """Lists of at most `size` lines: waits for one, and adds those that are there already."""
    lines: queue.Queue[Any] = queue.Queue(maxsize=4 * size)

    def read() -> None:
        try:
            for _, line in numbered_lines(stream):
                lines.put(line)
            lines.put(_END)
        except Exception as error:
            lines.put(error)

    threading.Thread(target=read, daemon=True).start()
    batch: list[str] = []
    while isinstance(item := lines.get(), str):
        batch.append(item)
        if len(batch) == size or lines.empty():
            yield batch
            batch = []
    if batch:
        yield batch
    if isinstance(item, Exception):
        raise item


def standard_input() -> IO[bytes]:
    """Its bytes, by a stream of its own: Python's is locked while a thread waits for a line, which aborts the exit."""
    if sys.stdin.isatty():
        print("A text a line, please; Ctrl-D ends.", file=sys.stderr)
    try:
        stream = open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # it is no file, as in tests
        return sys.stdin.buffer
    stream.raw.name = sys.stdin.buffer.name  # type: ignore[attr-defined]  # which errors say
    return stream
