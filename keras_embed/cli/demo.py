"""`keras-embed demo`: transfer from a frozen ELMo, from labelled sentences to a served SavedModel."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from keras_embed.cli._shared import Commands, add_backend, add_command, bracketed, check_export_folder, positive

if TYPE_CHECKING:
    from keras_embed.corpora import Corpus
    from keras_embed.tasks import Tagger

_Name: TypeAlias = Literal["tiny_ner", "wnut17"]

# Raw sentences to tag. Their names do not occur in the training part, or only as common words.
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

# Runs in a new process that imports only TensorFlow.
SERVE = """
import json, sys
import tensorflow as tf

serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
outputs = serve(text=tf.constant(sys.argv[2:]))
print(json.dumps({name: value.numpy().tolist() for name, value in outputs.items()}, default=bytes.decode))
"""

_EXAMPLES = ("keras-embed demo", "keras-embed demo --corpus wnut17 --epochs 3")


def add(commands: Commands) -> None:
    """Adds the command."""
    summary = "train a tagger, export it, and tag with the exported SavedModel"
    parser = add_command(commands, "demo", run, summary, _EXAMPLES)
    parser.add_argument(
        "--corpus", default="tiny_ner", choices=sorted(SENTENCES), help="the training corpus (tiny_ner)"
    )
    parser.add_argument("--epochs", type=positive, default=10, metavar="N", help="number of epochs (10)")
    parser.add_argument(
        "--folder", type=Path, default=Path("exported/ner/1"), help="folder of the SavedModel (exported/ner/1)"
    )
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Runs the demo."""
    demo(options.corpus, options.epochs, options.folder)


def demo(corpus: _Name, epochs: int, folder: Path) -> None:
    """Trains a tagger on a corpus, scores it, exports it, and tags raw sentences with the export in a new process.

    Args:
        corpus: a key of `SENTENCES`.
        epochs: number of epochs.
        folder: folder of the SavedModel.

    Raises:
        ValueError: If the folder has other content, before the training.
    """
    check_export_folder(folder)
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


def _train(corpus: _Name, epochs: int) -> "tuple[Tagger, Corpus]":
    """Returns a trained tagger, and the test part."""
    import keras

    import keras_embed as ke

    train, dev, test = ke.corpora.load(corpus, split=("train", "dev", "test"))
    _headline(f"Train on {corpus}, {len(train)} sentences, Keras {keras.__version__} on {keras.config.backend()}")
    keras.utils.set_random_seed(1)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(train)
    elmo = ke.backbones.ElmoBackbone.from_preset("elmo_tiny_en")  # pretrained on novels
    elmo.trainable = False
    embeddings = [*preprocessor.embeddings(word_dim=50, char_filters=30), ke.layers.ElmoEmbedding(elmo)]
    backbone = ke.backbones.RecurrentBackbone(embeddings, cell="lstm", hidden_dim=100)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    with tempfile.TemporaryDirectory() as features:  # the frozen ELMo runs once, not in every epoch
        tagger.fit(train, validation_data=dev, feature_cache=features, epochs=epochs, batch_size=32, verbose=2)
    return tagger, test


def _report(tagger: "Tagger", test: "Corpus") -> str:
    """Formats precision, recall and F1 of each entity type, as conlleval does."""
    from keras_embed.metrics.entity_report import entity_scores, table_of

    predicted = [tagged.tags for tagged in tagger.tag(test.tokens)]
    return table_of(entity_scores(test.tags, predicted))


def serve(folder: Path, sentences: Sequence[str]) -> dict[str, Any]:
    """Runs the SavedModel in a folder on raw sentences, in a new process.

    Args:
        folder: a SavedModel with the signature `serving_default` of an exported tagger.
        sentences: raw texts.

    Returns:
        The signature's outputs by name, as nested lists.

    Raises:
        RuntimeError: If that process fails, with its error output.
    """
    command = [sys.executable, "-c", SERVE, str(folder), *sentences]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode:
        raise RuntimeError(f"Expected the SavedModel in {folder} to load and run. Received:\n{run.stderr}")
    outputs: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return outputs


def tagged_lines(outputs: Mapping[str, Any], colours: bool = False) -> Iterator[str]:
    """Formats sentences with their entities in brackets.

    Args:
        outputs: the outputs that `serve` returned.
        colours: if True, colours the entities for a terminal.

    Yields:
        One line for each sentence.

    Example:
    >>> outputs = {"tokens": [["Ada", "met", "Leo", "Hill"]], "lengths": [4], "span_starts": [[0, 2]],
    ...            "span_ends": [[1, 4]], "span_types": [["PER", "PER"]], "span_scores": [[0.98, 0.9]]}
    >>> print(*tagged_lines(outputs))
    [Ada PER 0.98] met [Leo Hill PER 0.90]
    """
    columns = ("tokens", "lengths", "span_starts", "span_ends", "span_types", "span_scores")
    for tokens, length, *spans in zip(*(outputs[column] for column in columns), strict=True):
        found = [span for span in zip(*spans, strict=True) if span[0] >= 0]
        yield bracketed(tokens[:length], found, colours)


def _headline(text: str) -> None:
    print(f"\n== {text}", flush=True)
