"""Train a translator, draw its attention weights, and export it as one SavedModel.

    python examples/02_translation.py                                    # a part of Multi30k, one minute
    python examples/02_translation.py --pairs 29000 --epochs 40 --dim 128 --layers 4   # all of it, about an hour
    python examples/02_translation.py --architecture recurrent --attention luong_general
    python examples/02_translation.py --corpus pairs.tsv                 # source, tab, translation in each line

Multi30k is read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. If it is missing, generated
sentences are used instead. `python -m benchmarks translation` runs the recipe of the published results.
"""

import argparse
import itertools
import os
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")

Pairs = list[tuple[str, str]]


def made_up() -> Pairs:
    """Returns generated sentence pairs."""
    nouns = {"Hund": "dog", "Mann": "man", "Vogel": "bird", "Fisch": "fish", "Stern": "star"}
    colours = {"rote": "red", "alte": "old", "kleine": "small", "schöne": "fine"}
    verbs = {"schläft": "sleeps", "singt": "sings", "geht weg": "walks away"}
    return [
        (f"Der {colours_de} {noun_de} {verb_de}.", f"The {colours_en} {noun_en} {verb_en}.")
        for (colours_de, colours_en), (noun_de, noun_en), (verb_de, verb_en) in itertools.product(
            colours.items(), nouns.items(), verbs.items()
        )
    ]


def load(corpus: str | None) -> tuple[Pairs, Pairs]:
    """Returns training pairs and held-out pairs."""
    if corpus is None and (DATA / "multi30k").is_dir():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        train, held_out = ke.corpora.load("multi30k_de_en", ("train", "validation"))
        return list(train), list(held_out)
    if corpus is None:
        print(f"No folder {DATA}: using pairs that are made up.")
        pairs = made_up()
    else:
        lines = Path(corpus).read_text(encoding="utf-8").splitlines()
        pairs = [(line.split("\t")[0], line.split("\t")[1]) for line in lines if "\t" in line]
    random.Random(1).shuffle(pairs)
    return pairs[len(pairs) // 10 :], pairs[: len(pairs) // 10]


def make(pairs: Pairs, options: argparse.Namespace) -> ke.Translator:
    """Returns an untrained translator of lower-cased text, with at most 6,000 shared byte-pair subwords."""
    text = {"vocabulary_size": 6000, "lowercase": True}
    if options.architecture == "recurrent":
        sizes = {"attention": options.attention, "embedding_dim": options.dim, "hidden_dim": options.dim}
        return ke.Translator.from_corpus(pairs, "recurrent", **text, **sizes, dropout=0.2)
    sizes = {"hidden_dim": options.dim, "feed_forward_dim": 2 * options.dim, "dropout": 0.1}
    layers = {"num_encoder_layers": options.layers, "num_decoder_layers": options.layers}
    return ke.Translator.from_corpus(pairs, "transformer", **text, **sizes, **layers)


def main(arguments: Sequence[str] | None = None) -> ke.Translator:
    """Runs all steps, and returns the translator."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="path of your own file")
    parser.add_argument("--pairs", type=int, default=4000, help="maximum number of training pairs")
    parser.add_argument("--epochs", type=int, help="default: 6, or 40 for fewer than 1,000 pairs")
    parser.add_argument("--architecture", choices=["transformer", "recurrent"], default="transformer")
    parser.add_argument("--attention", default="bahdanau", help="attention of the recurrent translator")
    parser.add_argument("--dim", type=int, default=96)
    parser.add_argument("--layers", type=int, default=2, help="layers of the Transformer's encoder, and of its decoder")
    parser.add_argument("--batch-tokens", type=int, default=1024)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("translation"), help="folder for pictures and SavedModel")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    train, held_out = load(options.corpus)
    train, held_out = train[: options.pairs], held_out[:200]
    epochs = options.epochs or (6 if len(train) >= 1000 else 40)
    print(f"{len(train):,} training pairs, {len(held_out)} held out; for example: {' = '.join(train[0])}")
    translator = make(train, options)

    batches = translator.preprocessor.token_batches(
        *map(list, zip(*train, strict=True)), batch_tokens=options.batch_tokens, seed=1
    )
    steps = epochs * batches.num_batches
    rate = ke.schedules.LinearWarmupDecay(3e-3, max(1, steps // 10), steps + 1)
    translator.compile(keras.optimizers.Adam(rate, beta_2=0.98, global_clipnorm=1.0))
    sources, targets = map(list, zip(*held_out, strict=True))
    bleu = ke.callbacks.BLEU(sources, targets, lowercase=True, every=max(1, epochs // 3))
    translator.fit(batches.dataset(), validation_data=held_out, epochs=epochs, callbacks=[bleu])

    for found, target in zip(translator.translate(sources[:5], beam=5, n_best=2), targets, strict=False):
        print(f"\n  {found.source}\n= {target}")
        for hypothesis in found.hypotheses:
            print(f"  {hypothesis.score:6.2f}  {hypothesis.text}")

    options.output.mkdir(parents=True, exist_ok=True)
    (found,) = translator.translate(sources[:1], return_alignments=True)
    if found.tokens:
        picture = options.output / "alignment.png"
        ke.plots.alignment(found.source_tokens, found.tokens, found.alignment).figure.savefig(picture, dpi=150)
        print(f"\nWrote the attention weights to {picture}.")
    if options.architecture == "transformer":
        encoding = ke.functional.positions.sinusoidal_encoding(keras.ops.arange(64), options.dim)
        picture = options.output / "positions.png"
        ke.plots.positional_encodings(keras.ops.convert_to_numpy(encoding)).figure.savefig(picture, dpi=110)
        print(f"Wrote the position encodings to {picture}.")
    translator.export(options.output / "1")
    print(f"Wrote the SavedModel, which takes and returns strings, to {options.output / '1'}.")
    return translator


if __name__ == "__main__":
    main()
