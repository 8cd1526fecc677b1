"""CRF: loss with gradients, and decoding, against pytorch-crf in the same process.

On each backend, pytorch-crf and keras_embed solve the same problems alternately with the same number of threads.
Compilation is excluded from the times; the duration of the first call is in a separate column.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import machine, report, worker
from benchmarks.timing import alternate, seconds

SHAPES = ((32, 50, 9), (64, 128, 17), (16, 512, 50))
#: If p90 / p10 of either side exceeds this, the measurement was disturbed and the ratio is not meaningful.
STEADY = 1.5
#: Target speed relative to pytorch-crf: loss with gradients, decoding.
ASKED = {"jax": (10.0, 3.0), "tensorflow": (3.0, 3.0), "torch": (1.0, 1.0)}


def measure(shapes: Sequence[Sequence[int]] = SHAPES, runs: int = 30) -> list[dict[str, Any]]:
    """Times both on the current backend and checks their results.

    Args:
        shapes: (B, T, K) of each problem.
        runs: timed runs of each side.

    Returns:
        A dict for each shape and implementation: times in ms, errors relative to float64, and if the best paths agree.
    """
    import torch  # noqa: F401  PyTorch before TensorFlow: the reverse order can crash the process.

    from benchmarks import chain_contenders, chain_float64

    rows = []
    for shape in shapes:
        problem = chain_contenders.random_problem(*shape)
        exact = chain_float64.gradient(problem)
        peer = chain_contenders.peer(problem)
        peer_error, peer_paths = gradient_error(peer.gradients()[1], exact), peer.decode()
        for way in chain_contenders.ours(problem):
            answers: dict[str, Any] = {}
            first = {
                "gradients": seconds(lambda: answers.update(gradients=way.gradients()[1])),  # noqa: B023
                "decode": seconds(lambda: answers.update(decode=way.decode())),  # noqa: B023
            }
            for task in ("gradients", "decode"):
                theirs, mine = alternate((getattr(peer, task), getattr(way, task)), runs)
                rows.append({"way": way.name, "shape": list(shape), "task": task, "peer_ms": theirs, "ours_ms": mine})
                rows[-1] |= {"ratio": theirs["median"] / mine["median"], "first_call_s": first[task]}
            rows[-2] |= {"error": gradient_error(answers["gradients"], exact), "peer_error": peer_error}
            rows[-1] |= {"same_paths": same_paths(answers["decode"], peer_paths)}
    return rows


def gradient_error(gradients: Sequence[Any], exact: Sequence[Any]) -> float:
    """Returns the maximum relative error (Euclidean norm) over the gradients of the four kinds of scores."""
    arrays = [x.detach().numpy() if hasattr(x, "detach") else np.asarray(x) for x in gradients]
    errors = [np.linalg.norm(a - e) / np.linalg.norm(e) for a, e in zip(arrays, exact, strict=True)]
    return float(max(errors))


def same_paths(paths: Any, expected: Sequence[Sequence[int]]) -> bool:
    """Returns `True` if the rows of `paths` start with the expected tags, followed by zeros."""
    return all(
        list(row[: len(tags)]) == list(tags) and not np.any(row[len(tags) :])
        for row, tags in zip(paths, expected, strict=True)
    )


def tables(rows: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: times, then errors."""
    times = [
        {
            "backend": f"{row['backend']} ({row['way']})",
            "(B, T, K)": "{}, {}, {}".format(*row["shape"]),
            "what": {"gradients": "loss + gradients", "decode": "decode"}[row["task"]],
            "pytorch-crf ms (p10-p90)": _interval(row["peer_ms"]),
            "keras_embed ms (p10-p90)": _interval(row["ours_ms"]),
            "asked": f"{ASKED[row['backend']][row['task'] == 'decode']:g}x",
            "measured": _ratio(row),
            "first call s": f"{row['first_call_s']:.2f}",
        }
        for row in rows
    ]
    pairs = zip(rows[::2], rows[1::2], strict=True)  # a row of gradients, then one of decoding
    checks = [
        {
            "backend": f"{row['backend']} ({row['way']})",
            "(B, T, K)": "{}, {}, {}".format(*row["shape"]),
            "gradient error": f"{row['error']:.1e}",
            "of pytorch-crf": f"{row['peer_error']:.1e}",
            "same best paths": decoding["same_paths"],
        }
        for row, decoding in pairs
    ]
    return f"{report.table(times)}\n\n{report.table(checks)}"


def _ratio(row: dict[str, Any]) -> str:
    steady = all(row[side]["p90"] <= STEADY * row[side]["p10"] for side in ("peer_ms", "ours_ms"))
    return f"{row['ratio']:.1f}x" if steady else "disturbed"


def _interval(times: dict[str, float]) -> str:
    return "{median:.2f} ({p10:.2f}-{p90:.2f})".format(**times)


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on every backend, prints the tables and writes crf.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks crf", description=__doc__)
    worker.add_arguments(parser)
    parser.add_argument("--runs", type=int, default=30, help="timed runs of each side")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    rows = [
        {"backend": backend, **row}
        for backend in options.backends
        for row in worker.call("benchmarks.crf:measure", backend, options.threads, runs=options.runs)
    ]
    print(f"\n{tables(rows)}\n\n{report.save('crf', {'threads': options.threads, 'rows': rows})}")
