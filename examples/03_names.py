"""Train a tagger that finds names, draw its confidences, and export it as one SavedModel.

    python examples/03_names.py                                # WNUT17: names in texts from the web
    python examples/03_names.py --corpus my.conll              # a word and its tag in each line
    python examples/03_names.py --corpus uner_english_ewt      # any corpus of `ke.corpora.names()` with tags
    python examples/03_names.py --backend jax --epochs 14      # more epochs, on another backend

WNUT17 is read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. If it is missing, the small
corpus that ships with the package is used instead. `python -m benchmarks tagger ner` runs the recipe of the published
results.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
JIT = keras.config.backend() == "jax"  # on the other backends, compilation would take longer than this short training


def load(corpus: str | None) -> tuple[ke.corpora.Corpus, ke.corpora.Corpus]:
    """Returns training sentences and held-out sentences."""
    if corpus is None and not (DATA / "wnut17").is_dir():
        print(f"No folder {DATA / 'wnut17'}: using the small corpus of the package instead.")
        corpus = "tiny_ner"
    if corpus is None or corpus in ke.corpora.names():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        return ke.corpora.load(corpus or "wnut17", ("train", "dev"))
    sentences = list(ke.corpora.read_conll(corpus))
    cut = len(sentences) // 10
    return ke.corpora.Corpus(sentences[cut:]), ke.corpora.Corpus(sentences[:cut])


def make(train: ke.corpora.Corpus, epochs: int) -> ke.Tagger:
    """Returns a tagger with word, character and casing embeddings, a bidirectional LSTM and a CRF."""
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(train)
    embeddings = preprocessor.embeddings(word_dim=50, char_filters=30, casing_dim=8)
    backbone = ke.backbones.RecurrentBackbone(embeddings, hidden_dim=80, dropout=0.4)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    rate = keras.optimizers.schedules.CosineDecay(4e-3, epochs * -(-len(train) // 16), alpha=0.05)
    tagger.compile(keras.optimizers.Adam(rate, global_clipnorm=5.0), jit_compile=JIT)
    return tagger


def most_names(tagged: Sequence[ke.tasks.TaggedSentence]) -> ke.tasks.TaggedSentence:
    """Returns the sentence of 5 to 20 words with the most types of names; of several, the most confident one."""
    short = [one for one in tagged if 5 <= len(one.tokens) <= 20] or list(tagged)
    return max(short, key=lambda one: (len({span.type for span in one.spans}), sum(span.score for span in one.spans)))


def main(arguments: Sequence[str] | None = None) -> ke.Tagger:
    """Runs all steps, and returns the tagger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="a name from ke.corpora.names(), or the path of a CoNLL file")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("names"), help="folder for picture and SavedModel")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    train, dev = load(options.corpus)
    print(f"{len(train):,} training sentences, {len(dev):,} held out; for example: {' '.join(train.tokens[0])}")
    tagger = make(train, options.epochs)
    tagger.fit(train, validation_data=dev, epochs=options.epochs, batch_size=16)

    sentences = ["Julia Keller flew from Paris to London .", "May I ask who May is ?"]
    for tagged in tagger.tag(sentences):
        print(" ".join(tagged.tokens), [(span.type, span.text, round(span.score, 2)) for span in tagged.spans])

    options.output.mkdir(parents=True, exist_ok=True)
    shown = most_names(tagger.tag(dev.tokens[:200]))
    picture = options.output / "names.png"
    ke.plots.tagged_sentence(shown.tokens, shown.tags, shown.scores).figure.savefig(picture, dpi=130)
    print(f"Wrote a held-out sentence with its tags and confidences to {picture}.")

    tagger.export(options.output / "1")
    print(f"Wrote the SavedModel, which takes strings and returns names, to {options.output / '1'}.")
    return tagger


if __name__ == "__main__":
    main()
