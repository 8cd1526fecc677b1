"""Reading vectors: GloVe's text, some words of it, word2vec's binary file, and opening a second time, against peers.

Peers are gensim and the plain Python loop that most programs hold. All read the same file of random vectors, once
before it counts so that the system has it in memory, then in turn.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report, worker

ROWS, DIM, WANTED = 400_000, 100, 20_000
#: How many times as fast as each peer it is asked to be.
ASKED = {
    ("text", "plain loop"): 5,
    ("text", "gensim"): 25,
    ("some words", "plain loop"): 15,
    ("binary", "gensim"): 4,
}


def write_files(folder: Path, rows: int) -> tuple[Path, Path]:
    """A text file as GloVe writes it, 5 significant digits, and the same vectors as word2vec's binary file."""
    rng = np.random.default_rng(1)
    text, binary = folder / "glove.txt", folder / "word2vec.bin"
    with text.open("w", encoding="utf-8") as lines, binary.open("wb") as bytes_:
        bytes_.write(f"{rows} {DIM}\n".encode())
        for start in range(0, rows, 10_000):
            block = rng.normal(scale=0.4, size=(min(10_000, rows - start), DIM)).astype(np.float32)
            for number, row in enumerate(block, start):
                word = f"word{number:x}"
                lines.write(word + (" %.5g" * DIM) % tuple(row.tolist()) + "\n")
                bytes_.write(f"{word} ".encode() + row.tobytes() + b"\n")
    return text, binary


def plain_loop(path: Path, wanted: Any = None) -> dict[str, Any]:
    """What most programs hold."""
    vectors = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            word, *numbers = line.rstrip().split(" ")
            if wanted is None or word in wanted:
                vectors[word] = np.asarray(numbers, "float32")
    return vectors


def measure(rows: int = ROWS, runs: int = 5, peer_runs: int = 2) -> list[dict[str, Any]]:
    """Times everything in turn.

    Args:
        rows: of the files, 100 numbers each.
        runs: of ours and of the plain loop.
        peer_runs: of gensim, which takes long.

    Returns:
        A dict for each kind of reading: name -> seconds of each run.
    """
    from gensim.models import KeyedVectors

    from keras_embed import vectors

    with tempfile.TemporaryDirectory() as folder:
        text, binary = write_files(Path(folder), rows)
        wanted = {f"word{number:x}" for number in range(0, rows, max(rows // WANTED, 1))}
        cache = Path(folder) / "cache"
        kinds: dict[str, dict[str, Callable[[], Any]]] = {
            "text": {
                "ours": lambda: vectors.load(text),
                "plain loop": lambda: plain_loop(text),
                "gensim": lambda: KeyedVectors.load_word2vec_format(str(text), no_header=True),
            },
            "some words": {
                "ours": lambda: vectors.load(text, words=wanted),
                "plain loop": lambda: plain_loop(text),
                "plain loop, parsing only these": lambda: plain_loop(text, wanted),
            },
            "binary": {
                "ours": lambda: vectors.load(binary),
                "gensim": lambda: KeyedVectors.load_word2vec_format(str(binary), binary=True),
            },
            "second load": {"ours": lambda: _asked(vectors.load(text, cache=cache))},
        }
        vectors.load(text, cache=cache)
        _check(vectors.load(text), plain_loop(text), vectors.load(binary))
        return [
            {"kind": kind, "seconds": _alternate(sides, runs, {"gensim": peer_runs})} for kind, sides in kinds.items()
        ]


def _asked(opened: Any) -> Any:
    """A word's vector, so that the words are looked at too."""
    return opened[f"word{len(opened) - 1:x}"]


def _check(ours: Any, loop: dict[str, Any], binary: Any) -> None:
    """Same words, same numbers, or the times mean nothing."""
    assert list(ours.words) == list(loop) == list(binary.words)
    assert np.array_equal(ours.matrix, np.stack(list(loop.values())))
    assert np.allclose(ours.matrix, binary.matrix, rtol=1e-4, atol=1e-6)


def _alternate(sides: dict[str, Callable[[], Any]], runs: int, fewer: dict[str, int]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(runs):
        for name, function in sides.items():
            if run < fewer.get(name, runs):
                start = time.perf_counter()
                function()
                seconds[name].append(time.perf_counter() - start)
    return seconds


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown, a line for each kind of reading and each peer."""
    lines = []
    for row in rows:
        medians = {name: statistics.median(times) for name, times in row["seconds"].items()}
        for peer in [name for name in medians if name != "ours"] or [""]:
            lines.append(
                {
                    "what": row["kind"],
                    "keras_embed s (least-most)": f"{medians['ours']:.3f} "
                    f"({min(row['seconds']['ours']):.3f}-{max(row['seconds']['ours']):.3f})",
                    "peer": peer,
                    "peer s": f"{medians[peer]:.2f}" if peer else "",
                    "asked": f"{ASKED[row['kind'], peer]}x"
                    if (row["kind"], peer) in ASKED
                    else ("0.1 s" if row["kind"] == "second load" else ""),
                    "measured": f"{medians[peer] / medians['ours']:.1f}x" if peer else f"{medians['ours']:.3f} s",
                }
            )
    return report.table(lines)


def main(arguments: Sequence[str]) -> None:
    """Runs it in a process of its own, prints the table and writes vectors_io.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks vectors_io", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=worker.THREADS, help="threads and cores of the process")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    rows = worker.call(
        "benchmarks.vectors_io:measure", "tensorflow", options.threads, rows=options.rows, runs=options.runs
    )
    print(f"\n{table(rows)}\n\n{report.save('vectors_io', {'threads': options.threads, 'rows': rows})}")
