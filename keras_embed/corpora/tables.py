"""Rows of tables: separator, header and encoding are inferred from all lines, or given; JSON lines are tables too."""

import collections
import csv
import json
import numbers
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from keras_embed._errors import message
from keras_embed.corpora.lines import Source, line_error, numbered_lines, source_name

Column: TypeAlias = str | int
"""A column by its name in the header, or by its index."""
Cell: TypeAlias = str | tuple[str, ...] | None
"""The text of a cell; several labels, from a list in JSON lines; None for a column None."""
Line: TypeAlias = tuple[int, str]
"""A line with its number."""

#: Inferred separators, the commonest first.
_SEPARATORS = (",", "\t", ";", "|")
#: Words that name columns, and are hardly ever a text or a class.
_HEADER = frozenset(
    "text texts sentence sentences review reviews comment comments tweet message content body title document "
    "label labels class classes category categories target sentiment score scores stars rating topic intent gold_label "
    "y source src tgt translation premise hypothesis sentence1 sentence2 question question1 question2 first second "
    "similarity is_duplicate id idx index".split()
)


class _Parsed(NamedTuple):
    """A table under one separator: its rows with the numbers of their last lines, up to an error."""

    rows: list[tuple[int, list[str]]]
    error: ValueError | None


def table_rows(
    file: Source,
    columns: Sequence[Column | None],
    separator: str | None,
    header: bool | None,
    encoding: str,
    label: int | None = None,
) -> Iterator[tuple[int, list[Cell]]]:
    """Yields the line number and the cells of the columns, None for a column None. Empty lines are skipped.

    Args:
        file: the table.
        columns: the columns by name or index.
        separator: the separator; None infers it from all lines.
        header: True if the first line names the columns; None infers it.
        encoding: the encoding.
        label: the index in `columns` of the label, which may not be empty, if it is checked.

    Raises:
        ValueError: See `read_texts`.
    """
    _check_columns(columns, separator)
    named = any(isinstance(column, str) for column in columns)
    if header is False and named:
        raise ValueError(message("columns by index, since no line names them", columns, "header=True"))
    rows: Iterable[tuple[int, list[str]]]
    if separator is not None and (header is not None or named):
        # Nothing to infer: a stream.
        rows = _cells(file, numbered_lines(file, encoding), separator, tell_quotes=header is not False)
    else:
        lines = list(numbered_lines(file, encoding))
        if separator is None and (records := _json_lines(file, lines)) is not None:
            yield from _json_rows(file, records, columns, label)
            return
        if separator is None:
            separator, rows = _inferred(file, lines, columns, named or bool(header))
        else:
            rows = _cells(file, iter(lines), separator)
        if header is None and not named:
            rows, parse_error = _read_rows(rows)
            header = parse_error is None and _has_header(file, rows, columns)
            rows = _again(_Parsed(rows, parse_error))
    yield from _chosen(file, rows, columns, separator, named or bool(header), label)


def _check_columns(columns: Sequence[Column | None], separator: str | None) -> None:
    for column in columns:
        is_index = isinstance(column, numbers.Integral) and not isinstance(column, bool) and column >= 0
        if not (column is None or isinstance(column, str) or is_index):
            raise ValueError(message("the name or the index of a column", repr(column)))
    if separator is not None and (not separator or separator in '"\n\r'):
        raise ValueError(message("a separator of columns", repr(separator), "separator=None to infer it"))


def _chosen(
    file: Source,
    rows: Iterable[tuple[int, list[str]]],
    columns: Sequence[Column | None],
    separator: str,
    has_header: bool,
    label: int | None,
) -> Iterator[tuple[int, list[Cell]]]:
    """Yields the cells of the columns, and checks the number of cells of each row."""
    indices: list[int | None] | None = None if has_header else [None if one is None else int(one) for one in columns]
    width, count = 0, 0
    for line, row in rows:
        width = width or len(row)  # that of the first row
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            quotes = "" if separator == "\t" else f"quotes around cells that contain {_name(separator)}, or "
            advice = f"{quotes}another separator="
            raise line_error(file, line, f"{width} columns, as in the first row", f"{len(row)}: {row}", advice)
        if indices is None:
            indices = [_column_index(file, line, row, column) for column in columns]
            continue
        # Missing columns after those that are read are allowed.
        least = max(index for index in indices if index is not None) + 1
        if len(row) < least:
            received = f"{len(row)}: {separator.join(row)!r}"
            raise line_error(file, line, f"at least {least} columns", received, "another separator=")
        if label is not None and (index := indices[label]) is not None and not row[index].strip():
            raise line_error(file, line, "a label", f"an empty one in {row}", "label=None for unlabelled texts")
        count += 1
        yield line, [None if index is None else row[index] for index in indices]
    if not count:
        raise line_error(file, 1, "at least one row", "a file without any")


