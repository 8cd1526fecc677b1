"""Translation: BLEU of translators trained on Multi30k, with greedy and beam search, and by length.

Texts are lowercased and tokenized with Moses, as in the published systems; BLEU is computed on these tokens (sacreBLEU
with `tokenize="none"`). All choices were made on the validation set; test2016 is translated once.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.translation_recipes import RECIPES, Recipe, load_pairs

#: Published scores on test2016, with the same or similar data and tokenization but different recipes.
PUBLISHED = {
    "en_de_transformer": "41.0 (Transformer-tiny, up to 150 epochs)",
    "de_en_transformer": "36.5 (9 M parameters, greedy)",
    "de_en_attention": "28.3 (GRU and Bahdanau, 20.5 M parameters, greedy)",
    "de_en_plain": "20.6 (GRU, 14.2 M parameters, greedy)",
}
#: Boundaries of the source lengths in tokens, for BLEU by length.
LENGTHS = (0, 8, 11, 14, 18, 100)


def make(recipe: Recipe, train: tuple[list[str], list[str]]) -> Any:
    """Returns the translator of a recipe, with subwords learned from the training set."""
    from keras_embed import Translator

    pairs = list(zip(*train, strict=True))
    return Translator.from_corpus(pairs, recipe.architecture, vocabulary_size=recipe.vocabulary_size, **recipe.backbone)


def train(recipe: Recipe, folder: Path, epochs: int | None = None, verbose: int = 2) -> tuple[Any, dict[str, Any]]:
    """Trains a translator and averages the weights of its last epochs; returns it and training statistics."""
    import keras

    from keras_embed.callbacks import CheckpointAveraging
    from keras_embed.losses import SmoothedCrossentropy
    from keras_embed.metrics import TokenAccuracy, TokenPerplexity
    from keras_embed.schedules import LinearWarmupDecay

    keras.utils.set_random_seed(1)
    pairs, valid = load_pairs(recipe, "train"), load_pairs(recipe, "validation")
    translator = make(recipe, pairs)
    batches = translator.preprocessor.token_batches(*pairs, batch_tokens=recipe.batch_tokens, seed=1)
    held_out = translator.preprocessor.token_batches(*valid, batch_tokens=recipe.batch_tokens, shapes=batches.shapes)
    epochs = recipe.epochs if epochs is None else epochs
    rate = LinearWarmupDecay(recipe.learning_rate, recipe.warmup, epochs * batches.num_batches)
    translator.compile(
        keras.optimizers.Adam(rate, beta_2=0.98, epsilon=1e-9, global_clipnorm=1.0),
        SmoothedCrossentropy(recipe.label_smoothing),
        metrics=[TokenPerplexity(), TokenAccuracy()],
        jit_compile=False,
    )
    wall, cpu = time.perf_counter(), time.process_time()
    history = translator.fit(
        batches.dataset(),
        validation_data=held_out.dataset(),
        epochs=epochs,
        verbose=verbose,
        callbacks=[CheckpointAveraging(recipe.averaged)],
    ).history
    folder.mkdir(parents=True, exist_ok=True)
    translator.save(folder / "translator.keras")
    return translator, {
        "epochs": epochs,
        "parameters": translator.count_params(),
        "cpu_minutes": (time.process_time() - cpu) / 60,
        "minutes": (time.perf_counter() - wall) / 60,
        "perplexity": history["val_perplexity"][-1],
    }


def bleu(translations: Sequence[str], references: Sequence[str]) -> float:
    """Computes BLEU on tokens."""
    import sacrebleu

    return float(sacrebleu.corpus_bleu(list(translations), [list(references)], tokenize="none", force=True).score)


def by_length(sources: Sequence[str], translations: Sequence[str], references: Sequence[str]) -> list[dict[str, Any]]:
    """Computes BLEU by source length."""
    rows = []
    for low, high in zip(LENGTHS, LENGTHS[1:], strict=False):
        kept = [row for row, source in enumerate(sources) if low < len(source.split()) <= high]
        some = bleu([translations[row] for row in kept], [references[row] for row in kept]) if kept else float("nan")
        rows.append({"tokens": f"{low + 1} to {high}", "sentences": len(kept), "bleu": some})
    return rows


def evaluate(recipe: Recipe, translator: Any, split: str, batch_size: int = 64) -> dict[str, Any]:
    """Computes BLEU of a split with greedy and beam search, and CPU seconds per thousand sentences."""
    from keras_embed.decoding import BeamSearch, Greedy

    sources, references = load_pairs(recipe, split)
    found: dict[str, Any] = {}
    for name, search in (("greedy", Greedy()), ("beam", BeamSearch(5, length_penalty=1.0, stop="likely"))):
        translator.translate(sources, search=search, batch_size=batch_size)  # compiles for all shapes
        cpu = time.process_time()
        answers = [str(answer) for answer in translator.translate(sources, search=search, batch_size=batch_size)]
        found[f"{name}_seconds"] = (time.process_time() - cpu) * 1000 / len(sources)
        found[name] = bleu(answers, references)
        found[f"{name}_by_length"] = by_length(sources, answers, references)
    return found


def run(name: str, folder: Path, epochs: int | None = None, load: bool = False) -> dict[str, Any]:
    """Trains or loads the translator of a recipe, and scores it."""
    import keras

    from keras_embed import Translator

    recipe, folder = RECIPES[name], folder / name
    if load:
        known = {"Translator": Translator}
        translator = keras.saving.load_model(folder / "translator.keras", custom_objects=known, compile=False)
        training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    else:
        translator, training = train(recipe, folder, epochs)
        (folder / "training.json").write_text(json.dumps(training), encoding="utf-8")
    scores = {split: evaluate(recipe, translator, split) for split in ("validation", "test2016")}
    return {"recipe": name, **training, **scores}


def lines(results: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table of the results."""
    return report.table(
        [
            {
                "recipe": result["recipe"],
                "parameters": f"{result['parameters'] / 1e6:.1f} M",
                "CPU minutes": f"{result['cpu_minutes']:.0f}",
                "epochs": result["epochs"],
                "validation, greedy": f"{result['validation']['greedy']:.2f}",
                "validation, beam 5": f"{result['validation']['beam']:.2f}",
                "test2016, greedy": f"{result['test2016']['greedy']:.2f}",
                "test2016, beam 5": f"{result['test2016']['beam']:.2f}",
                "published": PUBLISHED[result["recipe"]],
            }
            for result in results
        ]
    )


