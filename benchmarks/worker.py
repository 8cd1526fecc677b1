"""Runs a function in a new process with a given backend and number of threads."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BACKENDS = ("jax", "tensorflow", "torch")
THREADS = 2
REPOSITORY = Path(__file__).resolve().parents[1]
_CAPS = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC"),  # JAX reads NPROC
)


def environment(backend: str, threads: int = THREADS) -> dict[str, str]:
    """Returns the environment variables of a process with a given backend and number of threads."""
    return {
        **os.environ,
        **dict.fromkeys(_CAPS, str(threads)),
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def call(function: str, backend: str, threads: int = THREADS, **arguments: Any) -> Any:
    """Calls a function in a new process; its output appears immediately.

    Args:
        function: "module:function".
        backend: Keras backend.
        threads: maximum number of threads and cores of the process.
        **arguments: JSON-serializable arguments of the function.

    Returns:
        The return value of the function, decoded from JSON.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [
            sys.executable,
            "-m",
            "benchmarks.worker",
            function,
            json.dumps(arguments),
            str(threads),
            str(result),
        ]
        subprocess.run(command, env=environment(backend, threads), cwd=REPOSITORY, check=True)
        return json.loads(result.read_text(encoding="utf-8"))


def main(function: str, arguments: str, threads: str, result: str) -> None:
    """Runs the function in the process started by `call`."""
    if hasattr(os, "sched_setaffinity"):  # limits libraries that ignore the variables
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    module, name = function.split(":")
    answer = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    Path(result).write_text(json.dumps(answer), encoding="utf-8")


def add_arguments(parser: Any, backends: Sequence[str] = BACKENDS) -> None:
    """Adds the common arguments of the benchmarks."""
    parser.add_argument("--backends", nargs="+", default=list(backends), choices=BACKENDS, help="Keras backends")
    parser.add_argument("--threads", type=int, default=THREADS, help="number of threads and cores of each process")


if __name__ == "__main__":
    main(*sys.argv[1:])
