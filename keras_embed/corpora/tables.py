"""Texts and pairs of texts in the columns of CSV and TSV files."""

import csv
import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from keras_embed._errors import message
from keras_embed.corpora._lines import Source, error, numbered_lines
from keras_embed.corpora.labelled import Label, LabelledPair, LabelledText

Column: TypeAlias = str | int
"""A column by its name in the first line, or by its number from 0."""


def read_texts(
    file: Source,
    text: Column = 0,
    label: Column | None = 1,
    separator: str = ",",
    header: bool | None = None,
    label_separator: str | None = None,
    encoding: str = "utf-8",
) -> Iterator[LabelledText]:
    r"""Streams texts and their classes from a table.

    Separated by commas or semicolons, cells may stand in quotes and reach over several lines, as spreadsheets write
    them; separated by tabs, a quote is a character like others.

    Args:
        file: a path or an open file; gz and xz are read directly.
        text: the column of the text, by name or by number from 0.
        label: the column of the class; None for a file without.
        separator: what stands between columns.
        header: whether the first line names the columns. None: if a column is asked for by name.
        label_separator: what stands between several classes of a text; labels are tuples then.
        encoding: of the file.

    Yields:
        `LabelledText`.

    Raises:
        ValueError: while reading, with file and line: for a line with too few columns, a name that is not in the
            header, quotes that do not end, a cell of more characters than `csv.field_size_limit()`, bytes of another
            encoding, a truncated file, a file without rows.

    Example:
    >>> import io
    >>> next(read_texts(io.StringIO('id,review,stars\n7,"Well, no.",1\n'), "review", "stars"))
    LabelledText(text='Well, no.', label='1')
    >>> next(read_texts(io.StringIO('Yes "and" no.\t3,5\n'), separator="\t", label_separator=","))
    LabelledText(text='Yes "and" no.', label=('3', '5'))
    """
    for _, cells in _rows(file, [text, label], separator, header, encoding):
        found = cells[1]
        several = label_separator is not None and found is not None
        labels = tuple(filter(None, (one.strip() for one in str(found).split(label_separator)))) if several else found
        yield LabelledText(str(cells[0]), labels)


def read_pairs(
    file: Source,
    first: Column = 0,
    second: Column = 1,
    label: Column | None = 2,
    separator: str = ",",
    header: bool | None = None,
    scores: bool = False,
    encoding: str = "utf-8",
) -> Iterator[LabelledPair]:
    r"""Streams pairs of texts and how they relate from a table; see `read_texts`.

    Args:
        file: a path or an open file; gz and xz are read directly.
        first: the column of the first text, by name or by number from 0.
        second: the column of the second text.
        label: the column of the class or the score; None for a file without.
        separator: what stands between columns.
        header: whether the first line names the columns. None: if a column is asked for by name.
        scores: whether labels are numbers.
        encoding: of the file.

    Yields:
        `LabelledPair`.

    Raises:
        ValueError: as `read_texts`, and for a score that is no number.

    Example:
    >>> import io
    >>> next(read_pairs(io.StringIO('A man runs.,"Someone, a man, runs.",4.2\n'), scores=True))
    LabelledPair(first='A man runs.', second='Someone, a man, runs.', label=4.2)
    """
    for line, cells in _rows(file, [first, second, label], separator, header, encoding):
        found: Label = cells[2]
        if scores and found is not None:
            found = score(file, line, str(found))
        yield LabelledPair(str(cells[0]), str(cells[1]), found)


def score(file: Source, line: int, cell: str) -> float:
    """A cell as a finite number."""
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise error(file, line, "a number as score", repr(cell), "scores=False, for classes")
    return number


def _rows(
    file: Source, columns: Sequence[Column | None], separator: str, header: bool | None, encoding: str
) -> Iterator[tuple[int, list[str | None]]]:
    """Line number, and the cells of the columns, None for a column None. Lines without anything are passed over."""
    named = header if header is not None else any(isinstance(column, str) for column in columns)
    if not named and any(isinstance(column, str) for column in columns):
        raise ValueError(message("columns by number, where no line names them", columns, "header=True"))
    places: list[int | None] | None = None if named else [None if one is None else int(one) for one in columns]
    count = 0
    for line, row in _cells(file, separator, encoding):
        if places is None:
            places = [_place(file, line, row, column) for column in columns]
            continue
        least = max(place for place in places if place is not None) + 1
        if len(row) < least:
            raise error(file, line, f"at least {least} columns", f"{len(row)}: {separator.join(row)!r}", "separator=")
        count += 1
        yield line, [None if place is None else row[place] for place in places]
    if not count:
        raise error(file, 1, "at least one row", "a file without any")


def _place(file: Source, line: int, row: list[str], column: Column | None) -> int | None:
    if isinstance(column, str):
        if column not in row:
            raise error(file, line, f"a column {column!r}", f"columns {row}", "separator=, or its number")
        return row.index(column)
    return column


def _cells(file: Source, separator: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    if separator == "\t":
        for number, line in numbered_lines(file, encoding):
            if line.strip():
                yield number, line.split(separator)
        return
    reader = csv.reader((f"{line}\n" for _, line in numbered_lines(file, encoding)), delimiter=separator, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            expected = f"cells in quotes that end, of at most {csv.field_size_limit()} characters"
            advice = 'separator="\\t", or csv.field_size_limit(10**8)'
            raise error(file, reader.line_num, expected, str(wrong), advice) from wrong
        if any(row):
            yield reader.line_num, row
