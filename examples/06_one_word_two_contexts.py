"""Find the nearest neighbours of one word in two sentences with a frozen ELMo: each meaning has its own.

    python examples/06_one_word_two_contexts.py                                        # "watch", in English novels
    python examples/06_one_word_two_contexts.py --contexts "He is *kind* ." "A *kind* of bird ."
    python examples/06_one_word_two_contexts.py --corpus my.txt --all                  # your text, searching all words
    python examples/06_one_word_two_contexts.py --layer 2 --backend jax

The query word is written between asterisks. The novels are read from the folder that KERAS_EMBED_DATA names, by default
../shared/data. If it is missing, the small corpus of the package is searched instead. Nothing is trained, so there is
no option for epochs.
"""

import argparse
import lzma
import os
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras
import numpy as np

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
CONTEXTS = {
    "novels": ["He looked at his *watch* .", "They *watch* the door ."],
    "tiny_ner": ["It rained all day in *May* .", "*May* I introduce you to him ?"],
}


def load(corpus: str | None) -> tuple[list[list[str]], list[str]]:
    """Returns sentences of 5 to 30 words, and the default contexts."""
    folder = DATA / "english_classics"
    if corpus is None and not folder.is_dir():
        print(f"No folder {folder}: searching the small corpus of the package instead.")
        return [list(tokens) for tokens in ke.corpora.load("tiny_ner").tokens], CONTEXTS["tiny_ner"]
    if corpus is None:
        novels = [lzma.decompress(path.read_bytes()).decode("utf-8-sig") for path in sorted(folder.glob("*.txt.xz"))]
    else:
        novels = [Path(corpus).read_text(encoding="utf-8")]
    parts = re.split(r"(?<=[.!?])\s+", " ".join(word for novel in novels for word in novel.split()))
    sentences = [re.findall(r"\w+(?:['’]\w+)?|[^\w\s]", part) for part in parts]
    return [words for words in sentences if 5 <= len(words) <= 30], CONTEXTS["novels"]


def marked(context: str) -> tuple[list[str], int]:
    """Returns the words of a context, and the index of the one between asterisks."""
    words = context.split()
    position = next((index for index, word in enumerate(words) if re.fullmatch(r"\*.+\*", word)), None)
    if position is None:
        raise SystemExit(f"No word of {context!r} is between asterisks, as in: They *watch* the door .")
    return [word.strip("*") if index == position else word for index, word in enumerate(words)], position


def vectors(elmo: keras.Model, sentences: list[list[str]], layer: int) -> list[np.ndarray]:
    """Returns the outputs of one layer of ELMo: for each sentence, unit vectors of shape (words, D)."""
    characters, found = ke.text.ElmoCharacters(elmo.max_characters), []
    progress = keras.utils.Progbar(len(sentences), unit_name="sentence")
    for start in range(0, len(sentences), 32):
        batch = sentences[start : start + 32]
        layers = keras.ops.convert_to_numpy(elmo(ke.text.elmo_features(batch, characters))["layer_outputs"])
        rows = [
            row[: len(words), layer] for row, words in zip(layers, batch, strict=True)
        ]  # (B, T, layers, D) -> (T, D)
        found += [row / np.linalg.norm(row, axis=-1, keepdims=True) for row in rows]
        progress.update(start + len(batch))
    return found


def main(arguments: Sequence[str] | None = None) -> list[list[tuple[list[str], int, float]]]:
    """Runs all steps, and returns the nearest (sentence, position, cosine) of each context."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="path of your own English text")
    parser.add_argument("--contexts", nargs="+", help="tokenised sentences with the query word between *asterisks*")
    parser.add_argument("--all", action="store_true", help="search all words, not only the query words")
    parser.add_argument("--sentences", type=int, default=1000, help="maximum number of sentences to search")
    parser.add_argument("--layer", type=int, choices=[0, 1, 2], default=1, help="0: characters, 1 and 2: the LSTMs")
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("contexts.png"), help="file of the picture")
    options = parser.parse_args(arguments)

    sentences, contexts = load(options.corpus)
    contexts = [marked(context) for context in options.contexts or contexts]
    query_words = {words[position].lower() for words, position in contexts}
    if not options.all:
        sentences = [words for words in sentences if query_words & {word.lower() for word in words}]
    random.Random(1).shuffle(sentences)
    sentences = sentences[: options.sentences]
    print(f"{len(sentences):,} sentences to search for {', '.join(sorted(query_words))}")

    elmo = ke.backbones.ElmoBackbone.from_preset("elmo_tiny_en", trainable=False)
    corpus = vectors(elmo, sentences, options.layer)
    occurrences = [
        (words, position, vector)
        for words, rows in zip(sentences, corpus, strict=True)
        for position, vector in enumerate(rows)
        if options.all or words[position].lower() in query_words
    ]
    matrix = np.stack([vector for _, _, vector in occurrences])  # (N, D)

    neighbors = []
    queries = vectors(elmo, [words for words, _ in contexts], options.layer)
    for (_, position), rows in zip(contexts, queries, strict=True):
        cosines = matrix @ rows[position]  # (N,)
        best = np.argsort(-cosines)[:6]
        neighbors.append([(*occurrences[index][:2], float(cosines[index])) for index in best])
    for (words, position), near in zip(contexts, neighbors, strict=True):
        print(f"\n{' '.join(words)}  ({words[position]})")
        for sentence, at, cosine in near:
            print(f"  {cosine:.2f}  {' '.join([*sentence[:at], f'*{sentence[at]}*', *sentence[at + 1 :]])}")

    ke.plots.neighbors_in_context(contexts, neighbors).figure.savefig(options.output, dpi=90)
    print(f"\nWrote the picture to {options.output}.")
    return neighbors


if __name__ == "__main__":
    main()
