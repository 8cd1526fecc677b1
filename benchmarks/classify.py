"""Text classification: ten-fold accuracy on MR and Subj, compared with scikit-learn's TF-IDF and linear SVM.

The folds are stratified and the same for all classifiers: the texts of each class are shuffled and distributed evenly.
Vocabulary, idf and weights are learned from the training folds only. Both data sets use the same settings, except for
the row "chosen", where three folds of the training set determine if punctuation marks are terms.
"""

import argparse
import gzip
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report, worker

FILES = {"mr": "rt-polarity.all.gz", "subj": "subj.all.gz"}
#: Target accuracy of TF-IDF in percent.
ASKED = {"mr": 79.3, "subj": 92.7}
KINDS = {
    "sklearn": "scikit-learn: TfidfVectorizer() + LinearSVC()",
    "sklearn_terms": "scikit-learn: the terms of the next row + LinearSVC()",
    "linear": "BagBackbone: stems, 1-2-grams, sublinear TF-IDF",
    "ratios": "BagBackbone: these terms, with log-count ratios",
    "chosen": "BagBackbone: these terms, punctuation or none chosen in training parts",
    "averaging": "AveragingBackbone: randomly initialized embeddings",
    "filters": "ConvolutionalBackbone: randomly initialized embeddings",
}
LINEAR = ("sklearn", "sklearn_terms", "linear", "ratios", "chosen")
#: Token patterns: words, and words with punctuation marks.
PATTERNS = (r"\w+", r"\w+|[^\w\s]")


def read(corpus: str) -> tuple[list[str], list[str]]:
    """Returns texts and their labels, "0" and "1"."""
    folder = Path(os.environ.get("KERAS_EMBED_DATA") or worker.REPOSITORY.parent / "shared" / "data")
    with gzip.open(folder / "mr_subj" / FILES[corpus], "rb") as file:
        rows = [row.split(" ", 1) for row in file.read().decode("latin-1").split("\n") if row]
    return [text for _, text in rows], [label for label, _ in rows]


def folds(labels: Sequence[str], count: int, seed: int) -> list[np.ndarray]:
    """Returns the test indices of each fold."""
    generator = np.random.default_rng(seed)
    parts: list[list[int]] = [[] for _ in range(count)]
    place = 0
    for label in sorted(set(labels)):
        for row in generator.permutation([number for number, one in enumerate(labels) if one == label]):
            parts[place % count].append(int(row))
            place += 1
    return [np.sort(part) for part in parts]


def measure(
    corpus: str, kinds: Sequence[str], count: int = 10, seed: int = 0, limit: int | None = None, neural_folds: int = 10
) -> list[dict[str, Any]]:
    """Trains and tests every classifier on the same folds, on the current backend.

    Args:
        corpus: "mr" or "subj".
        kinds: keys of `KINDS`.
        count: number of folds.
        seed: seed of the folds and the weights.
        limit: maximum number of texts, evenly spaced.
        neural_folds: number of folds, from the first, for the neural classifiers.

    Returns:
        A dict for each classifier: accuracy of each fold, and seconds of a fold from strings to predictions.
    """
    texts, labels = read(corpus)
    if limit is not None:
        step = max(1, len(texts) // limit)
        texts, labels = texts[::step], labels[::step]
    parts = folds(labels, count, seed)
    rows = []
    for kind in kinds:
        accuracy, spent = [], []
        for test in parts if kind in LINEAR else parts[:neural_folds]:
            train = np.setdiff1d(np.arange(len(texts)), test)
            data = [[[column[row] for row in part] for column in (texts, labels)] for part in (train, test)]
            start = time.perf_counter()
            found = _PREDICTORS[kind](*data[0], data[1][0], seed)
            spent.append(time.perf_counter() - start)
            accuracy.append(float(np.mean([a == b for a, b in zip(found, data[1][1], strict=True)])))
        rows.append({"corpus": corpus, "kind": kind, "accuracy": accuracy, "seconds": spent})
        mean = 100 * float(np.mean(accuracy))
        print(f"{corpus} {kind}: {mean:.2f} ({len(accuracy)} folds, {np.mean(spent):.1f} s each)", flush=True)
    return rows


def _pipeline(pattern: str = PATTERNS[0]) -> Any:
    from keras_embed import text

    return text.Pipeline([text.Lowercase(), text.TokenPattern(pattern), text.SnowballStemmer("english")])


def _sklearn(texts: list[str], labels: list[str], new: list[str], seed: int, **arguments: Any) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    vectorizer = TfidfVectorizer(**arguments)
    model = LinearSVC(random_state=seed).fit(vectorizer.fit_transform(texts), labels)
    return list(model.predict(vectorizer.transform(new)))


def _sklearn_terms(texts: list[str], labels: list[str], new: list[str], seed: int) -> list[str]:
    pipeline = _pipeline()
    arguments = {"tokenizer": lambda line: pipeline.python([line]), "token_pattern": None, "ngram_range": (1, 2)}
    return _sklearn(texts, labels, new, seed, **arguments, sublinear_tf=True)


def _linear(
    texts: list[str], labels: list[str], new: list[str], seed: int, ratios: bool = False, pattern: str = PATTERNS[0]
) -> list[str]:
    import keras_embed as ke

    tfidf = ke.layers.TfidfVectorization(ngrams=(1, 2), sublinear_tf=True, pipeline=_pipeline(pattern))
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels, tfidf=tfidf)
    scales = preprocessor.log_count_ratios(texts, labels) if ratios else None
    backbone = ke.backbones.BagBackbone(preprocessor.num_terms)
    classifier = ke.TextClassifier(backbone, preprocessor, term_scales=scales)
    return _trained(classifier, texts, labels, seed, 0.02 if ratios else 0.05, epochs=10, batch_size=256).predict(new)