def _column_index(file: Source, line: int, row: list[str], column: Column | None) -> int | None:
    if not isinstance(column, str):
        return None if column is None else int(column)
    names = row if column in row else [cell.strip() for cell in row]
    if names.count(column) == 1:
        return names.index(column)
    advice = "another separator=, or the index of the column"
    raise line_error(file, line, f"a column {column!r}", f"columns {row}", advice)


def _name(separator: str) -> str:
    return "a tab" if separator == "\t" else repr(separator)


# --- cells ---


def _cells(
    file: Source, lines: Iterator[Line], separator: str, tell_quotes: bool = True
) -> Iterator[tuple[int, list[str]]]:
    # Tables separated by tabs or by several characters have no quoting.
    if separator == "\t" or len(separator) > 1:
        told = not tell_quotes
        for number, line in lines:
            if "\r" in line:
                raise _carriage_return(file, number, line)
            if not line.strip():
                continue
            cells = line.split(separator)
            if not told and '""' in line and any(map(_is_quoted, cells)):
                told = True
                warnings.warn(
                    f"{source_name(file)}, line {number}: quotes are read as characters, as tables separated by "
                    f"{_name(separator)} have no quoting, although {line[:60]!r} looks quoted. Tables separated by "
                    "commas have.",
                    stacklevel=2,
                )
            yield number, cells
        return
    reader = csv.reader((f"{line}\n" for _, line in lines), delimiter=separator, strict=True)
    # Not a `for` loop: `csv.Error` is raised by `next`, and needs the line number.
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            if "new-line character" in str(wrong):
                raise _carriage_return(file, reader.line_num, "an unquoted cell") from wrong
            expected = f"terminated quotes, and cells of at most {csv.field_size_limit()} characters"
            advice = 'separator="\\t", or csv.field_size_limit(10**8)'
            raise line_error(file, reader.line_num, expected, str(wrong), advice) from wrong
        if any(row):
            yield reader.line_num, row


def _carriage_return(file: Source, number: int, line: str) -> ValueError:
    received = f"a carriage return within {line[:60]!r}"
    return line_error(file, number, "lines that end in line feeds", received, "to convert the line endings")


def _is_quoted(cell: str) -> bool:
    """Returns True for a quoted cell with doubled quotes within."""
    inner = cell[1:-1]
    return cell[:1] == cell[-1:] == '"' and '""' in inner and '"' not in inner.replace('""', "")


def _read_rows(rows: Iterable[tuple[int, list[str]]]) -> _Parsed:
    """Returns the rows up to an error, and the error."""
    found: list[tuple[int, list[str]]] = []
    try:
        found.extend(rows)
    except ValueError as error:
        return _Parsed(found, error)
    return _Parsed(found, None)


# --- inference ---


def _inferred(
    file: Source, lines: list[Line], columns: Sequence[Column | None], has_header: bool
) -> tuple[str, Iterable[tuple[int, list[str]]]]:
    """Returns the separator under which all rows have the same number of cells, and the rows.

    Raises:
        ValueError: If several separators fit, and none of them is a tab.
    """
    found = {separator: _read_rows(_cells(file, iter(lines), separator)) for separator in _SEPARATORS}
    fitting = [one for one in _SEPARATORS if _fits(found[one], columns, has_header)]
    # A tab in every line is a separator: texts have none. Commas, semicolons and bars are also parts of texts.
    if len(fitting) > 1 and "\t" not in fitting:
        received = f"a table that may be separated by {' or '.join(map(_name, fitting))}"
        first = lines[0][1][:60]
        raise line_error(file, 1, "one separator that fits all lines", f"{received}: {first!r}", "separator=")
    if len(fitting) > 1:
        others = " and ".join(_name(one) for one in fitting if one != "\t")
        warnings.warn(
            f"{source_name(file)} is read as separated by tabs; {others} would fit too. separator= overrules.",
            stacklevel=2,
        )
        return "\t", found["\t"].rows
    if fitting and _least(columns) == 1 and not has_header and "\t" not in fitting:
        received = f"one column, and {_name(fitting[0])} as often in each line, as {lines[0][1][:60]!r}"
        advice = f"separator={fitting[0]!r} for its first cell, or separator='\\t' for whole lines"
        raise line_error(file, 1, "a separator, or one text in each line", received, advice)
    # If none fits, the one with the most rows of enough cells; its first wrong line is named by the caller.
    best = fitting[0] if fitting else max(_SEPARATORS, key=lambda one: _enough(found[one], columns))
    return best, _again(found[best])


def _again(parsed: _Parsed) -> Iterator[tuple[int, list[str]]]:
    yield from parsed.rows
    if parsed.error is not None:
        raise parsed.error


