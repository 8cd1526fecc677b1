"""Train a model of sentence similarity, draw which words it aligns, and export it as one SavedModel.

    python examples/09_pairs.py                                       # a part of the English STS benchmark
    python examples/09_pairs.py --pairs 5749 --epochs 8 --dim 100     # all of it
    python examples/09_pairs.py --corpus stsb_ru                      # any scored pairs of `ke.corpora.names()`
    python examples/09_pairs.py --corpus my.tsv --backend jax         # two sentences and a score, separated by tabs

The benchmark is read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. If it is missing,
generated pairs are used instead. `python -m benchmarks similarity` runs the recipe of the published results, which
starts from word vectors trained on novels.
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
import numpy as np

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
JIT = keras.config.backend() == "jax"  # on the other backends, compilation would take longer than this short training

Pairs, Scores = list[tuple[str, str]], list[float]


def made_up(number: int = 5000) -> tuple[Pairs, Scores]:
    """Returns generated pairs of three-part sentences; the score is 5 times the share of parts with equal meaning."""
    parts = [
        [("a man", "a guy"), ("a child", "a kid"), ("the dog", "the puppy"), ("a woman", "a lady")],
        [("looks at", "watches"), ("runs after", "chases"), ("picks up", "lifts")],
        [("the cat", "a kitten"), ("a ball", "the ball"), ("a car", "an automobile"), ("the boat", "a ship")],
    ]
    rng, pairs, scores = random.Random(1), [], []
    for _ in range(number):
        chosen = [(rng.choice(part), rng.choice(part) if rng.random() < 0.5 else None) for part in parts]
        first = " ".join(rng.choice(one) for one, _ in chosen)
        second = " ".join(rng.choice(other or one) for one, other in chosen)
        pairs.append((f"{first} .", f"{second} ."))
        scores.append(5 * sum(other in (None, one) for one, other in chosen) / len(parts))
    return pairs, scores


def load(corpus: str | None) -> tuple[Pairs, Scores]:
    """Returns pairs and their scores."""
    if corpus is None and not (DATA / "stsb_multi_mt").is_dir():
        print(f"No folder {DATA / 'stsb_multi_mt'}: using pairs that are made up.")
        return made_up()
    if corpus is None or corpus in ke.corpora.names():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        found = ke.corpora.load(corpus or "stsb_en")
        return list(found.pairs), [float(score) for score in found.labels]
    rows = [line.split("\t") for line in Path(corpus).read_text(encoding="utf-8").splitlines() if line.count("\t") == 2]
    return [(first, second) for first, second, _ in rows], [float(score) for *_, score in rows]


def make(pairs: Pairs, scores: Scores, dim: int) -> ke.PairClassifier:
    """Returns an ESIM model: each word of one sentence attends to the words of the other."""
    preprocessor = ke.preprocessors.PairPreprocessor.from_corpus(pairs, scores, bucket_lengths=(16, 32, 64))
    embeddings = preprocessor.embeddings(word_dim=dim)
    backbone = ke.backbones.ESIMBackbone(embeddings, hidden_dim=dim, hidden_dims=(dim,), dropout=0.2)
    judge = ke.PairClassifier(backbone, preprocessor)
    judge.compile(keras.optimizers.Adam(2e-3, global_clipnorm=5.0), jit_compile=JIT)
    return judge


def alignment(judge: ke.PairClassifier, pair: tuple[str, str]) -> tuple[list[list[str]], np.ndarray]:
    """Returns the words of both sentences, and the attention weights (T, S) of the first over the second."""
    reader = keras.Model(judge.backbone.input, judge.backbone.get_layer("alignment").input[:2])
    features = judge.preprocessor([pair], names=list(judge.backbone.input))
    first, second = (keras.ops.convert_to_numpy(one)[0] for one in reader(features))  # (T, D), (S, D)
    words = [re.findall(r"\w+|[^\w\s]", text) for text in pair]
    scores = first[: len(words[0])] @ second[: len(words[1])].T  # without the padding
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return words, shares / shares.sum(1, keepdims=True)


def main(arguments: Sequence[str] | None = None) -> float:
    """Runs all steps, and returns Pearson's correlation with the scores of the held-out pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="a name from ke.corpora.names(), or the path of your own file")
    parser.add_argument("--pairs", type=int, default=4500, help="maximum number of training pairs")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("pairs"), help="folder for pictures and SavedModel")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    pairs, scores = load(options.corpus)
    order = random.Random(1).sample(range(len(pairs)), len(pairs))
    cut = len(pairs) // 10
    train, held_out = order[cut : cut + options.pairs], order[:cut][:200]
    print(f"{len(train):,} training pairs, {len(held_out)} held out; for example: {pairs[0]} {scores[0]}")
    judge = make([pairs[row] for row in train], [scores[row] for row in train], options.dim)
    new = [pairs[row] for row in held_out], [scores[row] for row in held_out]
    fitted = judge.fit(
        *([column[row] for row in train] for column in (pairs, scores)), epochs=options.epochs, validation_data=new
    )

    correlation = float(judge.evaluate(*new, verbose=0, return_dict=True)["pearson"])
    print(f"Pearson's correlation on held-out pairs: {correlation:.2f}")
    found = judge.similarity(new[0])
    for pair, score, right in list(zip(new[0], found, new[1], strict=True))[:5]:
        print(f"{score:.1f} (expected: {right:.1f})  {' = '.join(pair)}")

    options.output.mkdir(parents=True, exist_ok=True)
    ke.plots.learning_curves(fitted, "pearson").figure.savefig(options.output / "curves.png", dpi=110)
    print(f"Wrote the correlation over the epochs to {options.output / 'curves.png'}.")
    best = max(range(len(new[0])), key=lambda row: (found[row], len(new[0][row][0])))
    (first, second), weights = alignment(judge, new[0][best])
    picture = options.output / "alignment.png"
    ke.plots.alignment(second, first, weights).figure.savefig(picture, dpi=120)
    print(f"Wrote the alignment of the words of two sentences to {picture}.")
    judge.export(options.output / "1")
    print(f"Wrote the SavedModel, which takes two strings and returns a score, to {options.output / '1'}.")
    return correlation


if __name__ == "__main__":
    main()
