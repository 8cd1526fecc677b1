"""What all commands share that train."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any

from keras_embed._errors import message
from keras_embed.cli._commands import Parser, add_backend, add_json, keras_file, positive, positive_float
from keras_embed.cli._show import json_line
from keras_embed.cli.export import check_folder

_HELD_OUT = ("dev", "validation", "test")


def add_training(parser: Parser, data: str, epochs: int, batch_size: str) -> None:
    """Data, length of training, and where the results go.

    Args:
        parser: of the command.
        data: what a file of training data is.
        epochs: by default.
        batch_size: what it counts, and how many unless told otherwise.
    """
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--train", metavar="FILE", help=f"training data: {data}")
    source.add_argument("--corpus", metavar="NAME", help="a registered corpus; `keras-embed corpora list` shows them")
    parser.add_argument("--dev", metavar="FILE", help="data of the same form to measure on; of a corpus, its dev part")
    parser.add_argument("-o", "--output", type=keras_file, required=True, metavar="FILE.keras", help="the saved model")
    parser.add_argument("--export", metavar="DIR", help="write a SavedModel too")
    parser.add_argument("--epochs", type=positive, default=epochs, metavar="N", help=f"passes over the data ({epochs})")
    parser.add_argument("--batch-size", type=positive, metavar="N", help=batch_size)
    parser.add_argument("--learning-rate", type=positive_float, metavar="N", help="by default one that suits the model")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of weights and order (1)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    add_json(parser)
    add_backend(parser)


def parts(options: argparse.Namespace, read: Callable[[str], Any], kind: Any) -> tuple[Any, Any]:
    """Training data, and data to measure on or None.

    Args:
        options: of the command.
        read: a file.
        kind: the class of a registered corpus that the task can learn from.
    """
    if options.train:
        return read(options.train), read(options.dev) if options.dev else None
    from keras_embed import corpora

    if options.dev:
        options.parser.error("expected --dev together with --train, received it with --corpus")
    entry = corpora.describe(options.corpus)
    splits = [split for split in ("train", *_HELD_OUT) if split in entry.splits]
    if "train" not in splits:
        options.parser.error(f"expected a corpus with a train part, received {entry.name}: {', '.join(entry.splits)}")
    loaded = corpora.load(entry.name, split=splits[:2])
    if not isinstance(loaded[0], kind):
        expected = f"a corpus of {kind.__name__}"
        options.parser.error(f"expected {expected}, received {entry.name}: {type(loaded[0]).__name__}")
    return loaded[0], loaded[1] if len(loaded) > 1 else None


def finish(
    options: argparse.Namespace, task: Any, fit: Callable[[], Any], scores: Callable[[], dict[str, float]]
) -> None:
    """Trains, saves, exports and reports.

    Args:
        options: of the command.
        task: what is trained.
        fit: trains it.
        scores: measures it; no names where there is nothing to measure on.
    """
    with contextlib.redirect_stdout(sys.stderr):  # progress is not what the command answers
        fit()
        found = scores()
    task.save(options.output)
    record: dict[str, Any] = {"model": str(options.output), "epochs": options.epochs, "scores": found}
    if options.export:
        task.export(options.export)
        record["saved_model"] = options.export
    if options.json:
        print(json_line(record))
        return
    for name, score in found.items():
        print(f"{name}: {score:.4f}")
    print(f"The model is in {options.output}{f', the SavedModel in {options.export}' if options.export else ''}.")


def compile_with_rate(task: Any, rate: float | None) -> None:
    """Puts another learning rate into the optimizer that the task chose."""
    if rate is not None:
        optimizer = type(task.optimizer)
        task.compile(optimizer=optimizer.from_config({**task.optimizer.get_config(), "learning_rate": rate}))


def prepared(options: argparse.Namespace) -> Any:
    """Keras with the seed set; what cannot be written in the end is refused before the training."""
    import keras

    folder = options.output.parent
    folder.mkdir(parents=True, exist_ok=True)
    if options.output.is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(message("a file that can be written", f"{options.output}", "-o FILE.keras in another folder"))
    if options.export:
        check_folder(options.export)
    keras.utils.set_random_seed(options.seed)
    return keras
