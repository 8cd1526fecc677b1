"""Compare a linear TF-IDF classifier with averaged word vectors, and draw a confusion matrix.

    python examples/05_classification.py                                # MR: sentiment of film reviews
    python examples/05_classification.py --corpus sms_spam              # any labelled corpus of `ke.corpora.names()`
    python examples/05_classification.py --corpus my.tsv --epochs 10    # label, tab, text in each line
    python examples/05_classification.py --backend jax

MR is read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. If it is missing, the task is to
detect whether a sentence of the package's small corpus names a person. `python -m benchmarks classify` runs the recipe
of the published results.
"""

import argparse
import os
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras
import matplotlib.pyplot as plt

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")

Data = list[tuple[str, str]]  # texts and labels


def load(corpus: str | None) -> tuple[Data, Data]:
    """Returns training texts, and a random tenth that is held out."""
    if corpus is None and not (DATA / "mr_subj").is_dir():
        print(f"No folder {DATA / 'mr_subj'}: does a sentence of the small corpus of the package name a person?")
        sentences = ke.corpora.load("tiny_ner")
        found = [(" ".join(one.tokens), "person" if "B-PER" in one.tags else "none") for one in sentences]
    elif corpus is None or corpus in ke.corpora.names():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        found = [(text, str(label)) for text, label in ke.corpora.load(corpus or "mr")]
    else:
        lines = Path(corpus).read_text(encoding="utf-8").splitlines()
        found = [(line.split("\t")[1], line.split("\t")[0]) for line in lines if "\t" in line]
    random.Random(1).shuffle(found)
    return found[len(found) // 10 :], found[: len(found) // 10]


def linear(texts: list[str], labels: list[str]) -> ke.TextClassifier:
    """Returns a linear classifier of word unigrams and bigrams."""
    tfidf = ke.layers.TfidfVectorization(ngrams=(1, 2), sublinear_tf=True)
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels, tfidf=tfidf)
    classifier = ke.TextClassifier(ke.backbones.BagBackbone(preprocessor.num_terms), preprocessor)
    classifier.compile(keras.optimizers.Adam(0.02), metrics=["accuracy"])
    return classifier


def averaging(texts: list[str], labels: list[str]) -> ke.TextClassifier:
    """Returns a classifier that averages word vectors and has one hidden layer."""
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels, bucket_lengths=(32, 64))
    embeddings = preprocessor.embeddings(word_dim=50)
    backbone = ke.backbones.AveragingBackbone(embeddings, hidden_dims=(50,), word_dropout=0.3, dropout=0.2)
    classifier = ke.TextClassifier(backbone, preprocessor, dropout=0.2)
    classifier.compile(keras.optimizers.Adam(2e-3), metrics=["accuracy"])
    return classifier


def main(arguments: Sequence[str] | None = None) -> dict[str, float]:
    """Runs all steps, and returns the accuracy of both models on the held-out texts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="a name from ke.corpora.names(), or the path of your own file")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("classification"), help="folder for picture and SavedModel")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    train, held_out = load(options.corpus)
    (texts, labels), new = map(list, zip(*train, strict=True)), tuple(map(list, zip(*held_out, strict=True)))
    print(f"{len(train):,} training texts, {len(held_out):,} held out; for example: {texts[0]} ({labels[0]})")
    histories, accuracies = {}, {}
    for name, make in {"TF-IDF, linear": linear, "averaged vectors": averaging}.items():
        print(f"\n{name}")
        classifier = make(texts, labels)
        size = 64 if len(texts) > 2000 else 16
        fitted = classifier.fit(texts, labels, epochs=options.epochs, batch_size=size, validation_data=new)
        histories[name] = fitted
        report = classifier.report(*new)
        accuracies[name] = float(report.accuracy)
        print(report)

    options.output.mkdir(parents=True, exist_ok=True)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    ke.plots.learning_curves(histories, "accuracy", ax=left)
    ke.plots.confusion_matrix(report.confusion, classifier.preprocessor.classes, ax=right)
    right.set_title(name)
    figure.savefig(options.output / "classification.png", dpi=110)
    print(f"Wrote the learning curves and the confusion matrix to {options.output / 'classification.png'}.")
    classifier.export(options.output / "1")
    print(f"Wrote the SavedModel, which takes strings and returns labels, to {options.output / '1'}.")
    return accuracies


if __name__ == "__main__":
    main()
