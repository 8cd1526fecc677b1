"""Describes the machine and the library versions of a measurement."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("keras-embed", "keras", "keras-hub", "numpy", "tensorflow", "tensorflow-text"),
    *("jax", "jaxlib", "torch", "pytorch-crf", "scikit-learn", "gensim"),
)


def describe() -> dict[str, Any]:
    """Returns CPU, cores, memory, system, load average and library versions."""
    return {
        "cpu": _found(r"^model name\s*: (.+)$", "/proc/cpuinfo") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(int(_found(r"^MemTotal:\s*(\d+) kB$", "/proc/meminfo") or 0) / 2**20, 1) or None,
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
    }


def markdown(machine: dict[str, Any]) -> str:
    """Formats the result of `describe` as two lines of Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return (
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GiB memory, {machine['system']}; "
        f"load average {machine['load']} at the start of the report.\n"
        f"Versions: Python {machine['python']}, {versions}."
    )


def main(arguments: Sequence[str]) -> None:
    """Prints both lines."""
    print(markdown(describe()))


def _found(pattern: str, file: str) -> str:
    """Returns the first match in a system file, or "" if there is none."""
    path = Path(file)
    match = re.search(pattern, path.read_text(), re.MULTILINE) if path.exists() else None
    return match[1] if match else ""


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
