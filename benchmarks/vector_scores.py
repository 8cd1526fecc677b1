"""Word vectors: scores of Word2Vec, fastText and GloVe, trained on English novels and tales, and of gensim.

Similarity is Spearman's correlation with human judgements times 100, over the pairs of in-vocabulary words; analogies
are the accuracy in percent, over questions of in-vocabulary words. Means over the seeds.
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks import literature, machine, report, worker
from benchmarks.skipgram import SETTINGS

SIMILARITY = {"WS-353": "EN-WS-353-ALL.txt", "MEN": "EN-MEN-TR-3k.txt", "SimLex": "EN-SIMLEX-999.txt"}
ANALOGIES = "questions-words.txt.gz"
WAYS = ("skipgram", "cbow", "fasttext", "glove")


def measure(
    ways: Sequence[str] = WAYS,
    seeds: Sequence[int] = (1, 2, 3),
    epochs: int = 5,
    dim: int = 100,
    num_buckets: int = 200_000,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Trains and scores each algorithm with each seed.

    Args:
        ways: algorithms from `WAYS`.
        seeds: seeds, one training each.
        epochs: epochs of Word2Vec and fastText; GloVe uses five times as many, over word pairs.
        dim: size of the vectors.
        num_buckets: number of n-gram buckets of fastText.
        limit: maximum number of sentences.

    Returns:
        A dict for each algorithm and side, "keras_embed" or "gensim": scores by name, each a list over the seeds.
    """
    corpus = literature.english(limit)
    settings = {**SETTINGS, "epochs": epochs, "dim": dim}
    rows = []
    for way in ways:
        for side, train in _sides(way, num_buckets).items():
            scores = [_scores(*train(corpus, settings, seed)) for seed in seeds]
            rows.append(
                {"way": way, "side": side, "scores": {name: [one[name] for one in scores] for name in scores[0]}}
            )
            print(way, side, rows[-1]["scores"], flush=True)
    return rows


def _sides(way: str, num_buckets: int) -> dict[str, Callable[..., tuple[Any, Any]]]:
    """Returns the training function of each side: (corpus, settings, seed) -> (words, matrix)."""
    from keras_embed import vectors

    def word2vec(corpus: Any, settings: dict[str, Any], seed: int) -> tuple[Any, Any]:
        made = vectors.train_word2vec(corpus, way, engine="keras", seed=seed, verbose=0, **settings)
        return made.words, made.matrix

    def fasttext(corpus: Any, settings: dict[str, Any], seed: int) -> tuple[Any, Any]:
        more = {"num_buckets": num_buckets, "workers": worker.THREADS}
        made = vectors.train_fasttext(corpus, seed=seed, verbose=0, **settings, **more)
        return made.words, made.matrix

    def glove(corpus: Any, settings: dict[str, Any], seed: int) -> tuple[Any, Any]:
        kept = {name: settings[name] for name in ("dim", "min_count")}
        made = vectors.train_glove(corpus, window=10, epochs=5 * settings["epochs"], seed=seed, verbose=0, **kept)
        return made.words, made.matrix

    ours = {"skipgram": word2vec, "cbow": word2vec, "fasttext": fasttext, "glove": glove}[way]
    return {"keras_embed": ours} | (
        {} if way == "glove" else {"gensim": lambda *given: _gensim(way, num_buckets, *given)}
    )


def _gensim(way: str, num_buckets: int, corpus: Any, settings: dict[str, Any], seed: int) -> tuple[Any, Any]:
    """Trains with gensim's public API."""
    from gensim.models import FastText, Word2Vec

    model = (partial(FastText, bucket=num_buckets) if way == "fasttext" else Word2Vec)(
        corpus,
        vector_size=settings["dim"],
        window=settings["window"],
        negative=settings["negatives"],
        min_count=settings["min_count"],
        sample=settings["subsample"],
        alpha=settings["learning_rate"],
        epochs=settings["epochs"],
        sg=int(way != "cbow"),
        seed=seed,
        workers=worker.THREADS,
    )
    return model.wv.index_to_key, model.wv.vectors


def _scores(words: Any, matrix: Any) -> dict[str, float]:
    """Returns the scores of vectors by name, in percent."""
    from keras_embed.vectors import WordVectors

    vectors, folder = WordVectors(words, matrix), literature.data_folder()
    scores = {
        name: 100 * vectors.evaluate_similarity(folder / "word_similarity_en" / file).spearman
        for name, file in SIMILARITY.items()
    }
    total = vectors.evaluate_analogies(folder / "google_analogies" / ANALOGIES).total
    return {**scores, "analogies": 100 * total.accuracy}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: means over the seeds, with minimum and maximum."""
    return report.table(
        [
            {"way": row["way"], "by": row["side"]}
            | {
                name: f"{statistics.mean(values):.1f} ({min(values):.1f}-{max(values):.1f})"
                for name, values in row["scores"].items()
            }
            for row in rows
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on each given backend, prints the table and writes vector_scores.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks vector_scores", description=__doc__)
    worker.add_arguments(parser, backends=("jax",))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    for backend in options.backends:
        rows = worker.call(
            "benchmarks.vector_scores:measure", backend, options.threads, ways=options.ways, seeds=options.seeds
        )
        print(f"\n{table(rows)}\n\n{report.save('vector_scores', {'backend': backend, 'rows': rows})}")
