"""Two functions timed against each other."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WARM_UPS = 3


def seconds(function: Callable[[], Any], calls: int = 1) -> float:
    """Wall seconds of one call, a mean of some."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def alternate(
    functions: tuple[Callable[[], Any], Callable[[], Any]], runs: int, least: float = 0.01
) -> list[dict[str, float]]:
    """Times two functions in turn, A B A B, so that whatever slows the machine down slows both.

    Args:
        functions: A and B, called once before: what they compile is compiled.
        runs: of each. A run calls its function as often as fits into `least` seconds, and at least once.
        least: seconds of a run. A shorter one would be measured while the other's threads are still spinning.

    Returns:
        For each function `median`, `p10` and `p90` of the milliseconds of a call.
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
