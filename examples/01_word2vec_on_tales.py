"""Train word vectors on fairy tales, query them, draw them, and use them in a Keras model.

    python examples/01_word2vec_on_tales.py                       # English tales
    python examples/01_word2vec_on_tales.py --language russian    # Russian novels
    python examples/01_word2vec_on_tales.py --corpus my.txt       # any text
    python examples/01_word2vec_on_tales.py --backend jax

The tales and novels are read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. If it is missing,
the small corpus that ships with the package is used instead, which is enough to run every step, but too small to learn
useful vectors.
"""

import argparse
import csv
import io
import lzma
import os
import re
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras
import numpy as np

import keras_embed as ke
from keras_embed.initializers import Pretrained

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
QUERIES = {
    "english": ["king", "daughter", "forest", "gold", "said"],
    "russian": ["князь", "дочь", "лес", "деньги", "сказал"],
}


def texts(language: str, corpus: str | None) -> Iterator[str]:
    """Yields whole texts, from the given file or from the data folder."""
    if corpus:
        yield Path(corpus).read_text(encoding="utf-8")
    elif language == "russian":
        for path in sorted((DATA / "russian_classics").glob("*.txt.xz")):
            yield lzma.decompress(path.read_bytes()).decode("utf-8-sig")
    else:
        with tarfile.open(DATA / "fairytaleqa" / "fairytaleqa_by_split.tar.xz") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name.endswith("-story.csv") else None
                if file:
                    yield from (row["text"] for row in csv.DictReader(io.TextIOWrapper(file, "utf-8")))


def sentences(language: str, corpus: str | None) -> list[list[str]]:
    """Returns sentences as lists of lower-cased words, split after full stops and at empty lines."""
    if not corpus and not (DATA / ("russian_classics" if language == "russian" else "fairytaleqa")).is_dir():
        print(f"No folder {DATA}: reading the small corpus of the package instead.")
        return [[word.lower() for word in tokens] for tokens in ke.corpora.load("tiny_ner").tokens]
    parts = (part for text in texts(language, corpus) for part in re.split(r"(?<=[.!?;])\s+|\n\s*\n", text))
    return [words for part in parts if len(words := re.findall(r"[^\W\d_]+", part.lower())) > 1]


def train(corpus: list[list[str]], epochs: int) -> ke.vectors.WordVectors:
    """Trains skip-gram with negative sampling. A small text needs more than the usual 5 epochs."""
    return ke.vectors.train_word2vec(corpus, "skipgram", dim=100, window=5, min_count=3, epochs=epochs)


def ask(vectors: ke.vectors.WordVectors, words: Sequence[str]) -> None:
    """Prints the nearest neighbours of some words."""
    for word in words:
        near = ", ".join(f"{other} {score:.2f}" for other, score in vectors.most_similar(word, top=6))
        print(f"{word:>12}: {near}")


def draw(vectors: ke.vectors.WordVectors, words: Sequence[str], path: Path) -> None:
    """Draws words and their neighbours in the plane, with one colour per query word."""
    groups = {word: [word, *(other for other, _ in vectors.most_similar(word, top=6))] for word in words}
    ke.plots.word_map(vectors, groups, method="pca").figure.savefig(path, dpi=100)
    print(f"Wrote the map to {path}.")


def use(vectors: ke.vectors.WordVectors, corpus: list[list[str]]) -> float:
    """Trains a small model that detects shuffled sentences. Returns its accuracy on held-out sentences."""
    rng = np.random.default_rng(1)
    lines = [" ".join(words[:20]) for words in corpus if len(words) >= 5][:6000]
    shuffled = [" ".join(rng.permutation(line.split())) for line in lines]
    strings, labels = np.array(lines + shuffled), np.repeat([1.0, 0.0], len(lines))
    lookup = keras.layers.TextVectorization(standardize=None, output_sequence_length=20, vocabulary=list(vectors.words))
    ids = np.array(lookup(strings))
    model = keras.Sequential(
        [
            keras.layers.Embedding(
                lookup.vocabulary_size(),
                vectors.dim,
                embeddings_initializer=Pretrained(vectors, lookup),
                trainable=False,
            ),
            keras.layers.Conv1D(64, 3, activation="relu"),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    held_out = np.arange(len(ids)) % len(lines) < len(lines) // 5  # with their shuffled copies
    model.fit(ids[~held_out], labels[~held_out], epochs=3, verbose=2)
    return float(model.evaluate(ids[held_out], labels[held_out], verbose=0, return_dict=True)["accuracy"])


def main(arguments: Sequence[str] | None = None) -> float:
    """Runs all steps, and returns the accuracy of the small model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", choices=sorted(QUERIES), default="english")
    parser.add_argument("--corpus", help="path of your own text file")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("words.png"), help="file of the map")
    options = parser.parse_args(arguments)

    corpus = sentences(options.language, options.corpus)
    print(f"{len(corpus):,} sentences, {sum(map(len, corpus)):,} words")
    vectors = train(corpus, options.epochs)
    words = [word for word in QUERIES[options.language] if word in vectors] or list(vectors.words[:5])
    ask(vectors, words)
    draw(vectors, words, options.output)
    accuracy = use(vectors, corpus)
    print(f"Original or shuffled order: {accuracy:.1%} accuracy on held-out sentences.")
    return accuracy


if __name__ == "__main__":
    main()
