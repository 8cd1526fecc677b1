"""TF-IDF: speed, equality and memory of adapt and transform against scikit-learn and Keras' own layer.

The sides run alternately in one process on one core: all of them are Python, NumPy or single-threaded graph code.
Memory is the increase of the peak in new processes that stream N and 4 N texts.
"""

import argparse
import gzip
import itertools
import lzma
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report, worker
from benchmarks.timing import alternate, seconds

CORPORA = ("mr", "subj", "novels")
NGRAMS = ((1, 1), (1, 2))
BATCH = 1024
#: Target speed relative to scikit-learn: adapt, transform.
ASKED = {"adapt": 1.0, "transform": 1 / 1.5}


def texts(corpus: str, limit: int | None = None) -> list[str]:
    """Returns sentences of MR or Subj, or paragraphs of the Russian novels."""
    folder = Path(os.environ.get("KERAS_EMBED_DATA") or worker.REPOSITORY.parent / "shared" / "data")
    return list(itertools.islice(_read(corpus, folder), limit))


def _read(corpus: str, folder: Path) -> Iterator[str]:
    if corpus == "novels":
        for path in sorted((folder / "russian_classics").glob("*.xz")):
            with lzma.open(path, "rt", encoding="utf-8") as file:
                yield from (line.strip() for line in file if line.strip())
        return
    name = {"mr": "rt-polarity", "subj": "subj"}[corpus]
    with gzip.open(folder / "mr_subj" / f"{name}.all.gz", "rt", encoding="latin-1") as file:
        yield from (line.rstrip("\n").split(" ", 1)[1] for line in file)


def measure(
    corpora: Sequence[str] = CORPORA, ngrams: Sequence[Sequence[int]] = NGRAMS, limit: int | None = None, runs: int = 5
) -> list[dict[str, Any]]:
    """Times all sides on each corpus.

    Args:
        corpora: names of the corpora.
        ngrams: ranges of n-grams.
        limit: maximum number of texts of each corpus.
        runs: timed runs of each side.

    Returns:
        A dict for each corpus and range: milliseconds of each side, the maximum difference of the weights, and
        `same_terms`, `True` if the vocabularies are equal.
    """
    import tensorflow as tf
    from sklearn.feature_extraction.text import TfidfVectorizer

    from keras_embed.layers import TfidfVectorization

    rows = []
    for corpus, pair in itertools.product(corpora, map(tuple, ngrams)):
        documents = texts(corpus, limit)
        batches = [tf.constant(documents[start : start + BATCH]) for start in range(0, len(documents), BATCH)]
        peer, ours = TfidfVectorizer(ngram_range=pair), TfidfVectorization(ngrams=pair)
        row: dict[str, Any] = {"corpus": corpus, "ngrams": list(pair), "documents": len(documents)}
        fit, adapt = _bound(peer.fit, documents), _bound(ours.adapt, documents)
        row["fit"], row["adapt"] = alternate((fit, adapt), runs)
        transform, host = _bound(peer.transform, documents), _bound(ours.matrix.sparse, documents)
        row["transform"], row["host"] = alternate((transform, host), runs)
        terms = tf.function(ours.terms, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)

        def graph(terms: Any = terms, batches: Any = batches) -> Any:
            return [terms(batch) for batch in batches]

        row["transform again"], row["graph"] = alternate((transform, graph), runs)
        row |= differences(transform(), host(), graph())
        row["same_terms"] = ours.vocabulary() == peer.get_feature_names_out().tolist()
        row["terms"] = len(ours)
        if pair == (1, 1):
            row["keras_adapt_s"] = seconds(_bound(_keras_adapt, documents))
        rows.append(row)
    return rows


