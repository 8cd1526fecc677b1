"""Similarity of sentences: ESIM on the dev set of the English STS benchmark, compared with cosine baselines.

Skip-gram vectors are trained with the library on novels, tales, captions and the training sentences, without the
scores. ESIM's recipe is chosen on a tenth of the training set that shares no sentence with the rest; it is then
trained on the whole training set, and the dev set is scored once.
"""

import argparse
import csv
import gzip
import io
import re
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import literature, machine, report, worker

KINDS = {
    "tfidf": "cosine of scikit-learn's TF-IDF",
    "mean": "cosine of mean skip-gram vectors",
    "siamese": "PairClassifier: siamese AveragingBackbone over these vectors",
    "esim": "PairClassifier: ESIMBackbone over these vectors",
}
VECTORS = {"dim": 100, "window": 5, "negatives": 5, "min_count": 3, "epochs": 5}
#: ESIM recipes: frozen vectors, units per direction, dropout, initial learning rate, epochs.
RECIPES = {
    "fixed vectors": {"fixed": True, "hidden_dim": 100, "dropout": 0.2, "rate": 1e-3, "epochs": 8},
    "fixed vectors, more dropout": {"fixed": True, "hidden_dim": 100, "dropout": 0.4, "rate": 1e-3, "epochs": 8},
    "trained vectors": {"fixed": False, "hidden_dim": 100, "dropout": 0.2, "rate": 1e-3, "epochs": 8},
}
SIAMESE = {"rate": 1e-3, "epochs": 10}
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

Pairs = list[tuple[str, str]]


def read(part: str) -> tuple[Pairs, list[float]]:
    """Returns pairs of sentences and their scores from 0 to 5; `split` is "train" or "dev"."""
    path = literature.data_folder() / "stsb_multi_mt" / f"stsb-en-{part}.csv.gz"
    with gzip.open(path, "rb") as file:
        rows = list(csv.reader(io.TextIOWrapper(file, "utf-8", newline="")))
    return [(first, second) for first, second, _ in rows], [float(score) for *_, score in rows]


def words(sentence: str) -> list[str]:
    """Returns the lowercased words without punctuation."""
    return _WORD.findall(sentence.lower())


def corpus(pairs: Pairs, limit: int | None = None) -> list[list[str]]:
    """Returns the training text of the vectors: novels, tales, captions, and the sentences of the given pairs."""
    texts = literature.english(limit)
    captions = literature.data_folder() / "multi30k" / "train.en.gz"
    if captions.exists():
        texts += [words(line) for line in gzip.decompress(captions.read_bytes()).decode("utf-8").splitlines()[:limit]]
    return texts + [words(sentence) for pair in pairs for sentence in pair]


def held_out(pairs: Pairs, share: float = 0.1, seed: int = 0) -> tuple[list[int], list[int]]:
    """Splits pairs into training and validation rows without common sentences."""
    order = np.random.default_rng(seed).permutation(len(pairs)).tolist()
    chosen = order[: max(2, int(share * len(pairs)))]
    seen = {sentence for row in chosen for sentence in pairs[row]}
    return [row for row in order[len(chosen) :] if not seen & set(pairs[row])], chosen


def correlations(predicted: Any, scores: Any) -> dict[str, float]:
    """Returns Pearson's and Spearman's correlation."""
    from scipy import stats

    return {
        "pearson": float(stats.pearsonr(predicted, scores)[0]),
        "spearman": float(stats.spearmanr(predicted, scores)[0]),
    }


