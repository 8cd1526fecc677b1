"""Reading word vectors: text, a subset of words, binary, and cached, against gensim and a plain loop.

The file is generated: random words and normally distributed numbers with five decimals, of similar length to GloVe's.
It is in the page cache before the timing starts. Both sides read it alternately; gensim is slow and has fewer runs.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report
from benchmarks.timing import seconds

ROWS, DIM, WANTED = 400_000, 100, 20_000
#: Target speed relative to each peer; and maximum seconds of loading from the cache.
ASKED = {"text": {"plain loop": 5.0, "gensim": 25.0}, "some words": {"plain loop": 15.0}, "binary": {"gensim": 4.0}}
ASKED_SECONDS = 0.1
_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", "S1")
_BLOCK = 2000


def write(path: Path, rows: int, dim: int) -> list[str]:
    """Writes a text file without a header and returns its `rows` distinct words."""
    rng = np.random.default_rng(0)
    words: list[str] = []
    with path.open("w", encoding="ascii") as file:
        for start in range(0, rows, _BLOCK):
            count = min(_BLOCK, rows - start)
            letters = rng.choice(_LETTERS, (count, 6)).astype("S1").view("S6").ravel().astype(str)
            words += [f"{word}{number:x}" for number, word in enumerate(letters.tolist(), start)]
            numbers = rng.normal(scale=0.4, size=(count, dim)).tolist()
            line = " ".join(["%.5f"] * dim)
            file.writelines(f"{word} {line % tuple(row)}\n" for word, row in zip(words[start:], numbers, strict=True))
    return words


def plain_loop(path: Path, words: set[str] | None = None) -> dict[str, Any]:
    """Reads vectors with a simple loop, as in tutorials."""
    found = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            word, *numbers = line.rstrip().split(" ")
            if words is None or word in words:
                found[word] = np.asarray(numbers, "float32")
    return found


def measure(rows: int = ROWS, dim: int = DIM, wanted: int = WANTED, runs: int = 5, gensim_runs: int = 2) -> Any:
    """Generates the files and times all methods of reading them.

    Args:
        rows: number of vectors in the files.
        dim: size of a vector.
        wanted: number of words in the subset.
        runs: timed runs of each side.
        gensim_runs: timed runs of gensim reading text.

    Returns:
        A dict for each comparison: what, peer, seconds of both, and `True` if the vectors are equal.
    """
    from gensim.models import KeyedVectors

    from keras_embed import vectors

    with tempfile.TemporaryDirectory() as folder:
        text, binary, cache = Path(folder) / "a.txt", Path(folder) / "a.bin", Path(folder) / "cache"
        names = write(text, rows, dim)
        ours = vectors.load(text)
        vectors.save_word2vec(ours, binary, binary=True)
        chosen = np.random.default_rng(1).choice(rows, wanted, replace=False)
        some = [names[row] for row in chosen]

        def by_gensim(path: Path, binary: bool) -> Any:
            return KeyedVectors.load_word2vec_format(str(path), binary=binary, no_header=not binary)

        pairs: list[tuple[str, str, Callable[[], Any], Callable[[], Any], int]] = [
            ("text", "plain loop", lambda: plain_loop(text), lambda: vectors.load(text), runs),
            ("text", "gensim", lambda: by_gensim(text, False), lambda: vectors.load(text), gensim_runs),
            ("some words", "plain loop", lambda: plain_loop(text), lambda: vectors.load(text, words=some), runs),
            ("binary", "gensim", lambda: by_gensim(binary, True), lambda: vectors.load(binary), runs),
        ]
        results = [compare(*pair) for pair in pairs]
        vectors.load(text, cache=cache)
        again = [seconds(lambda: vectors.load(text, cache=cache)) for _ in range(runs)]
        word = [seconds(lambda: vectors.load(text, cache=cache)[some[0]]) for _ in range(runs)]
        size = text.stat().st_size
    return {
        "rows": results,
        "second_s": float(np.median(again)),
        "second_word_s": float(np.median(word)),
        "megabytes": size / 1e6,
        "shape": [rows, dim],
        "wanted": wanted,
    }


def compare(what: str, peer: str, theirs: Callable[[], Any], mine: Callable[[], Any], runs: int) -> dict[str, Any]:
    """Times two methods of reading alternately, after one uncounted call of ours."""
    found = mine()
    samples: dict[str, list[float]] = {"peer_s": [], "ours_s": []}
    same = False
    for _ in range(runs):
        answer: list[Any] = []
        samples["peer_s"].append(seconds(lambda: answer.append(theirs())))  # noqa: B023
        same = agree(found, answer.pop())
        samples["ours_s"].append(seconds(mine))
    times = {side: float(np.median(values)) for side, values in samples.items()}
    return {"what": what, "peer": peer, **times, "samples": samples, "same": same}


def agree(ours: Any, theirs: Any) -> bool:
    """Returns `True` if the vectors of all words of `ours` are equal in `theirs`."""
    return all(np.array_equal(row, theirs[word]) for word, row in zip(ours.words, ours.matrix, strict=True))


def tables(result: dict[str, Any]) -> str:
    """Returns Markdown: relative speeds, and the times of loading from the cache."""
    names = {
        "text": "text, all of it",
        "some words": f"text, {result['wanted']:,} words (the loop reads all)",
        "binary": "word2vec binary",
    }
    rows = [
        {
            "what": names[row["what"]],
            "peer": row["peer"],
            "peer s": f"{row['peer_s']:.3f}",
            "keras_embed s": f"{row['ours_s']:.3f}",
            "asked": f"{ASKED[row['what']][row['peer']]:g}x",
            "measured": f"{row['peer_s'] / row['ours_s']:.1f}x",
            "same vectors": row["same"],
        }
        for row in result["rows"]
    ]
    shape = "{:,} x {:,}".format(*result["shape"])
    return (
        f"{shape}, {result['megabytes']:.0f} MB of text\n\n{report.table(rows)}\n\n"
        f"Loading again from the cache takes {result['second_s']:.4f} s (target: {ASKED_SECONDS} s), or "
        f"{result['second_word_s']:.3f} s including the lookup of the first word."
    )


def main(arguments: Sequence[str]) -> None:
    """Prints the tables and writes vectors_io.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks vectors_io", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="number of vectors in the file")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side")
    parser.add_argument("--gensim-runs", type=int, default=2, help="timed runs of gensim reading text")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    wanted = min(WANTED, options.rows // 20)
    result = measure(options.rows, wanted=wanted, runs=options.runs, gensim_runs=options.gensim_runs)
    print(f"\n{tables(result)}\n\n{report.save('vectors_io', result)}")
