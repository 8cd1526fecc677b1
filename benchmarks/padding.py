"""Padding: change of the scores of a full-size tagger when its batch is padded to twice the length."""

import argparse
import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import machine, report, worker
from benchmarks.tagger_recipes import RECIPES, make_tagger

ASKED = 1e-5


def measure(corpus: str = "wnut17", sentences: int = 64, seed: int = 1, **changes: Any) -> dict[str, Any]:
    """Scores one batch of real sentences, and again padded to twice its length.

    The weights are random and large, so that scores differ from tag to tag by a few nats, as in a trained tagger.

    Args:
        corpus: corpus with tagged spans, whose dev split provides the batch.
        sentences: number of sentences in the batch.
        seed: seed of the weights.
        **changes: changes to the recipe "ner".

    Returns:
        The maximum absolute difference of each kind of score at real tokens, and the number of tokens and spans.
    """
    import keras

    import keras_embed as ke

    keras.utils.set_random_seed(seed)
    train, dev = ke.corpora.load(corpus, split=("train", "dev"))
    tagger = make_tagger(dataclasses.replace(RECIPES["ner"], corpus=corpus, **changes), train)
    _make_weights_large(tagger, np.random.default_rng(seed))
    tokens = tagger.preprocessor.tokens_of(dev.tokens[:sentences])
    longest = int(tokens.bounding_shape()[1])
    scorer = keras.Model(
        tagger.input,
        {
            "potentials": tagger.output,
            "marginals": ke.layers.CRFDecode("marginals")(tagger.output),
            **ke.layers.CRFDecode()(tagger.output),
        },
    )
    plain = _scores(tagger, scorer, tokens, longest)
    padded = _scores(tagger, scorer, tokens, 2 * longest)
    return {
        "lengths": [longest, 2 * longest],
        "parameters": tagger.count_params(),
        "tokens": int(tokens.flat_values.shape[0]),
        "spans": int(plain["span scores"].size),
        "same_tags": bool(np.array_equal(plain.pop("tags"), padded.pop("tags"))),
        "difference": {name: _difference(plain[name], padded[name]) for name in plain},
    }


def _make_weights_large(tagger: Any, rng: np.random.Generator) -> None:
    """Sets embeddings and transitions to unit standard deviation, and emissions to a few nats."""
    embeddings = [weight for layer in tagger.backbone.embeddings for weight in layer.embedding.weights]
    for weight in (*embeddings, *tagger.get_layer("crf").weights):
        weight.assign(rng.normal(size=weight.shape))
    kernel = tagger.get_layer("emissions").kernel
    kernel.assign(rng.normal(size=kernel.shape) / np.sqrt(kernel.shape[0]) * 10)


def _scores(tagger: Any, scorer: Any, tokens: Any, length: int) -> dict[str, np.ndarray]:
    """Returns all scores of the real tokens, with the batch padded to exactly this length."""
    preprocessor = tagger.preprocessor
    preprocessor.tokenizer.bucket_lengths = (length,)
    features = {name: value.numpy() for name, value in preprocessor.tokenizer.encode(tokens).items()}
    if features["padding_mask"].shape[1] != length:
        raise ValueError(f"Expected a batch padded to {length}. Received: {features['padding_mask'].shape[1]}.")
    mask = features["padding_mask"]
    answers = scorer.predict_on_batch({name: features[name] for name in tagger.input})
    spans = preprocessor.postprocess(tokens, answers)
    num_tags = tagger.num_tags
    return {
        "emissions": answers["potentials"][:, num_tags + 2 :, :num_tags][mask],
        "marginals": answers["marginals"][mask],
        "token scores": answers["probabilities"][mask],
        "span scores": spans["span_scores"].numpy()[spans["span_starts"].numpy() >= 0],
        "tags": answers["tags"][mask],
    }


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.max(np.abs(one.astype("float64") - other), initial=0.0)) if one.shape == other.shape else np.inf


def main(arguments: Sequence[str]) -> None:
    """Runs the benchmark on every backend, prints a table and writes padding.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks padding", description=__doc__)
    worker.add_arguments(parser)
    parser.add_argument("--corpus", default="wnut17")
    options = parser.parse_args(arguments)
    print(machine.markdown(machine.describe()), flush=True)
    rows = [
        {
            "backend": backend,
            **worker.call("benchmarks.padding:measure", backend, options.threads, corpus=options.corpus),
        }
        for backend in options.backends
    ]
    print(f"\n{table(rows)}\n\n{report.save('padding', rows)}")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table with a row for each backend."""
    return report.table(
        [
            {
                "backend": row["backend"],
                "padded to": " and ".join(map(str, row["lengths"])),
                "tokens": row["tokens"],
                "spans": row["spans"],
                "asked": f"{ASKED:.0e}",
                **{name: f"{value:.1e}" for name, value in row["difference"].items()},
                "same tags": row["same_tags"],
            }
            for row in rows
        ]
    )
