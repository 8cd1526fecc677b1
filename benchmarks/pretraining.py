"""Pre-training: gain for classification and tagging from an hour on public-domain books.

A Transformer with 4 layers is trained with masked language modeling on English novels and tales, and fine-tuned on MR
and Subj (accuracy on a tenth of the texts, a different one for each seed) and WNUT17 (entity F1 on the dev set). It is
compared with the same encoder fine-tuned from random weights. Learning rates are chosen separately for both on a tenth
of the training data of MR and WNUT17 that is in no test set; Subj uses those of MR.

    python -m benchmarks pretraining --encoder build/benchmarks/encoder --results build/benchmarks/pretraining.jsonl
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import classify, literature, machine, report, worker

LAYERS, WIDTH, HEADS, VOCABULARY = 4, 128, 4, 8000
#: Pre-training batches. Many small batches of short texts leave the unigram plateau sooner than a few large ones.
LENGTH, BATCH, RATE, WARMUP = 64, 32, 2e-3, 200
#: Maximum number of subwords of a text in fine-tuning.
MAX_LENGTH = 128
#: Task -> number of epochs, and the task whose learning rates it uses.
TASKS = {"mr": 2, "subj": 2, "wnut17": 6}
RATES_OF = {"mr": "mr", "subj": "mr", "wnut17": "wnut17"}
RATES = (3e-4, 1e-3)
SEEDS = (1, 2, 3)
WAYS = ("scratch", "pretrained")
#: Paragraphs of a novel per document, and minimum number of characters of a document.
PARAGRAPHS = 100


def documents() -> list[str]:
    """Returns the documents: parts of novels and sections of tales."""
    found = []
    for novel in literature.novels("english_classics"):
        lines = [line for line in novel.splitlines() if line.strip()]
        found += ["\n\n".join(lines[start : start + PARAGRAPHS]) for start in range(0, len(lines), PARAGRAPHS)]
    return found + list(literature.tales())


def new_backbone(vocabulary_size: int) -> Any:
    """Returns the encoder with random weights."""
    from keras_embed.backbones import TransformerBackbone
    from keras_embed.layers import WordEmbedding

    embedding = WordEmbedding(vocabulary_size, WIDTH)
    return TransformerBackbone([embedding], LAYERS, HEADS, WIDTH, 4 * WIDTH, positions="relative", dropout=0.0)


def pretrain(folder: str, steps: int, limit: int | None = None, verbose: int = 2) -> dict[str, float]:
    """Trains the encoder, on the current backend, and saves it as a preset.

    Args:
        folder: output folder, which also holds checkpoints; an interrupted run resumes from the last one.
        steps: number of batches.
        limit: maximum number of documents.
        verbose: argument of `fit`.

    Returns:
        Loss and metrics of the last epoch, CPU seconds, and number of words.
    """
    import keras

    import keras_embed as ke

    keras.utils.set_random_seed(0)
    texts = documents()[:limit]
    tokenizer = ke.tokenizers.EncoderTokenizer.train(texts, VOCABULARY, max_length=MAX_LENGTH)
    preprocessor = ke.preprocessors.MaskedLanguageModelPreprocessor(
        tokenizer, LENGTH, next_sentence=False, short_rate=0.0
    )
    model = ke.MaskedLanguageModel(new_backbone(tokenizer.vocabulary_size()), preprocessor)
    schedule = ke.schedules.LinearWarmupDecay(RATE, min(WARMUP, steps // 2), steps)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01, beta_2=0.98, global_clipnorm=1.0))
    epochs = max(1, steps // 1000)
    began = time.process_time()
    history = model.fit(
        texts,
        epochs=epochs,
        steps_per_epoch=steps // epochs,
        batch_size=BATCH,
        checkpoint=str(Path(folder) / "checkpoints"),
        verbose=verbose,
    )
    spent = time.process_time() - began
    model.backbone.save_to_preset(folder)
    tokenizer.save_to_preset(folder)
    last = {name: float(values[-1]) for name, values in history.history.items()}
    return {**last, "cpu_seconds": spent, "steps": steps, "words": sum(len(text.split()) for text in texts)}


def encoder(folder: str, way: str) -> tuple[Any, Any]:
    """Returns a backbone, pretrained or with random weights, and its tokenizer."""
    import keras_embed as ke

    tokenizer = ke.tokenizers.EncoderTokenizer.from_preset(folder)
    if way == "pretrained":
        return ke.backbones.TransformerBackbone.from_preset(folder), tokenizer
    return new_backbone(tokenizer.vocabulary_size()), tokenizer


def parts(task: str, seed: int, tune: bool) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Returns training and test `(x, y)`; with `tune`, the latter is a tenth of the data that is in no test set."""
    import keras_embed as ke

    if task == "wnut17":
        train, dev = (_columns(part) for part in ke.corpora.load("wnut17", split=("train", "dev")))
        if not tune:
            return train, dev
        held = set(range(0, len(train[0]), 10))
        return _rows(train, set(range(len(train[0]))) - held), _rows(train, held)
    texts, labels = classify.read(task)
    tenths = classify.folds(labels, 10, 0)
    everything = set(range(len(texts)))
    tested = set(tenths[seed % 10].tolist())
    scored = set(tenths[9].tolist()) if tune else tested
    trained = everything - scored - (set().union(*(tenths[seed % 10].tolist() for seed in SEEDS)) if tune else set())
    return _rows((texts, labels), trained), _rows((texts, labels), scored)


