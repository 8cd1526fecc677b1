"""Times two functions alternately."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WARM_UPS = 3


def seconds(function: Callable[[], Any], calls: int = 1) -> float:
    """Returns the mean wall-clock seconds of a call."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def alternate(
    functions: tuple[Callable[[], Any], Callable[[], Any]], runs: int, least: float = 0.01
) -> list[dict[str, float]]:
    """Times two functions alternately, so that external load affects both equally.

    Args:
        functions: the two functions, already called once, so that they are compiled.
        runs: runs of each function. A run repeats the call until it takes at least `least` seconds.
        least: minimum seconds of a run. Shorter runs would overlap with spinning threads of the other function.

    Returns:
        `median`, `p10` and `p90` of the milliseconds per call, for each function.
    """
    calls = []
    for function in functions:
        warm = min(seconds(function) for _ in range(WARM_UPS))
        calls.append(max(1, math.ceil(least / warm)))
    samples: list[list[float]] = [[], []]
    for _ in range(runs):
        for function, count, sample in zip(functions, calls, samples, strict=True):
            sample.append(1e3 * seconds(function, count))
    return [
        dict(zip(("p10", "median", "p90"), np.percentile(sample, (10, 50, 90)).tolist(), strict=True))
        for sample in samples
    ]
