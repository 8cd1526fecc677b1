"""Tagger: dev score and training speed on a real corpus within a time limit, without pretrained vectors."""

import argparse
import ast
import dataclasses
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks import machine, report, worker
from benchmarks.tagger_recipes import RECIPES, Recipe, make_tagger


def train(recipe: dict[str, Any], minutes: float, seed: int = 1) -> dict[str, Any]:
    """Trains the tagger of a recipe on the current backend.

    Args:
        recipe: fields of `Recipe`.
        minutes: time limit of `fit`.
        seed: seed of weights, dropout and the order of the sentences.

    Returns:
        The results for `lines` and the JSON file. `dev` is the score of the averaged weights after the last epoch.
    """
    import keras

    import keras_embed as ke
    from benchmarks.tagger_clock import Clock

    chosen = Recipe(**{**recipe, "kernel_sizes": tuple(recipe["kernel_sizes"])})
    keras.utils.set_random_seed(seed)
    train_part, dev_part = ke.corpora.load(chosen.corpus, split=("train", "dev"))
    tagger = make_tagger(chosen, train_part)
    metric = "tag_accuracy" if tagger.preprocessor.scheme is None else "entity_f1"
    clock = Clock(60 * minutes, sum(map(len, train_part.tokens)), metric)
    tagger.fit(
        train_part,
        validation_data=dev_part,
        epochs=chosen.epochs,
        batch_size=chosen.batch_size,
        callbacks=[clock, keras.callbacks.SwapEMAWeights()],
        verbose=0,
    )
    seconds = clock.elapsed()
    whole = [epoch["tokens_per_s"] for epoch in clock.epochs if epoch["tokens_per_s"]]
    return {
        "corpus": chosen.corpus,
        "metric": f"dev {metric}",
        "dev": float(tagger.evaluate(dev_part, verbose=0, return_dict=True)[metric]),
        "backend": keras.config.backend(),
        "parameters": tagger.count_params(),
        "minutes": seconds / 60,
        "tokens_per_s": statistics.median(whole) if whole else None,
        "seed": seed,
        "epochs": clock.epochs,
        "recipe": dataclasses.asdict(chosen),
    }


def lines(result: dict[str, Any]) -> str:
    """Returns Markdown: a summary table and a table of the epochs."""
    summary = {
        "corpus": result["corpus"],
        "backend": result["backend"],
        "threads": result["threads"],
        "parameters": f"{result['parameters']:,}",
        "epochs": f"{len(result['epochs'])} of {result['recipe']['epochs']}",
        "minutes": f"{result['minutes']:.1f}",
        "tokens/s": _speed(result["tokens_per_s"]),
        result["metric"]: f"{100 * result['dev']:.2f}",
    }
    epochs = [
        {
            "epoch": epoch["epoch"],
            "minutes": f"{epoch['minutes']:.1f}",
            "tokens/s": _speed(epoch["tokens_per_s"]),
            "loss": f"{epoch['loss']:.4f}",
            result["metric"]: f"{100 * epoch['dev']:.2f}",
        }
        for epoch in result["epochs"]
    ]
    return f"{report.table([summary])}\n\n{report.table(epochs)}"


def _speed(tokens_per_s: float | None) -> str:
    return "epoch cut short" if tokens_per_s is None else f"{tokens_per_s:,.0f}"


def main(arguments: Sequence[str]) -> None:
    """Trains with a named recipe, prints the tables and writes tagger_<corpus>_<backend>.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks tagger", description=__doc__)
    parser.add_argument("recipe", choices=sorted(RECIPES), help="upos: English-EWT parts of speech; ner: WNUT17")
    worker.add_arguments(parser, backends=("tensorflow",))
    parser.add_argument("--minutes", type=float, default=20.0, help="time limit of the training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="changes to fields of the recipe")
    options = parser.parse_args(arguments)
    fields = dict(pair.split("=", 1) for pair in options.set)
    recipe = dataclasses.replace(
        RECIPES[options.recipe], **{name: ast.literal_eval(value) for name, value in fields.items()}
    )
    print(f"{machine.markdown(machine.describe())}\n{recipe}", flush=True)
    for backend in options.backends:
        result = worker.call(
            "benchmarks.tagger:train",
            backend,
            options.threads,
            recipe=dataclasses.asdict(recipe),
            minutes=options.minutes,
            seed=options.seed,
        )
        result["threads"] = options.threads
        print(f"\n{lines(result)}\n\n{report.save(f'tagger_{recipe.corpus}_{backend}', result)}", flush=True)
