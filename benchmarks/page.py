"""RESULTS.md, taken apart and put together: new tables take the place of old ones, and the words stay."""

import re
from collections.abc import Mapping, Sequence

_TABLE = re.compile(r"^\|.*\|$(?:\n^\|.*\|$)+", re.MULTILINE)
_MACHINE = re.compile(r"^Machine: .*\nVersions: .*$", re.MULTILINE)

Table = list[list[str]]


def sections(text: str) -> dict[str, str]:
    """Heading -> body, in the order of the page; what stands before the first heading is under ""."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[::2], strict=True))


def joined(parts: Mapping[str, str]) -> str:
    """The page of `sections`."""
    return "".join(f"## {heading}\n{body}" if heading else body for heading, body in parts.items())


def tables(text: str) -> list[Table]:
    """The rows of each table, the names of its columns first."""
    return [_rows(found[0]) for found in _TABLE.finditer(text)]


def renew(text: str, printed: Mapping[str, str]) -> tuple[str, list[str]]:
    """Puts what benchmarks printed into the page.

    A table takes its rows from the first printed table that has all of its columns; those that the page leaves out are
    left out again. Tables of the same columns, such as each command of a section may print, are joined. The machine and
    the versions stand on top if every section is new, else below the commands of those that are. A section that gets no
    new table keeps its machine with its figures.

    Args:
        text: of the page.
        printed: heading -> what the commands of its section printed, the machine and the versions among it.

    Returns:
        The new page, and a line for each table, or section without one, that stays as it was although its commands ran.
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
    """The body with new rows, and the columns of the tables that found none."""
    left, kept = list(found), []

    def new(match: re.Match[str]) -> str:
        columns = _rows(match[0])[0]
        first = next((table for table in left if set(columns) <= set(table[0])), None)
        if first is None:
            kept.append(" | ".join(columns))
            return match[0]
        same = [table for table in left if table[0] == first[0]]
        left[:] = [table for table in left if table[0] != first[0]]
        places = [first[0].index(column) for column in columns]
        rows = [[row[place] for place in places] for table in same for row in table[2:]]
        return "\n".join("| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows))

    return _TABLE.sub(new, body), kept


def _rows(table: str) -> Table:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def _below(body: str, machine: str) -> str:
    """The machine below the commands, which are the first paragraph."""
    commands, _, rest = body.lstrip("\n").partition("\n\n")
    return f"\n{commands}\n\n{machine}\n\n{rest}"


def _spaced(body: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", body)
