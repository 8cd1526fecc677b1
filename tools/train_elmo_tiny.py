"""Trains elmo_tiny_en or elmo_tiny_ru, the small ELMo models that ship with the package, and writes their cards.

    KERAS_BACKEND=jax python tools/train_elmo_tiny.py en --data ../shared/data

The text consists of public-domain novels, for English also of fairy tales. The best epoch is selected on a held-out
file. Other held-out files are evaluated once, at the end, and compared with a unigram and an interpolated Kneser-Ney
trigram model of the same vocabulary. An interrupted run resumes where it stopped.
"""

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from elmo_tiny_text import texts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import report
from benchmarks.kneser_ney import compare
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints import save_half_preset
from keras_embed.preprocessors import LanguageModelWindows
from keras_embed.tasks import BidirectionalLanguageModel
from keras_embed.text import ElmoCharacters, LanguageModelVocabulary, elmo_features

ROOT = Path(__file__).resolve().parents[1]
MODEL: dict[str, Any] = {
    "hidden_dim": 512,
    "projection_dim": 128,
    "char_dim": 16,
    "filters": ((1, 32), (2, 32), (3, 64), (4, 128), (5, 128)),
    "num_highway": 1,
}
# Cyrillic letters take two bytes.
LENGTHS = {"en": 30, "ru": 50}
TEXT: dict[str, Any] = {"batch_size": 64, "window": 20, "negatives": 2048}
DROPOUT = 0.1
EPOCHS = {"en": 4, "ru": 1}
RATE, CLIP = 2e-3, 5.0
WORDS = {"min_count": 3, "max_size": 30_000}
WARM_SENTENCES = 64
VALIDATION_SENTENCES = 2000
PUBLISHED_LENGTH = 50
CORPORA = {
    "en": "English novels (Dickens, Eliot, Hardy, Bronte, Stevenson), fairy tales of FairytaleQA's train part",
    "ru": "Russian novels (Dostoyevsky, Tolstoy, Gogol, Pushkin, Turgenev)",
}
CARD = """# {name}

A small ELMo (Peters et al. 2018), trained by this project. Load it with `ElmoBackbone.from_preset("{name}")`.

| | |
|---|---|
| text | {text}; all in the public domain |
| words in the training data | {tokens:,}; epochs: {epochs} |
| model | 2 layers, {hidden_dim} cells, {projection_dim} outputs each way; {parameters:,} parameters, half precision |
| training time | {hours:.2f} hours on two CPU cores, shared with other work |
| perplexity on held-out files, both directions | **{test:.1f}** |
| perplexity of an interpolated Kneser-Ney trigram, same words and files | {trigram:.1f} |
| perplexity of a unigram model | {unigram:.1f} |
| licence | Apache-2.0, as for the library |

The vocabulary of the softmax has the {vocabulary:,} words that occur at least three times in the text; all others are
one unknown word. This affects only the perplexities, because the encoder reads characters. The model is trained on
old novels: expect lower quality on news or web text, and no knowledge of the world after 1900.

To train it again, run `KERAS_BACKEND=jax python tools/train_elmo_tiny.py {language} --data DATA`, where DATA is the
folder of the novels.
"""