def _least(columns: Sequence[Column | None]) -> int:
    """Returns the number of cells that a row needs at least."""
    given = [column for column in columns if column is not None]
    return max([len(given), *(column + 1 for column in given if isinstance(column, int))])


def _fits(parsed: _Parsed, columns: Sequence[Column | None], has_header: bool) -> bool:
    """Returns True if all rows have the same number of cells, as many as are needed, and the header has the names."""
    if parsed.error is not None or not parsed.rows:
        return False
    widths = {len(_trimmed(row, len(parsed.rows[0][1]))) for _, row in parsed.rows}
    names = {cell.strip() for cell in parsed.rows[0][1]}
    if has_header and not all(column in names for column in columns if isinstance(column, str)):
        return False
    least = _least(columns)
    # One column of texts fits every separator that does not occur; such a table has none.
    return len(widths) == 1 and min(widths) >= max(least, 2)


def _trimmed(row: list[str], width: int) -> list[str]:
    """Drops empty cells after the first `width`."""
    return row if any(cell.strip() for cell in row[width:]) else row[:width]


def _enough(parsed: _Parsed, columns: Sequence[Column | None]) -> int:
    least = max(_least(columns), 2)
    return sum(len(row) >= least for _, row in parsed.rows)


def _has_header(file: Source, rows: list[tuple[int, list[str]]], columns: Sequence[Column | None]) -> bool:
    """Returns True if the first row names the columns; warns then, and where it may."""
    indices = [int(column) for column in columns if column is not None]
    if len(rows) < 2 or any(len(row) <= max(indices) for _, row in rows):
        return False
    (line, first), rest = rows[0], rows[1:]
    cells = [first[index].strip() for index in indices]
    where = f"{source_name(file)}, line {line}"
    last = int(columns[-1]) if columns[-1] is not None else None
    others = collections.Counter(row[last].strip() for _, row in rest) if last is not None else collections.Counter()
    if last is not None and first[last].strip() in others:
        return False  # a label of other rows
    if all(cell.casefold() in _HEADER for cell in cells):
        warnings.warn(
            f"{where}: the first line, {first}, is taken for a header, not for an example. "
            "header=False reads it as an example.",
            stacklevel=2,
        )
        return True
    # Numbers below a word, or a class of one example above classes that all repeat.
    numeric = bool(others) and all(map(_is_number, others)) and not _is_number(cells[-1])
    repeated = len(rest) >= 4 and bool(others) and min(others.values()) >= 2
    if numeric or repeated:
        warnings.warn(
            f"{where}: the first line, {first}, is read as an example, but its last column occurs in no other line. "
            "header=True if it names the columns, header=False if not.",
            stacklevel=2,
        )
    return False


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?\d+([.,]\d+)?", cell) is not None


# --- JSON lines ---


def _json_lines(file: Source, lines: list[Line]) -> list[tuple[int, dict[str, object]]] | None:
    """Returns the objects of JSON lines, or None if the first line is not an object."""
    filled = [(number, line) for number, line in lines if line.strip()]
    if not filled:
        return None
    if re.match(r"\s*\[\s*({|$)", filled[0][1]):
        received = f"a JSON list, {filled[0][1][:40]!r}"
        raise line_error(file, filled[0][0], "a table, or one JSON object per line", received, "JSON lines")
    records: list[tuple[int, dict[str, object]]] = []
    for number, line in filled:
        try:
            record = json.loads(line) if line.lstrip().startswith("{") else None
        except ValueError as wrong:
            if not records:
                return None
            raise line_error(file, number, "a JSON object in each line", f"{wrong}: {line[:60]!r}") from wrong
        if not isinstance(record, dict):
            if not records:
                return None
            raise line_error(file, number, "a JSON object in each line", repr(line[:60]))
        records.append((number, record))
    return records


def _json_rows(
    file: Source, records: list[tuple[int, dict[str, object]]], columns: Sequence[Column | None], label: int | None
) -> Iterator[tuple[int, list[Cell]]]:
    if any(column is not None and not isinstance(column, str) for column in columns):
        keys = sorted(records[0][1])
        raise line_error(file, records[0][0], f"columns of JSON lines by name, among {keys}", f"{list(columns)}")
    for number, record in records:
        if missing := [column for column in columns if column is not None and record.get(str(column)) is None]:
            raise line_error(file, number, f"a value of {missing[0]!r}", f"{record}"[:100])
        if label is not None and record[str(columns[label])] in ("", []):
            raise line_error(
                file, number, "a label", f"an empty one in {record}"[:100], "label=None for unlabelled texts"
            )
        yield number, [None if column is None else _json_cell(file, number, record[str(column)]) for column in columns]


def _json_cell(file: Source, number: int, value: object) -> Cell:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise line_error(file, number, "a string, a number or a list of strings", repr(value)[:60])
