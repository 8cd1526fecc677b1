"""Word2Vec: words per second of gensim and of the Keras engine, with the same text and settings.

On each backend, both train alternately in one process with the same number of threads. The times include counting the
words, compilation and all epochs. The score on WS-353 verifies that both learn.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

from benchmarks import literature, machine, report, worker

SETTINGS = {"dim": 100, "window": 5, "negatives": 5, "min_count": 5, "subsample": 1e-3, "learning_rate": 0.025}
#: Maximum time relative to gensim's skip-gram, on JAX.
ASKED = 1.5


def measure(
    algorithms: Sequence[str] = ("skipgram", "cbow"),
    runs: int = 3,
    epochs: int = 5,
    limit: int | None = None,
    workers: int = worker.THREADS,
) -> list[dict[str, Any]]:
    """Trains alternately with both engines, on the current backend.

    Args:
        algorithms: "skipgram", "cbow".
        runs: number of runs of each engine.
        epochs: epochs of each run.
        limit: maximum number of sentences.
        workers: number of threads of gensim.

    Returns:
        A dict for each algorithm: median words per second of both, the ratio of the medians, and scores on WS-353.
    """
    from keras_embed.vectors import train_word2vec

    corpus = literature.english(limit)
    words = epochs * sum(map(len, corpus))
    pairs = literature.data_folder() / "word_similarity_en" / "EN-WS-353-ALL.txt"
    rows = []
    for algorithm in algorithms:
        seconds: dict[str, list[float]] = {"gensim": [], "keras": []}
        scores: dict[str, list[float]] = {"gensim": [], "keras": []}
        for seed in range(1, runs + 1):
            for engine in seconds:
                more = {"workers": workers} if engine == "gensim" else {}
                start = time.perf_counter()
                vectors = train_word2vec(
                    corpus, algorithm, engine=engine, epochs=epochs, seed=seed, verbose=0, **SETTINGS, **more
                )
                seconds[engine].append(time.perf_counter() - start)
                scores[engine].append(vectors.evaluate_similarity(pairs).spearman)
        speed = {engine: words / statistics.median(times) for engine, times in seconds.items()}
        rows.append(
            {
                "algorithm": algorithm,
                "tokens": words // epochs,
                "epochs": epochs,
                "words_per_s": speed,
                "ratio": speed["gensim"] / speed["keras"],
                "seconds": seconds,
                "ws353": {engine: statistics.mean(values) for engine, values in scores.items()},
            }
        )
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table with a row for each backend and algorithm."""
    return report.table(
        [
            {
                "backend": row["backend"],
                "algorithm": row["algorithm"],
                "gensim words/s": f"{row['words_per_s']['gensim']:,.0f}",
                "keras_embed words/s": f"{row['words_per_s']['keras']:,.0f}",
                "time of gensim's": f"{row['ratio']:.2f}x",
                "asked": f"{ASKED:g}x" if (row["backend"], row["algorithm"]) == ("jax", "skipgram") else "",
                "WS-353 gensim": f"{100 * row['ws353']['gensim']:.1f}",
                "WS-353 keras_embed": f"{100 * row['ws353']['keras']:.1f}",
            }
            for row in rows
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on every backend, prints the table and writes skipgram.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks skipgram", description=__doc__)
    worker.add_arguments(parser)
    parser.add_argument("--runs", type=int, default=3, help="runs of each engine")
    parser.add_argument("--epochs", type=int, default=5, help="epochs of each run")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    rows = [
        {"backend": backend, **row}
        for backend in options.backends
        for row in worker.call(
            "benchmarks.skipgram:measure",
            backend,
            options.threads,
            runs=options.runs,
            epochs=options.epochs,
            workers=options.threads,
        )
    ]
    print(f"\n{table(rows)}\n\n{report.save('skipgram', {'threads': options.threads, 'rows': rows})}")
