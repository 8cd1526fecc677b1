"""Transfer: gain of a tagger from a frozen elmo_tiny_en with 1, 10 or 100 % of the training data.

As in figure 1 of Peters et al. 2018. Part-of-speech tagging on UD English EWT (accuracy) and entities of WNUT17 (F1),
three seeds each. The seed determines the sentences, the weights and the order; runs with and without ELMo share it.
All runs of a share train for the same number of epochs, and the score is that of the dev set after the last epoch; it
is not used for any choice.

    python -m benchmarks transfer --plot docs/images/elmo_transfer.png
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report, worker

TASKS = {"upos": "ud_english_ewt", "ner": "wnut17"}
SHARES = (0.01, 0.1, 1.0)
#: Epochs for each share. WNUT17 is a quarter of the size of EWT, and sparser.
EPOCHS = {"upos": (60, 15, 4), "ner": (120, 40, 10)}
WAYS = {"without": False, "with": True}
SEEDS = (1, 2, 3)
LENGTHS = (16, 32, 64, 128)
PRESET = "elmo_tiny_en"


def score(task: str, share: float, seed: int, with_elmo: bool, epochs: int, cache: str) -> dict[str, Any]:
    """Trains one tagger on the current backend.

    Args:
        task: "upos" or "ner".
        share: share of the training sentences.
        seed: seed of sentences, weights and order.
        with_elmo: if `True`, the tagger has an ELMo embedding.
        epochs: number of epochs.
        cache: folder of the cached ELMo features.
    """
    import time

    import keras
    import numpy as np

    import keras_embed as ke

    train, dev = ke.corpora.load(TASKS[task], split=("train", "dev"))
    chosen = np.random.default_rng(seed).permutation(len(train))[: max(1, round(share * len(train)))]
    part = ke.corpora.Corpus([train[int(index)] for index in sorted(chosen)])
    keras.utils.set_random_seed(seed)
    tagger = make_tagger(part, train, with_elmo, epochs, seed)
    extra = {"feature_cache": cache} if with_elmo else {}
    began = time.perf_counter()
    tagger.fit(part, epochs=epochs, batch_size=16, verbose=0, **extra)
    seconds = time.perf_counter() - began
    metric = "entity_f1" if task == "ner" else "tag_accuracy"
    found = float(tagger.evaluate(dev, verbose=0, return_dict=True)[metric])
    mixes = [layer for layer in tagger.backbone.layers if isinstance(layer, ke.layers.ElmoEmbedding)]
    weights = [np.exp(keras.ops.convert_to_numpy(layer.mixes[0].scalars)) for layer in mixes]
    return {
        **{"task": task, "share": share, "seed": seed, "with_elmo": with_elmo, "epochs": epochs},
        **{"sentences": len(part), "score": found, "seconds": seconds},
        "layers": [round(float(x / w.sum()), 3) for w in weights for x in w],
    }


def make_tagger(part: Any, whole: Any, with_elmo: bool, epochs: int, seed: int) -> Any:
    """Returns a tagger with words, characters, casing, optionally ELMo, an LSTM, and a CRF for entities.

    The word vocabulary comes from `part`, the tags from `whole`, so that all tags are scored.
    """
    import keras

    import keras_embed as ke

    tokenizer = ke.tokenizers.WordFeaturizer.from_tokens(part.tokens, bucket_lengths=LENGTHS)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(whole, tokenizer=tokenizer)
    embeddings = preprocessor.embeddings(word_dim=50, char_filters=30)
    if with_elmo:
        embeddings.append(ke.layers.ElmoEmbedding(elmo(), dropout=0.3, seed=seed))
    backbone = ke.backbones.RecurrentBackbone(embeddings, hidden_dim=100, num_layers=1, dropout=0.4)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor, head="crf" if preprocessor.scheme else "softmax")
    steps = epochs * -(-len(part) // 16)
    tagger.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps, alpha=0.05), global_clipnorm=5.0)
    )
    return tagger


def elmo() -> Any:
    """Returns the frozen encoder."""
    import keras_embed as ke

    backbone = ke.backbones.ElmoBackbone.from_preset(PRESET)
    backbone.trainable = False
    return backbone


def lines(results: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: a row for each task and share."""
    rows = []
    for task in TASKS:
        for share in SHARES:
            cells = {
                with_elmo: [
                    100 * result["score"]
                    for result in results
                    if (result["task"], result["share"], result["with_elmo"]) == (task, share, with_elmo)
                ]
                for with_elmo in (False, True)
            }
            if not (cells[False] and cells[True]):
                continue
            rows.append(
                {
                    "task": task,
                    "share": f"{share:.0%}",
                    "seeds": len(cells[True]),
                    "without": report.spread(cells[False]),
                    "with ELMo": report.spread(cells[True]),
                    "gain": f"{statistics.mean(cells[True]) - statistics.mean(cells[False]):+.2f}",
                }
            )
    return report.table(rows)


def plot(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Plots score against share, with a panel for each task."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    titles = {"upos": "Parts of speech, UD English EWT: accuracy, %", "ner": "Entities, WNUT17: F1, %"}
    figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for panel, task in zip(panels, TASKS, strict=True):
        for with_elmo, label, marker in ((True, "with frozen elmo_tiny_en", "o"), (False, "without", "s")):
            found = {
                share: [
                    100 * result["score"]
                    for result in results
                    if (result["task"], result["share"], result["with_elmo"]) == (task, share, with_elmo)
                ]
                for share in SHARES
            }
            shares = [share for share in SHARES if found[share]]
            means = [statistics.mean(found[share]) for share in shares]
            spread = [statistics.stdev(found[share]) if len(found[share]) > 1 else 0.0 for share in shares]
            panel.errorbar([100 * share for share in shares], means, spread, marker=marker, capsize=4, label=label)
        panel.set(xscale="log", xlabel="share of the training data, %", title=titles[task])
        panel.set_xticks([1, 10, 100], ["1", "10", "100"])
        panel.grid(alpha=0.3)
        panel.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def main(arguments: Sequence[str]) -> int:
    """Performs the runs that are not in the results file yet, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    worker.add_arguments(parser, ("tensorflow",))
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS)
    parser.add_argument("--shares", nargs="+", type=float, default=list(SHARES), choices=SHARES)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS, help="without and/or with ELMo")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument(
        "--results", type=Path, default=report.FOLDER / "transfer.jsonl", help="file of the completed runs"
    )
    parser.add_argument(
        "--cache", default=str(report.FOLDER / "transfer_features"), help="folder of the cached ELMo features"
    )
    parser.add_argument("--plot", type=Path, help="file for the plot")
    options = parser.parse_args(arguments)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = [json.loads(line) for line in options.results.read_text().splitlines()] if options.results.exists() else []
    known = {(run["task"], run["share"], run["seed"], run["with_elmo"]) for run in done}
    for seed in options.seeds:
        for share in options.shares:
            for task in options.tasks:
                for with_elmo in (WAYS[way] for way in options.ways):
                    if (task, share, seed, with_elmo) in known:
                        continue
                    run = {"task": task, "share": share, "seed": seed, "with_elmo": with_elmo}
                    run |= {"epochs": EPOCHS[task][SHARES.index(share)], "cache": options.cache}
                    done.append(worker.call("benchmarks.transfer:score", options.backends[0], options.threads, **run))
                    with options.results.open("a") as file:
                        file.write(json.dumps(done[-1]) + "\n")
                    print(done[-1], flush=True)
    print(lines(done))
    if options.plot is not None:
        plot(done, options.plot)
    return 0


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