def main(arguments: list[str] | None = None) -> None:
    """Trains and evaluates a model, and writes its preset."""
    options = _options(arguments)
    work = options.work or ROOT / "build" / f"elmo_tiny_{options.language}"
    work.mkdir(parents=True, exist_ok=True)
    if options.data_parallel:
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    keras.utils.set_random_seed(options.seed)
    parts = texts(options.data, options.language)
    parts["validation"] = parts["validation"][:VALIDATION_SENTENCES]
    files = {name: work / f"{name}.txt" for name in parts}
    for name, sentences in parts.items():
        files[name].write_text("".join(" ".join(words) + "\n" for words in sentences), encoding="utf-8")
    vocabulary = LanguageModelVocabulary.from_sentences(parts["train"], **WORDS)
    vocabulary.save(work / "vocabulary.txt")

    length = LENGTHS[options.language]
    windows = LanguageModelWindows([files["train"]], vocabulary, **TEXT, max_characters=length, seed=options.seed)
    elmo = ElmoBackbone(**MODEL, max_characters=length, dropout=DROPOUT)
    model = BidirectionalLanguageModel(elmo, vocabulary, batch_size=TEXT["batch_size"])
    model.head.bias.assign(log_frequencies(parts["train"], vocabulary))
    epochs = options.epochs or EPOCHS[options.language]
    steps = options.steps or windows.steps_per_pass
    warm = steps // 8
    rate = keras.optimizers.schedules.CosineDecay(
        RATE / 20, epochs * steps - warm, alpha=0.02, warmup_target=RATE, warmup_steps=warm
    )
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=CLIP))
    model.fit(
        windows,
        epochs=epochs,
        steps_per_epoch=steps,
        held_out=[files["validation"]],
        checkpoint=work / "run",
        callbacks=[keras.callbacks.CSVLogger(str(work / "log.csv"), append=True)],
        verbose=2 if options.quiet else 1,
    )
    figures: dict[str, Any] = {"hours": _hours(work / "log.csv", steps * TEXT["batch_size"] * TEXT["window"])}
    figures["epochs"] = epochs
    figures["tokens"] = sum(map(len, parts["train"]))
    figures["parameters"] = elmo.count_params()
    figures["validation"] = model.perplexity([files["validation"]])
    figures["test"] = model.perplexity([files["test"]])
    figures["vocabulary"] = len(vocabulary)
    figures |= compare([files["train"]], [files["test"]], vocabulary)
    (work / "figures.json").write_text(json.dumps(figures, indent=1))
    folder = options.out or ROOT / "keras_embed" / "presets" / f"elmo_tiny_{options.language}"
    save(elmo, parts["train"], folder)
    (folder / "README.md").write_text(card(options.language, figures), encoding="utf-8")
    print(f"{json.dumps(figures)}\n\n{row(options.language, figures)}")


def row(language: str, figures: dict[str, Any]) -> str:
    """Returns a Markdown table of one row for benchmarks/RESULTS.md."""
    return report.table(
        [
            {
                "model": f"elmo_tiny_{language}",
                "words trained on": f"{figures['tokens']:,}",
                "epochs": figures["epochs"],
                "hours": f"{figures['hours']:.2f}",
                "ELMo": f"{figures['test']:.1f}",
                "modified Kneser-Ney trigram": f"{figures['trigram']:.1f}",
                "unigram": f"{figures['unigram']:.1f}",
            }
        ]
    )


def log_frequencies(sentences: list[list[str]], vocabulary: LanguageModelVocabulary) -> Any:
    """Returns the log frequency of each word, the initial bias of the softmax."""
    counts = np.bincount(vocabulary.ids(word for words in sentences for word in words), minlength=len(vocabulary))
    counts[:2] = len(sentences) // 2  # each boundary is predicted in one of the two directions
    return np.log((counts + 1.0) / (counts + 1.0).sum())


def save(elmo: ElmoBackbone, sentences: list[list[str]], folder: Path) -> None:
    """Saves the encoder in half precision, without dropout, with a warm-started initial state.

    All published models read 50 characters per word. The vectors of words that fit into the training length do not
    change: more padding after a word adds no new windows for the filters.
    """
    plain = ElmoBackbone.from_config({**elmo.get_config(), "dropout": 0.0, "max_characters": PUBLISHED_LENGTH})
    plain.set_weights(elmo.get_weights())
    plain.warm_start(elmo_features(sentences[:WARM_SENTENCES], ElmoCharacters(PUBLISHED_LENGTH)))
    save_half_preset(plain, folder)


def card(language: str, figures: dict[str, Any]) -> str:
    """Returns the card of the model."""
    return CARD.format(name=f"elmo_tiny_{language}", text=CORPORA[language], language=language, **figures, **MODEL)


def _hours(log: Path, tokens: int) -> float:
    """Returns the hours of training of all epochs, without interruptions."""
    with log.open(newline="") as file:
        return sum(tokens / float(row["tokens/s"]) for row in csv.DictReader(file)) / 3600


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=sorted(LENGTHS))
    parser.add_argument("--data", type=Path, required=True, help="folder with the novels and the tales")
    parser.add_argument("--work", type=Path, help="folder for text, checkpoints and figures")
    parser.add_argument("--out", type=Path, help="folder of the preset")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--steps", type=int, help="windows per epoch; default: all windows of the text")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data-parallel", action="store_true", help="distribute the rows over all devices (JAX)")
    parser.add_argument("--quiet", action="store_true", help="print one line per epoch")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
