"""Models that answer texts: saved tasks, presets and exported SavedModels."""

import argparse
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from keras_embed._errors import message
from keras_embed.cli._commands import Parser

_MODEL_HELP = "a .keras file, a preset (folder or handle), or the folder of an exported SavedModel"


def add_model(parser: Parser, help: str = _MODEL_HELP) -> None:
    """The argument `options.model`."""
    parser.add_argument("model", metavar="MODEL", help=help)


def load_task(name: str, kind: Any) -> Any:
    """A saved task.

    Args:
        name: a `.keras` file, or a preset.
        kind: the class that it should be of, such as `tasks.Tagger`.

    Raises:
        ValueError: for a file of something else, and for what is no preset.
        FileNotFoundError: for a file that is not there.
    """
    _check_there(name)
    if not name.endswith(".keras"):
        return kind.from_preset(name)
    import keras

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")  # nothing is trained here
        task = keras.saving.load_model(name, compile=False)
    if not isinstance(task, kind):
        expected = f"{name} to be a saved {kind.__name__}"
        raise ValueError(message(expected, type(task).__name__, _command_of(type(task).__name__)))
    return task


def answerer(
    options: argparse.Namespace, kind: Callable[[], Any], ask: Callable[[Any, Sequence[str]], Any], read: Any
) -> Callable[[Sequence[str]], Any]:
    """What answers a batch of texts, whatever `options.model` is.

    Args:
        options: of the command.
        kind: gives the class of the task; called only where there is one to load.
        ask: from a task and texts to answers.
        read: from a SavedModel's outputs, arrays by name, to answers; None where the options ask for what no SavedModel
            can do.
    """
    _check_there(options.model)
    from keras_embed.serving import ServedModel, is_saved_model

    if not is_saved_model(options.model):
        task = load_task(options.model, kind())
        return lambda texts: ask(task, texts)
    if read is None:
        options.parser.error("expected a .keras file or a preset for these options, received a SavedModel")
    model = ServedModel(options.model)
    return lambda texts: read(model.outputs({"text": list(texts)}))


def _check_there(name: str) -> None:
    """Raises `FileNotFoundError`, before anything slow is imported."""
    if "://" not in name and not Path(name).exists():
        expected = "a .keras file, the folder of a preset or a SavedModel, or a handle such as hf://user/model"
        raise FileNotFoundError(message(expected, f"{name}, which is not there"))


def _command_of(name: str) -> str | None:
    commands = {"Tagger": "tag", "TextClassifier": "classify", "Translator": "translate"}
    return f"keras-embed {commands[name]}" if name in commands else None
