"""Translators of Multi30k: trained by a recipe, BLEU of greedy and beam search, and BLEU by length.

Texts are Moses' tokens in lower case, as the published systems have them; BLEU is that of these tokens (sacreBLEU with
`tokenize="none"`). Everything is chosen on the validation part; test2016 is translated once.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.translation_recipes import RECIPES, Recipe, load_pairs

#: Published figures on test2016; data and tokens are the same or nearly so, and recipes are not.
PUBLISHED = {
    "en_de_transformer": "41.0 (Transformer-tiny, up to 150 epochs)",
    "de_en_transformer": "36.5 (9 M parameters, greedy)",
    "de_en_attention": "28.3 (GRU and Bahdanau, 20.5 M parameters, greedy)",
    "de_en_plain": "20.6 (GRU, 14.2 M parameters, greedy)",
}
#: Borders of the source's number of tokens, for BLEU by length.
LENGTHS = (0, 8, 11, 14, 18, 100)


def make(recipe: Recipe, train: tuple[list[str], list[str]]) -> Any:
    """The translator of a recipe, its pieces learnt from the train part."""
    from keras_embed import Translator

    pairs = list(zip(*train, strict=True))
    return Translator.from_corpus(pairs, recipe.architecture, vocabulary_size=recipe.vocabulary_size, **recipe.backbone)


def train(recipe: Recipe, folder: Path, epochs: int | None = None, verbose: int = 2) -> tuple[Any, dict[str, Any]]:
    """A translator, trained, with the mean of its last epochs' weights; and how long it took."""
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
    """BLEU of tokens."""
    import sacrebleu

    return float(sacrebleu.corpus_bleu(list(translations), [list(references)], tokenize="none", force=True).score)


def by_length(sources: Sequence[str], translations: Sequence[str], references: Sequence[str]) -> list[dict[str, Any]]:
    """BLEU of sources of similar length."""
    rows = []
    for low, high in zip(LENGTHS, LENGTHS[1:], strict=False):
        kept = [row for row, source in enumerate(sources) if low < len(source.split()) <= high]
        some = bleu([translations[row] for row in kept], [references[row] for row in kept]) if kept else float("nan")
        rows.append({"tokens": f"{low + 1} to {high}", "sentences": len(kept), "bleu": some})
    return rows


def evaluate(recipe: Recipe, translator: Any, split: str, batch_size: int = 64) -> dict[str, Any]:
    """BLEU of a part of Multi30k, greedy and with a beam of 5, and CPU seconds for a thousand sentences."""
    from keras_embed.decoding import BeamSearch, Greedy

    sources, references = load_pairs(recipe, split)
    found: dict[str, Any] = {}
    for name, search in (("greedy", Greedy()), ("beam", BeamSearch(5, length_penalty=1.0, stop="likely"))):
        translator.translate(sources, search=search, batch_size=batch_size)  # compiled for all shapes
        cpu = time.process_time()
        answers = [str(answer) for answer in translator.translate(sources, search=search, batch_size=batch_size)]
        found[f"{name}_seconds"] = (time.process_time() - cpu) * 1000 / len(sources)
        found[name] = bleu(answers, references)
        found[f"{name}_by_length"] = by_length(sources, answers, references)
    return found


def run(name: str, folder: Path, epochs: int | None = None, load: bool = False) -> dict[str, Any]:
    """Trains, or loads, the translator of a recipe, and scores it."""
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
    """A table for people."""
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
    """A table of BLEU by the source's length, with attention and without; "" if one of the two was not trained."""
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
    """BLEU by the source's length, a line for each recipe."""
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
    parser.add_argument("recipes", nargs="*", default=list(RECIPES), help=f"of {', '.join(RECIPES)}")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--folder", type=Path, default=report.FOLDER / "translation", help="for trained translators")
    parser.add_argument("--load", action="store_true", help="score what is trained already")
    parser.add_argument("--plot", type=Path, help="file for BLEU by length with and without attention")
    options = parser.parse_args(arguments)
    results = []
    for name in options.recipes:
        results.append(run(name, options.folder, options.epochs, options.load))
        report.save("translation", results)
        print(lines(results[-1:]), flush=True)
    print(f"\n{machine.markdown(machine.describe())}\n\n{lines(results)}\n\n{attention_lines(results)}")
    if options.plot is not None:
        plot([result for result in results if result["recipe"] in ("de_en_attention", "de_en_plain")], options.plot)