def _ratios(texts: list[str], labels: list[str], new: list[str], seed: int) -> list[str]:
    return _linear(texts, labels, new, seed, ratios=True)


def _chosen(texts: list[str], labels: list[str], new: list[str], seed: int) -> list[str]:
    scores = {pattern: inner_accuracy(texts, labels, pattern, seed) for pattern in PATTERNS}
    return _linear(texts, labels, new, seed, pattern=max(scores, key=scores.__getitem__))


def inner_accuracy(texts: list[str], labels: list[str], pattern: str, seed: int, count: int = 3) -> float:
    """Returns the cross-validated accuracy within a training set."""
    right = 0
    for test in folds(labels, count, seed):
        held = set(test.tolist())
        kept = [row for row in range(len(texts)) if row not in held]
        found = _linear(
            [texts[row] for row in kept],
            [labels[row] for row in kept],
            [texts[row] for row in test],
            seed,
            pattern=pattern,
        )
        right += sum(a == labels[row] for a, row in zip(found, test, strict=True))
    return right / len(texts)


def _averaging(texts: list[str], labels: list[str], new: list[str], seed: int) -> list[str]:
    import keras_embed as ke

    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels)
    embeddings = preprocessor.embeddings(word_dim=100)
    backbone = ke.backbones.AveragingBackbone(embeddings, hidden_dims=(100,), word_dropout=0.3, dropout=0.2)
    classifier = ke.TextClassifier(backbone, preprocessor, dropout=0.2)
    return _trained(classifier, texts, labels, seed, 2e-3, epochs=8, batch_size=64).predict(new)


def _filters(texts: list[str], labels: list[str], new: list[str], seed: int) -> list[str]:
    import keras_embed as ke

    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels)
    backbone = ke.backbones.ConvolutionalBackbone(preprocessor.embeddings(word_dim=100))
    classifier = ke.TextClassifier(backbone, preprocessor, dropout=0.5)
    return _trained(classifier, texts, labels, seed, 1e-3, epochs=5, batch_size=64).predict(new)


def _trained(
    classifier: Any, texts: list[str], labels: list[str], seed: int, rate: float, epochs: int, batch_size: int
) -> Any:
    """Returns the classifier, trained with a learning rate that decays to zero."""
    import keras

    keras.utils.set_random_seed(seed)
    steps = epochs * -(-len(texts) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    classifier.compile(keras.optimizers.Adam(schedule), metrics=[])
    classifier.fit(texts, labels, epochs=epochs, batch_size=batch_size, verbose=0)
    return classifier


_PREDICTORS = {
    "sklearn": _sklearn,
    "sklearn_terms": _sklearn_terms,
    "linear": _linear,
    "ratios": _ratios,
    "chosen": _chosen,
    "averaging": _averaging,
    "filters": _filters,
}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: accuracy in percent, the target for TF-IDF, and seconds per fold."""
    return report.table(
        [
            {
                "data": row["corpus"],
                "classifier": KINDS[row["kind"]],
                "folds": len(row["accuracy"]),
                "accuracy %": f"{100 * np.mean(row['accuracy']):.2f}",
                "worst - best fold": f"{100 * min(row['accuracy']):.1f} - {100 * max(row['accuracy']):.1f}",
                "asked": f"{ASKED[row['corpus']]}" if row["kind"] in {"linear", "ratios", "chosen"} else "",
                "s a fold": f"{np.mean(row['seconds']):.1f}",
            }
            for row in rows
        ]
    )


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on each given backend, prints the table and writes classify.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks classify", description=__doc__)
    worker.add_arguments(parser, backends=("tensorflow",))
    parser.add_argument("--corpora", nargs="+", default=list(FILES), choices=list(FILES))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--neural-folds", type=int, default=2, help="number of folds for the neural classifiers")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    for backend in options.backends:
        rows = [
            row
            for corpus in options.corpora
            for row in worker.call(
                "benchmarks.classify:measure",
                backend,
                options.threads,
                corpus=corpus,
                kinds=options.kinds,
                count=options.folds,
                seed=options.seed,
                neural_folds=options.neural_folds,
            )
        ]
        result = {"backend": backend, "threads": options.threads, "seed": options.seed, "rows": rows}
        print(f"\n{backend}\n\n{table(rows)}\n\n{report.save(f'classify_{backend}', result)}", flush=True)