def measure(
    kinds: Sequence[str],
    seed: int = 0,
    limit: int | None = None,
    recipes: dict[str, dict[str, Any]] | None = None,
    vectors: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Trains every model on the training set and scores the dev set, on the current backend.

    Args:
        kinds: keys of `KINDS`.
        seed: seed of weights, order and validation set.
        limit: maximum number of pairs per split, and of sentences per text source.
        recipes: replacement for `RECIPES`.
        vectors: replacement for `VECTORS`, the arguments of the skip-gram training.

    Returns:
        A dict for each model: correlations on the dev set, CPU seconds and, for ESIM, the validation score of each
        recipe.
    """
    import keras_embed as ke

    pairs, scores = (column[:limit] for column in read("train"))
    dev, truth = (column[:limit] for column in read("dev"))
    start = time.process_time()
    trained: Any = None
    if set(kinds) - {"tfidf"}:
        texts = corpus(pairs, limit)
        trained = ke.vectors.train_word2vec(texts, seed=seed + 1, verbose=0, **(vectors or VECTORS))
    spent = time.process_time() - start
    rows = []
    for kind in kinds:
        start, more = time.process_time(), {}
        if kind == "esim":
            more["chosen_by"] = _choose(recipes or RECIPES, pairs, scores, trained, seed)
            best = max(more["chosen_by"], key=lambda name: more["chosen_by"][name]["pearson"])
            more["recipe"] = {"name": best, **(recipes or RECIPES)[best]}
            predicted = esim(pairs, scores, dev, trained, seed, **(recipes or RECIPES)[best])
        else:
            predicted = _PREDICTORS[kind](pairs, scores, dev, trained, seed)
        seconds = time.process_time() - start
        rows.append(
            {"kind": kind, "seed": seed, **correlations(predicted, truth), "seconds": seconds, "vectors": spent, **more}
        )
        print({name: value for name, value in rows[-1].items() if name != "vectors"}, flush=True)
    return rows


def _choose(
    recipes: dict[str, dict[str, Any]], pairs: Pairs, scores: list[float], trained: Any, seed: int
) -> dict[str, dict[str, float]]:
    """Returns the validation score of each recipe."""
    kept, chosen = held_out(pairs, seed=seed)
    parts = [[[column[row] for row in part] for column in (pairs, scores)] for part in (kept, chosen)]
    found = {}
    for name, recipe in recipes.items():
        found[name] = correlations(esim(*parts[0], parts[1][0], trained, seed, **recipe), parts[1][1])
        print(name, found[name], flush=True)
    return found


def esim(
    pairs: Pairs,
    scores: list[float],
    new: Pairs,
    trained: Any,
    seed: int,
    fixed: bool,
    hidden_dim: int,
    dropout: float,
    rate: float,
    epochs: int,
) -> Any:
    """Trains ESIM and predicts the scores of new pairs, averaged over both orders."""
    import keras

    import keras_embed as ke

    keras.utils.set_random_seed(seed)
    preprocessor = _preprocessor(trained)
    embeddings = [_word_embedding(preprocessor, trained, not fixed)]
    backbone = ke.backbones.ESIMBackbone(embeddings, hidden_dim=hidden_dim, hidden_dims=(hidden_dim,), dropout=dropout)
    classifier = ke.PairClassifier(backbone, preprocessor, dropout=dropout)
    turned = np.random.default_rng(seed).random(len(pairs)) < 0.5
    pairs = [pair[::-1] if turn else pair for pair, turn in zip(pairs, turned, strict=True)]
    _fit(classifier, pairs, scores, rate, epochs)
    return _both_orders(classifier, new)


def _siamese(pairs: Pairs, scores: list[float], new: Pairs, trained: Any, seed: int) -> Any:
    import keras

    import keras_embed as ke

    keras.utils.set_random_seed(seed)
    preprocessor = _preprocessor(trained)
    backbone = ke.backbones.AveragingBackbone([_word_embedding(preprocessor, trained, True)])
    classifier = ke.PairClassifier(backbone, preprocessor, comparison="siamese", hidden_dims=(100,), dropout=0.2)
    _fit(classifier, pairs, scores, **SIAMESE)
    return _both_orders(classifier, new)


def _preprocessor(trained: Any) -> Any:
    """Returns a preprocessor whose vocabulary is all words with a vector, including those of the dev set only."""
    from keras_embed.preprocessors import PairPreprocessor
    from keras_embed.tokenizers import WordFeaturizer

    lengths = (16, 32, 64)
    tokenizer = WordFeaturizer.from_tokens([list(trained)], bucket_lengths=lengths)
    return PairPreprocessor(None, tokenizer, score_range=(0.0, 5.0), max_length=lengths[-1])


def _word_embedding(preprocessor: Any, trained: Any, trainable: bool) -> Any:
    """Returns an embedding of normalized vectors whose components have about unit scale, as suits recurrent layers."""
    from keras_embed.initializers import Pretrained
    from keras_embed.layers import WordEmbedding
    from keras_embed.vectors import WordVectors

    vocabulary = preprocessor.tokenizer.vocabulary
    scaled = WordVectors(list(trained), trained.normalized().matrix * trained.dim**0.5)
    start = Pretrained(scaled, vocabulary, unknown="zeros")
    return WordEmbedding(len(vocabulary), trained.dim, embeddings_initializer=start, trainable=trainable)


def _fit(classifier: Any, pairs: Pairs, scores: list[float], rate: float, epochs: int, batch_size: int = 32) -> None:
    """Trains with a learning rate that decays to zero."""
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(rate, epochs * -(-len(pairs) // batch_size))
    # XLA would compile the network for each pair of lengths, which takes longer than training.
    jit_compile = False if keras.config.backend() == "tensorflow" else "auto"
    classifier.compile(keras.optimizers.Adam(schedule, global_clipnorm=5.0), metrics=[], jit_compile=jit_compile)
    classifier.fit(pairs, scores, epochs=epochs, batch_size=batch_size, verbose=0)


def _both_orders(classifier: Any, pairs: Pairs) -> Any:
    turned = [(second, first) for first, second in pairs]
    return (classifier.similarity(pairs, 128) + classifier.similarity(turned, 128)) / 2


def _tfidf(pairs: Pairs, scores: list[float], new: Pairs, trained: Any, seed: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True).fit([sentence for pair in pairs for sentence in pair])
    first, second = (vectorizer.transform(column) for column in zip(*new, strict=True))
    return np.asarray(first.multiply(second).sum(1)).ravel()


def _mean(pairs: Pairs, scores: list[float], new: Pairs, trained: Any, seed: int) -> Any:
    unit = trained.normalized()

    def vector(sentence: str) -> Any:
        known = [word for word in words(sentence) if word in unit]
        return unit.rows(known).mean(0) if known else np.zeros(unit.dim, "float32")

    first, second = (np.array([vector(sentence) for sentence in column]) for column in zip(*new, strict=True))
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(1) / np.maximum(lengths, 1e-9)


_PREDICTORS = {"tfidf": _tfidf, "mean": _mean, "siamese": _siamese}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: both correlations on the dev set and CPU seconds; means and deviations over the seeds."""
    return report.table(
        [
            {
                "way": KINDS[kind],
                "seeds": len(same),
                "Pearson": report.spread([row["pearson"] for row in same], 3),
                "Spearman": report.spread([row["spearman"] for row in same], 3),
                "CPU s": f"{statistics.mean(row['seconds'] for row in same):.0f}",
            }
            for kind, same in report.by_kind(rows).items()
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on each given backend, prints the table and writes similarity.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks similarity", description=__doc__)
    worker.add_arguments(parser, backends=("tensorflow",))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    for backend in options.backends:
        rows = []
        for seed in options.seeds:
            named = {"kinds": options.kinds, "seed": seed}
            rows += worker.call("benchmarks.similarity:measure", backend, options.threads, **named)
        result = {"backend": backend, "threads": options.threads, "seeds": options.seeds, "rows": rows}
        print(f"\n{backend}\n\n{table(rows)}\n\n{report.save(f'similarity_{backend}', result)}", flush=True)
