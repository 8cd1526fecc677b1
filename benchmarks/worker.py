"""Runs a function in a process of its own, under one backend and a cap on threads."""

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
    """The environment of a process that is to run on a backend: frameworks read their caps when they are imported."""
    return {
        **os.environ,
        **dict.fromkeys(_CAPS, str(threads)),
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def call(function: str, backend: str, threads: int = THREADS, **arguments: Any) -> Any:
    """Calls a function in a new process; what it prints appears at once.

    Args:
        function: "module:function".
        backend: of Keras.
        threads: and cores that the process may use, whatever library runs in it.
        **arguments: of the function, as JSON can write them.

    Returns:
        What the function returned, read back from JSON.
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
    """The other end of `call`."""
    if hasattr(os, "sched_setaffinity"):  # caps what the variables do not reach
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    module, name = function.split(":")
    answer = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    Path(result).write_text(json.dumps(answer), encoding="utf-8")


def add_arguments(parser: Any, backends: Sequence[str] = BACKENDS) -> None:
    """The arguments that benchmarks share."""
    parser.add_argument("--backends", nargs="+", default=list(backends), choices=BACKENDS, help="of Keras")
    parser.add_argument("--threads", type=int, default=THREADS, help="threads and cores of each process")


if __name__ == "__main__":
    main(*sys.argv[1:])
