"""`keras-embed export`."""

import argparse
from pathlib import Path
from typing import Any

from keras_embed._errors import message
from keras_embed.cli._commands import add_backend, add_command, add_json
from keras_embed.cli._models import add_model, load_task
from keras_embed.cli._show import json_line

_EXAMPLES = ("keras-embed export ner.keras exported/ner/1",)


def add(commands: Any) -> None:
    """Adds the command."""
    parser = add_command(commands, "export", run, "write a model as a SavedModel", _EXAMPLES)
    add_model(parser, "a .keras file of a task with a preprocessor")
    parser.add_argument("folder", metavar="DIR", help="folder to make, by custom NAME/VERSION; one there is replaced")
    add_json(parser)
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Loads, exports, and says so."""
    check_folder(options.folder)
    from keras_embed.tasks import StringTask

    load_task(options.model, StringTask).export(options.folder)
    size = sum(file.stat().st_size for file in Path(options.folder).rglob("*") if file.is_file())
    if options.json:
        print(json_line({"saved_model": options.folder, "bytes": size}))
    else:
        print(f"The SavedModel is in {options.folder}, {size / 1e6:.1f} MB.")


def check_folder(folder: str | Path) -> None:
    """Raises `ValueError` where a folder holds something else than a SavedModel: it would be replaced."""
    path = Path(folder)
    if path.exists() and not (path / "saved_model.pb").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise ValueError(message("a new folder, or one of a SavedModel", f"{folder}, which holds something else"))
