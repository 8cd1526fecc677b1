"""Lines of a text file of vectors, `word 0.1 0.2`: their layout, and blocks of lines to words and rows."""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import IO, NamedTuple

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
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TAB_NUMBER = re.compile(
    rb"[^ \t][ ]*\t[ \t]*([+-]?[\d.][\d.e+-]*|[+-]?nan|[+-]?inf)[ \t]+[+-]?(\d|\.\d|nan|inf)", re.IGNORECASE
)
_RUN_NUMBER = re.compile(rb"[^ \t] {2,}[+-]?(\d|\.\d|nan|inf)", re.IGNORECASE)
_RUN = re.compile(rb"(?<=[^ \n]) {2,}(?=[^ \r\n])")
_DECIMAL_COMMA = re.compile(rb"[ \t;][+-]?\d+,\d+[ \t;][+-]?\d+,\d+")
_COLUMNS = re.compile(rb"^[^,;|]*[,;| ]+[+-]?\d[^a-zA-Z]*\s*$")
_PRINTABLE = bytes([9, 10, 13, *range(32, 127), *range(128, 256)])
_FEW, _LONGEST_HEAD = 4, 1 << 26
_HEADER = re.compile(rb"(\d{1,18}) (\d{1,9})\s*")
_SPACE, _LINE_FEED = ord(" "), ord("\n")


class Separators(NamedTuple):
    """Separators that are rewritten to single spaces before lines are parsed.

    Attributes:
        tabs: True if tabs separate the numbers.
        runs: True if runs of spaces do.
    """

    tabs: bool = False
    runs: bool = False

    def rewrite(self, data: bytes) -> bytes:
        """Returns lines with single spaces between the numbers."""
        if self.tabs:
            data = data.replace(b"\t", b" ")
        return _RUN.sub(b" ", data) if self.runs else data


class Layout(NamedTuple):
    """The layout of a text file.

    Attributes:
        dim: numbers in a line.
        header: rows and width that the first line announces, `None` if it is a row itself.
        extra: number of spaces and carriage returns between the last number and the end of a line.
        separators: what is rewritten to single spaces.
    """

    dim: int
    header: tuple[int, int] | None
    extra: int
    separators: Separators = Separators()


class Rows(NamedTuple):
    """N words as bytes and their vectors (N, D)."""

    tokens: list[bytes]
    matrix: NDArray[np.float32]


def header_of(line: bytes) -> tuple[int, int] | None:
    """Returns the two integers of a header, `None` if the line is anything else."""
    match = _HEADER.fullmatch(line)
    return match and (int(match[1]), int(match[2]))


def read_head(stream: IO[bytes]) -> bytes:
    """Reads the first `HEAD` bytes of a file, or more of a text until it has a few complete lines.

    A byte-order mark of UTF-8 is removed.
    """
    head = stream.read(HEAD)
    while head.count(b"\n") < _FEW and len(head) < _LONGEST_HEAD and is_printable(head[:HEAD]):
        more = stream.read(len(head) or HEAD)
        if not more:
            break
        head += more
    return head.removeprefix(codecs.BOM_UTF8)


def is_printable(head: bytes) -> bool:
    """Returns True if bytes have no control characters but tabs and line ends, as text does."""
    return not head.translate(None, _PRINTABLE)


def separators(head: bytes) -> Separators:
    """Infers what separates the numbers, from the first lines of a file.

    Single spaces are the rule, and need no rewriting. Other separators are used if most lines have them before numbers.
    """
    lines = [line.rstrip(b" \r") for line in head.split(b"\n")[:_LINES]]
    if header_of(lines[0].replace(b"\t", b" ").strip()) is not None and len(lines) > 1:
        lines = lines[1:]
    body = [line for line in lines if line]
    half = len(body) / 2
    tabs = sum(_TAB_NUMBER.search(line) is not None for line in body) > half
    if tabs:
        body = [line.replace(b"\t", b" ") for line in body]
    runs = sum(_RUN_NUMBER.search(line) is not None for line in body) > half
    return Separators(tabs, runs)