def _bound(function: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: function(argument)


def _keras_adapt(documents: list[str]) -> None:
    import keras
    import tensorflow as tf

    layer = keras.layers.TextVectorization(output_mode="tf_idf")
    layer.adapt(tf.data.Dataset.from_tensor_slices(documents).batch(BATCH))


def differences(expected: Any, host: Any, graph: Sequence[Any]) -> dict[str, float]:
    """Returns the maximum difference from scikit-learn's weights of both implementations; inf if columns differ."""
    expected = expected.copy()
    expected.sort_indices()
    lanes = {
        "host_error": (host.ids, host.values),
        "graph_error": tuple(np.concatenate([part[index].values.numpy() for part in graph]) for index in (0, 1)),
    }
    return {
        name: float(np.abs(values - expected.data).max()) if np.array_equal(ids, expected.indices) else np.inf
        for name, (ids, values) in lanes.items()
    }


def peak(side: str, corpus: str, limit: int, times: int) -> dict[str, float]:
    """Measures the memory, in MB, of learning from a stream of `limit` texts repeated `times` times."""
    documents = texts(corpus, limit)
    if side == "ours":
        from keras_embed.layers import TfidfVectorization

        learn: Any = TfidfVectorization().adapt
    else:
        from sklearn.feature_extraction.text import TfidfVectorizer

        learn = TfidfVectorizer().fit
    learn(documents[:100])
    before = _megabytes()
    learn(itertools.chain.from_iterable(itertools.repeat(documents, times)))
    return {"before": before, "grown": _megabytes() - before}


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tables(rows: Sequence[dict[str, Any]], memory: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: speed and equality, then memory."""
    speed = [
        {
            "corpus": f"{row['corpus']}, {row['documents']} texts",
            "n-grams": "{}-{}".format(*row["ngrams"]),
            "terms": row["terms"],
            "sklearn fit s": f"{row['fit']['median'] / 1e3:.2f}",
            f"adapt (asked {ASKED['adapt']:g}x)": _ratio(row["fit"], row["adapt"]),
            "over Keras' adapt": _over_keras(row),
            "sklearn transform s": f"{row['transform']['median'] / 1e3:.2f}",
            f"lists (asked {ASKED['transform']:.2g}x)": _ratio(row["transform"], row["host"]),
            f"graph (asked {ASKED['transform']:.2g}x)": _ratio(row["transform again"], row["graph"]),
            "greatest error": f"{max(row['host_error'], row['graph_error']):.0e}",
            "same terms": row["same_terms"],
        }
        for row in rows
    ]
    sizes = [
        {
            "learning": row["side"],
            "texts": row["texts"],
            "grown by MB": f"{row['once']:.0f}",
            "at 4 times the texts MB": f"{row['four']:.0f}",
        }
        for row in memory
    ]
    return "\n\n".join(report.table(table) for table in (speed, sizes) if table)


def _ratio(peer: dict[str, float], ours: dict[str, float]) -> str:
    return f"{peer['median'] / ours['median']:.2f}x"


def _over_keras(row: dict[str, Any]) -> str:
    return f"{1e3 * row['keras_adapt_s'] / row['adapt']['median']:.0f}x" if "keras_adapt_s" in row else ""


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on TensorFlow, prints the tables and writes tfidf.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks tfidf", description=__doc__)
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), choices=CORPORA)
    parser.add_argument("--limit", type=int, default=40_000, help="maximum number of texts of each corpus")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    given = {"corpora": options.corpora, "limit": options.limit, "runs": options.runs}
    rows = worker.call("benchmarks.tfidf:measure", "tensorflow", 1, **given)
    memory = []
    for side in ("ours", "scikit-learn"):
        stream = {"side": side, "corpus": options.corpora[-1], "limit": options.limit}
        grown = [worker.call("benchmarks.tfidf:peak", "tensorflow", 1, **stream, times=n)["grown"] for n in (1, 4)]
        memory.append({"side": side, "texts": options.limit, "once": grown[0], "four": grown[1]})
    print(f"\n{tables(rows, memory)}\n\n{report.save('tfidf', {'rows': rows, 'memory': memory})}")
