"""Results as Markdown for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, worker

FOLDER = worker.REPOSITORY / "build" / "benchmarks"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table of rows that have the same columns."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([_cell(row[column]) for column in columns] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def save(name: str, results: Any) -> Path:
    """Writes results with the machine that they come from, and returns the file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({"machine": machine.describe(), "results": results}, indent=1) + "\n", encoding="utf-8")
    return path


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return "yes" if value is True else "**no**" if value is False else str(value)
