"""Minutes of installation, tests and demo in a fresh clone with a new environment."""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import literature, machine, report, worker

PARTS = {"installation": "make .venv/.ready", "demo": "make demo", "tests": "make test"}

#: Environment variables of an outer `make` or of this checkout, which are removed.
_OURS = ("PYTHONPATH", "KERAS_BACKEND", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")


def measure(parts: Sequence[str] = tuple(PARTS), repository: Path = worker.REPOSITORY) -> list[dict[str, Any]]:
    """Clones the committed files and runs the commands one after the other.

    Args:
        parts: keys of `PARTS`.
        repository: repository with a Makefile that has their targets.

    Returns:
        A dict for each part with `part`, `seconds` and `passed`. Output is written to build/benchmarks/fresh_clone.log.
    """
    log = report.FOLDER / "fresh_clone.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    environment["KERAS_EMBED_DATA"] = str(literature.data_folder())
    rows = []
    with tempfile.TemporaryDirectory() as folder, log.open("w", encoding="utf-8") as file:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(repository), str(clone)], check=True)
        for part in parts:
            start = time.monotonic()
            words = PARTS[part].split()
            done = subprocess.run(words, cwd=clone, env=environment, stdout=file, stderr=subprocess.STDOUT)
            rows.append({"part": part, "seconds": time.monotonic() - start, "passed": done.returncode == 0})
            print(rows[-1], flush=True)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table with a row for each part."""
    return report.table(
        [
            {
                "part": row["part"],
                "command": f"`{PARTS[row['part']]}`",
                "minutes": f"{row['seconds'] / 60:.1f}",
                "passed": row["passed"],
            }
            for row in rows
        ]
    )


def main(arguments: Sequence[str]) -> int:
    """Prints the table and writes fresh_clone.json; returns 1 if a part failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks fresh_clone", description=__doc__)
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    rows = measure(options.parts)
    print(f"\n{table(rows)}\n\n{report.save('fresh_clone', rows)}")
    return 0 if all(row["passed"] for row in rows) else 1
