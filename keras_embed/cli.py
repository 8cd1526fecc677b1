"""`python -m keras_embed demo`: transfer from a frozen ELMo, from labelled sentences to a served SavedModel."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Raw sentences to tag at the end. Their names are not in the train part, or are words elsewhere in it.
SENTENCES = {
    "tiny_ner": (
        "Will Maria Whitlock mark the papers in Reading ?",
        "Turkey and rice were served when Hope Larkin flew to Turkey .",
        "Ashgrove Bank bought Tindall & Sons , said Joy Brennan in Wexbridge .",
    ),
    "wnut17": (
        "Can't wait to see Taylor Swift in Chicago tomorrow !",
        "My iPhone died on the way to Manchester , thanks Apple .",
        "Anyone watching the Lakers game at Joe's tonight ?",
    ),
}

# Runs in a process of its own that knows TensorFlow only.
SERVE = """
import json, sys
import tensorflow as tf

serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
outputs = serve(text=tf.constant(sys.argv[2:]))
print(json.dumps({name: value.numpy().tolist() for name, value in outputs.items()}, default=bytes.decode))
"""

_COLOURS = {"PER": 36, "person": 36, "LOC": 32, "location": 32, "ORG": 33, "corporation": 33}
_OTHER_COLOUR = 35


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line and returns the exit status.

    Args:
        arguments: the words after the program's name; by default those of this process.

    Returns:
        0 if all went well.
    """
    parser = argparse.ArgumentParser(prog="python -m keras_embed", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo_parser = commands.add_parser("demo", help="train a tagger, export it, tag with the exported SavedModel")
    demo_parser.add_argument("--corpus", default="tiny_ner", choices=sorted(SENTENCES), help="what to train on")
    demo_parser.add_argument("--epochs", type=int, default=10)
    demo_parser.add_argument("--folder", type=Path, default=Path("exported/ner/1"), help="where to export to")
    options = parser.parse_args(arguments)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    demo(options.corpus, options.epochs, options.folder)
    return 0


def demo(corpus: str, epochs: int, folder: Path) -> None:
    """Trains a tagger on a corpus, scores it, exports it, and tags raw sentences with the export in a new process.

    Args:
        corpus: a key of `SENTENCES`.
        epochs: how often to go through the train part.
        folder: where the SavedModel goes.
    """
    started = time.perf_counter()
    tagger, test = _train(corpus, epochs)

    _headline(f"Entities of the {corpus} test part, {len(test)} sentences")
    print(_report(tagger, test))

    _headline(f"Export to {folder}")
    tagger.export(str(folder))
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"one SavedModel, {size / 1e6:.1f} MB: raw strings in, tags and spans out")

    _headline("Raw sentences, tagged by that SavedModel in a new process that imports TensorFlow only")
    for line in tagged_lines(serve(folder, SENTENCES[corpus]), colours=sys.stdout.isatty()):
        print(line)
    print(f"\nall in {time.perf_counter() - started:.0f} s")


def _train(corpus: str, epochs: int) -> tuple[Any, Any]:
    """A fitted tagger, and the test part."""
    import keras

    import keras_embed as ke

    train, dev, test = ke.corpora.load(corpus, split=("train", "dev", "test"))
    _headline(f"Train on {corpus}, {len(train)} sentences, Keras {keras.__version__} on {keras.config.backend()}")
    keras.utils.set_random_seed(1)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(train)
    elmo = ke.backbones.ElmoBackbone.from_preset("elmo_tiny_en")  # it has read novels; here it only helps
    elmo.trainable = False
    embeddings = [*preprocessor.embeddings(word_dim=50, char_filters=30), ke.layers.ElmoEmbedding(elmo)]
    backbone = ke.backbones.RecurrentBackbone(embeddings, cell="lstm", hidden_dim=100)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    with tempfile.TemporaryDirectory() as features:  # the frozen part runs once, not in every epoch
        tagger.fit(train, validation_data=dev, feature_cache=features, epochs=epochs, batch_size=32, verbose=2)
    return tagger, test


def _report(tagger: Any, test: Any) -> str:
    """Precision, recall and F1 of each entity type, as conlleval prints them."""
    from keras_embed.metrics.entity_report import entity_scores, table_of

    predicted = [tagged.tags for tagged in tagger.tag(test.tokens)]
    return table_of(entity_scores(test.tags, predicted))


def serve(folder: Path, sentences: Sequence[str]) -> dict[str, Any]:
    """What the SavedModel in a folder says about raw sentences, asked in a new process.

    Args:
        folder: a SavedModel with the signature `serving_default` of an exported tagger.
        sentences: raw texts.

    Returns:
        The signature's outputs by name, as nested lists.

    Raises:
        RuntimeError: if that process fails; the message holds what it wrote.
    """
    command = [sys.executable, "-c", SERVE, str(folder), *sentences]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode:
        raise RuntimeError(f"Expected the SavedModel in {folder} to load and run. Received:\n{run.stderr}")
    outputs: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return outputs


def tagged_lines(outputs: Mapping[str, Any], colours: bool = False) -> Iterator[str]:
    """Sentences with their entities in brackets.

    Args:
        outputs: what `serve` returns.
        colours: colour the entities for a terminal.

    Yields:
        A line for each sentence.

    Example:
    >>> outputs = {"tokens": [["Ada", "met", "Leo", "Hill"]], "lengths": [4], "span_starts": [[0, 2]],
    ...            "span_ends": [[1, 4]], "span_types": [["PER", "PER"]], "span_scores": [[0.98, 0.9]]}
    >>> print(*tagged_lines(outputs))
    [Ada PER 0.98] met [Leo Hill PER 0.90]
    """
    columns = ("tokens", "lengths", "span_starts", "span_ends", "span_types", "span_scores")
    for tokens, length, *spans in zip(*(outputs[column] for column in columns), strict=True):
        words, end = [], 0
        for start, stop, kind, score in zip(*spans, strict=True):
            if start < 0:
                break
            entity = f"[{' '.join(tokens[start:stop])} {kind} {score:.2f}]"
            words += [*tokens[end:start], _coloured(entity, kind) if colours else entity]
            end = stop
        yield " ".join([*words, *tokens[end:length]])


def _coloured(text: str, kind: str) -> str:
    return f"\x1b[{_COLOURS.get(kind, _OTHER_COLOUR)}m{text}\x1b[0m"


def _headline(text: str) -> None:
    print(f"\n== {text}", flush=True)