def find(head: bytes, header: bool | None = None) -> Layout | None:
    """Infers the layout of a file, `None` if it is not text of words and numbers.

    The first line is a header if it is two integers of which the second is one less than the fields of other lines; or
    any two integers, if other lines have more fields. The header's width is used if most rows end with so many numbers:
    words may contain spaces. Without a header, the width is that of most lines.

    Args:
        head: the bytes from `read_head`.
        header: True or False if it is known whether the first line is a header.
    """
    separated = separators(head)
    lines = separated.rewrite(head).split(b"\n")
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
        return Layout(announced[1], announced, 0, separated)
    widths = [line.rstrip(b" \r").count(b" ") for line in body]
    named = announced is not None and _fit(body, announced[1])
    if announced and not header and not named and announced[1] not in widths and _mode(widths) == 1:
        announced = None  # words that are numbers themselves, with one number each
    if announced is None:
        body, widths = lines, [lines[0].rstrip(b" \r").count(b" "), *widths]
    dim = announced[1] if announced and (named or announced[1] in widths) else _mode(widths)
    # Text of vectors if most of the lines are a word and `dim` numbers.
    rows = sum(fields(line, dim) is not None for line in body)
    if (dim < 1 or 2 * rows <= len(body)) and announced is None:
        # Words of several parts: the numbers at the end of a line are the vector.
        dim = _mode([_trailing(line) for line in body])
        rows = sum(fields(line, dim) is not None for line in body) if dim else 0
    if dim < 1 or 2 * rows <= len(body):
        return None
    extra = _mode([len(line) - len(line.rstrip(b" \r")) for line in body])
    return Layout(dim, announced, extra, separated)


def _fit(body: list[bytes], dim: int) -> bool:
    """Returns True if most rows are a word and `dim` numbers."""
    return dim > 0 and 2 * sum(fields(line, dim) is not None for line in body) > len(body)


def _trailing(line: bytes) -> int:
    """Returns the number of fields at the end of a line, after the first one, that are numbers."""
    parts = line.rstrip(b" \r").split(b" ")[1:]
    for count, part in enumerate(reversed(parts)):
        if not part or _decimals.by_c([part]) is None:
            return count
    return len(parts)


def repeated_word(head: bytes, layout: Layout) -> str | None:
    """Returns what shows that the first number of each line is part of its word, such as `item 1 0.5`, else `None`.

    Then most words are repeated, and the first numbers are integers, unlike the others.
    """
    lines = layout.separators.rewrite(head).split(b"\n")[:-1][:_LINES]
    found = [row for row in (fields(line, layout.dim) for line in lines) if row is not None]
    if len(found) < 2 or layout.dim < 2 or 2 * len({token for token, _ in found}) > len(found):
        return None
    if not all(row[0].isdigit() and any(b"." in number for number in row[1:]) for _, row in found):
        return None
    return f"{found[0][0]!r} repeatedly, before the integers {found[0][1][0]!r}, {found[1][1][0]!r}"


def is_almost(head: bytes) -> bool:
    """Returns True if a file that is not read as text has signs of one: a header, numbers in columns, or UTF-16."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    lines = head.split(b"\n")
    if not is_printable(head):
        return False
    return header_of(lines[0].strip()) is not None or _COLUMNS.search(lines[-2 if len(lines) > 1 else 0]) is not None


def problem(head: bytes) -> tuple[int, str, str]:
    """Returns the line that shows why a file is not read as text: its number, what is seen in it, and what to try."""
    lines = head.split(b"\n")
    number = 2 if header_of(lines[0].strip()) is not None and len(lines) > 1 else 1
    line = lines[number - 1].rstrip(b"\r")
    shown = repr(line[:60])
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return 1, "a byte-order mark of UTF-16", "the file converted to UTF-8"
    if _DECIMAL_COMMA.search(line):
        return number, f"decimal commas, {shown}", "the file with decimal points, and spaces between the numbers"
    for mark, name in ((b",", "commas"), (b";", "semicolons"), (b"|", "bars")):
        if line.count(mark) >= 2:
            return number, f"{name} between the numbers, {shown}", "the file with single spaces between the numbers"
    return number, shown, "another `format`, or the file with a word and single spaces between the numbers on each line"


def fields(line: bytes, dim: int) -> tuple[bytes, list[bytes]] | None:
    """Splits a line into its word and its `dim` numbers; `None` if it is anything else.

    A word may contain spaces; but if the part before the last `dim` numbers has decimals too, the line is too long.
    """
    token, *numbers = line.rstrip(b" \r").rsplit(b" ", dim)
    if len(numbers) < dim or _decimals.by_c(numbers) is None:
        return None
    if b" " in token and any(_DECIMAL.fullmatch(part) for part in token.split(b" ")[1:]):
        return None
    if b"\t" in token and any(_NUMBER.fullmatch(part) for part in token.split(b"\t")[1:]):
        return None  # a tab before the first number
    return token.rstrip(b" ") or token, numbers


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
