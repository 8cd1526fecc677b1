"""Parses RESULTS.md and replaces its tables by new ones, leaving the text unchanged."""

import re
from collections.abc import Mapping, Sequence

_TABLE = re.compile(r"^\|.*\|$(?:\n^\|.*\|$)+", re.MULTILINE)
_MACHINE = re.compile(r"^Machine: .*\nVersions: .*$", re.MULTILINE)

Table = list[list[str]]


def sections(text: str) -> dict[str, str]:
    """Splits a page into heading -> body, in order; the text before the first heading has the key ""."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[::2], strict=True))


def joined(parts: Mapping[str, str]) -> str:
    """Joins the result of `sections` to a page."""
    return "".join(f"## {heading}\n{body}" if heading else body for heading, body in parts.items())


def tables(text: str) -> list[Table]:
    """Returns the rows of each table, starting with the column names."""
    return [_rows(found[0]) for found in _TABLE.finditer(text)]


def renew(text: str, printed: Mapping[str, str]) -> tuple[str, list[str]]:
    """Inserts the output of benchmarks into the page.

    A table takes its rows from the first printed table that has all of its columns; columns that the page does not show
    are omitted. Tables with the same columns, such as those of several commands of a section, are concatenated. The
    machine and the versions are written at the top if every section is new, otherwise below the commands of the new
    sections. A section without a new table keeps its machine together with its figures.

    Args:
        text: text of the page.
        printed: heading -> output of the section's commands, including the machine and the versions.

    Returns:
        The new page, and a note for each table, or section without a table, that was not updated.
    """
    parts, notes, new, machines = sections(text), [], {}, {}
    for heading, output in printed.items():
        body, kept = _renewed(_MACHINE.sub("", parts[heading]), tables(output))
        notes += [f"{heading}: no output has the columns {columns}" for columns in kept]
        if len(kept) < (count := len(tables(parts[heading]))):
            new[heading], found = body, _MACHINE.search(output)
            machines |= {heading: found[0]} if found else {}
        elif not count:
            notes.append(f"{heading}: the page has no table there")
    everything = set(parts) - {""} <= set(machines)
    for heading, body in new.items():
        parts[heading] = _spaced(body if everything or heading not in machines else _below(body, machines[heading]))
    if everything:
        parts[""] = _MACHINE.sub(lambda _: next(iter(machines.values())), parts[""])
    return joined(parts), notes


def _renewed(body: str, found: Sequence[Table]) -> tuple[str, list[str]]:
    """Returns the body with new rows, and the columns of the tables without a match."""
    left, kept = list(found), []

    def new(match: re.Match[str]) -> str:
        columns = _rows(match[0])[0]
        first = next((table for table in left if set(columns) <= set(table[0])), None)
        if first is None:
            kept.append(" | ".join(columns))
            return match[0]
        same = [table for table in left if table[0] == first[0]]
        left[:] = [table for table in left if table[0] != first[0]]
        indices = [first[0].index(column) for column in columns]
        rows = [[row[index] for index in indices] for table in same for row in table[2:]]
        return "\n".join("| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows))

    return _TABLE.sub(new, body), kept


def _rows(table: str) -> Table:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def _below(body: str, machine: str) -> str:
    """Inserts the machine after the commands, which are the first paragraph."""
    commands, _, rest = body.lstrip("\n").partition("\n\n")
    return f"\n{commands}\n\n{machine}\n\n{rest}"


def _spaced(body: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", body)