def attention_lines(results: Sequence[dict[str, Any]]) -> str:
    """Returns a Markdown table of BLEU by source length with and without attention; "" if either is missing."""
    found = {result["recipe"]: result["test2016"]["greedy_by_length"] for result in results}
    if not {"de_en_attention", "de_en_plain"} <= set(found):
        return ""
    return report.table(
        [
            {
                "tokens of the source": one["tokens"],
                "sentences": one["sentences"],
                "with attention": f"{one['bleu']:.1f}",
                "without": f"{other['bleu']:.1f}",
                "ratio": f"{one['bleu'] / max(other['bleu'], 0.1):.2f}",
            }
            for one, other in zip(found["de_en_attention"], found["de_en_plain"], strict=True)
        ]
    )


def plot(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Plots BLEU by source length, with a line for each recipe."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    labels = {"de_en_attention": "GRU with attention", "de_en_plain": "GRU without"}
    for result in results:
        rows = result["test2016"]["greedy_by_length"]
        axes.plot([row["tokens"] for row in rows], [row["bleu"] for row in rows], "o-", label=labels[result["recipe"]])
    axes.set(xlabel="tokens of the source", ylabel="BLEU, greedy", ylim=(0, None))
    axes.set_title("German to English, test2016")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=list(RECIPES), help=f"recipes from {', '.join(RECIPES)}")
    parser.add_argument("--epochs", type=int, help="number of epochs instead of the recipe's")
    parser.add_argument(
        "--folder", type=Path, default=report.FOLDER / "translation", help="folder of the trained translators"
    )
    parser.add_argument("--load", action="store_true", help="score trained translators without training")
    parser.add_argument("--plot", type=Path, help="file for the plot of BLEU by length with and without attention")
    options = parser.parse_args(arguments)
    results = []
    for name in options.recipes:
        results.append(run(name, options.folder, options.epochs, options.load))
        report.save("translation", results)
        print(lines(results[-1:]), flush=True)
    print(f"\n{machine.markdown(machine.describe())}\n\n{lines(results)}\n\n{attention_lines(results)}")
    if options.plot is not None:
        plot([result for result in results if result["recipe"] in ("de_en_attention", "de_en_plain")], options.plot)