def _columns(corpus: Any) -> tuple[list[Any], list[Any]]:
    return list(corpus.tokens), list(corpus.tags)


def _rows(data: tuple[Any, Any], rows: set[int]) -> tuple[list[Any], list[Any]]:
    return [data[0][row] for row in sorted(rows)], [data[1][row] for row in sorted(rows)]


def fine_tune(
    task: str, way: str, seed: int, rate: float, folder: str, epochs: int | None = None, tune: bool = False
) -> dict[str, Any]:
    """Trains a head together with its encoder, on the current backend.

    Args:
        task: key of `TASKS`.
        way: key of `WAYS`.
        seed: seed of weights, order and, for classification, of the test set.
        rate: peak learning rate, with warmup over a tenth of the steps and decay to zero.
        folder: folder of the preset.
        epochs: number of epochs; by default that of `TASKS`.
        tune: if `True`, score on data that is in no test set.
    """
    import keras

    import keras_embed as ke

    (x, y), (x_test, y_test) = parts(task, seed, tune)
    keras.utils.set_random_seed(seed)
    backbone, tokenizer = encoder(folder, way)
    if task == "wnut17":
        preprocessor: Any = ke.preprocessors.TaggerPreprocessor.from_corpus(x, y, tokenizer=tokenizer)
        model: Any = ke.Tagger(backbone, preprocessor, dropout=0.1)
        size, kept = 16, {}
    else:
        preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(x, y, tokenizer=tokenizer)
        model = ke.TextClassifier(backbone, preprocessor, pooling="mean", dropout=0.1)
        size, kept = 32, {"metrics": ["accuracy"]}
    epochs = TASKS[task] if epochs is None else epochs
    steps = epochs * -(-len(x) // size)
    schedule = ke.schedules.LinearWarmupDecay(rate, max(1, steps // 10), steps)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01, global_clipnorm=1.0), **kept)
    began = time.process_time()
    model.fit(x, y, epochs=epochs, batch_size=size, verbose=0)
    spent = time.process_time() - began
    found = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    score = found["entity_f1"] if task == "wnut17" else found["accuracy"]
    return {
        **{"task": task, "way": way, "seed": seed, "rate": rate, "tune": tune, "epochs": epochs},
        **{"score": float(score), "cpu_seconds": spent},
    }


def lines(results: Sequence[dict[str, Any]]) -> str:
    """Returns Markdown: a row for each task, with means and standard deviations over the seeds."""
    rows = []
    for task in TASKS:
        cells = {
            way: [100 * one["score"] for one in results if (one["task"], one["way"], one["tune"]) == (task, way, False)]
            for way in WAYS
        }
        if not all(cells.values()):
            continue
        means = {way: statistics.mean(scores) for way, scores in cells.items()}
        rows.append(
            {
                **{
                    "task": task,
                    "score": "entity F1, dev" if task == "wnut17" else "accuracy",
                    "seeds": len(cells["scratch"]),
                },
                **{way: report.spread(cells[way]) for way in WAYS},
                "gain": f"{means['pretrained'] - means['scratch']:+.2f}",
            }
        )
    return report.table(rows)


def main(arguments: Sequence[str]) -> None:
    """Pre-trains if there is no encoder, chooses learning rates, fine-tunes, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks pretraining", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--encoder", default=str(report.FOLDER / "encoder"), help="folder of the encoder")
    parser.add_argument(
        "--results", default=str(report.FOLDER / "pretraining.jsonl"), help="file of the completed runs"
    )
    parser.add_argument("--steps", type=int, default=28000, help=f"pre-training steps of {BATCH} x {LENGTH} subwords")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--backend", default="tensorflow", choices=worker.BACKENDS)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    place = {"backend": given.backend, "threads": given.threads}
    folder = os.path.abspath(given.encoder)
    if not (Path(folder) / "model.weights.h5").exists():
        trained = worker.call("benchmarks.pretraining:pretrain", **place, folder=folder, steps=given.steps)
        print(trained, flush=True)
    done = _done(Path(given.results))

    def run(**arguments: Any) -> dict[str, Any]:
        for one in done:
            if all(one[name] == value for name, value in arguments.items()):
                return one
        found: dict[str, Any] = worker.call("benchmarks.pretraining:fine_tune", **place, folder=folder, **arguments)
        done.append(found)
        Path(given.results).parent.mkdir(parents=True, exist_ok=True)
        with open(given.results, "a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")
        print(found, flush=True)
        return found

    for task in given.tasks:
        for way in WAYS:
            tried = {rate: run(task=RATES_OF[task], way=way, seed=0, rate=rate, tune=True)["score"] for rate in RATES}
            for seed in given.seeds:
                run(task=task, way=way, seed=seed, rate=max(tried, key=tried.__getitem__), tune=False)
    print(f"\n{machine.markdown(machine.describe())}\n\n{lines(done)}")


def _done(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
