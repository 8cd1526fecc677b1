"""Import: seconds of `import keras_embed` after `import keras`."""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import machine, report, worker

ASKED = 0.2
_KERAS = """
import json, time
start = time.perf_counter()
import keras
keras_s = time.perf_counter() - start
print(json.dumps({"keras": keras_s}))
"""
_BOTH = """
import json, time
start = time.perf_counter()
import keras
keras_s = time.perf_counter() - start
import keras_embed
both_s = time.perf_counter() - start
keras_embed.Tagger
print(json.dumps({"both": both_s, "beyond": both_s - keras_s, "tagger": time.perf_counter() - start - both_s}))
"""


def measure(backend: str, threads: int = worker.THREADS, runs: int = 7, warm_ups: int = 1) -> dict[str, float]:
    """Imports in new processes, alternately with and without keras_embed.

    Args:
        backend: Keras backend.
        threads: number of threads of each process.
        runs: number of processes of each kind.
        warm_ups: number of uncounted runs; the first one reads the files from the disk.

    Returns:
        Median seconds: `keras` alone; `both`; `beyond`, the import of keras_embed after keras in the same process;
        `tagger`, the first use of a task after that, which imports Keras Hub and TensorFlow.
    """
    samples: dict[str, list[float]] = {}
    for run in range(-warm_ups, runs):
        for code in (_KERAS, _BOTH):
            for name, seconds in _printed(code, backend, threads).items():
                if run >= 0:
                    samples.setdefault(name, []).append(seconds)
    return {name: statistics.median(values) for name, values in samples.items()}


def _printed(code: str, backend: str, threads: int) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=worker.environment(backend, threads),
        cwd=worker.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on every backend, prints a table and writes import_time.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks import_time", description=__doc__)
    worker.add_arguments(parser)
    parser.add_argument("--runs", type=int, default=7, help="number of processes of each kind")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    rows = {backend: measure(backend, options.threads, options.runs) for backend in options.backends}
    print(f"\n{table(rows)}\n\n{report.save('import_time', rows)}")


def table(rows: dict[str, Any]) -> str:
    """Returns a Markdown table with a row for each backend."""
    return report.table(
        [
            {
                "backend": backend,
                "import keras s": f"{row['keras']:.2f}",
                "import keras, keras_embed s": f"{row['both']:.2f}",
                "asked of keras_embed s": f"< {ASKED}",
                "measured s": f"{row['beyond']:.4f}",
                "first use of Tagger s": f"{row['tagger']:.2f}",
            }
            for backend, row in rows.items()
        ]
    )
