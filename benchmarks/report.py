"""Writes results as Markdown tables and as JSON files."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, worker

FOLDER = worker.REPOSITORY / "build" / "benchmarks"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns a Markdown table of rows that have the same columns."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([_cell(row[column]) for column in columns] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def save(name: str, results: Any) -> Path:
    """Writes results together with the machine description, and returns the path."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({"machine": machine.describe(), "results": results}, indent=1) + "\n", encoding="utf-8")
    return path


def spread(scores: Sequence[float], places: int = 2) -> str:
    """Formats the mean and, for several scores, the sample standard deviation."""
    mean = f"{statistics.mean(scores):.{places}f}"
    return mean if len(scores) == 1 else f"{mean} ± {statistics.stdev(scores):.{places}f}"


def by_kind(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Groups rows, one for each seed, by kind, in order of first appearance."""
    return {kind: [row for row in rows if row["kind"] == kind] for kind in dict.fromkeys(row["kind"] for row in rows)}


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return "yes" if value is True else "**no**" if value is False else str(value)
