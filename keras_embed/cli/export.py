"""`keras-embed export`."""

import argparse
from pathlib import Path

from keras_embed.cli._shared import (
    Commands,
    add_backend,
    add_command,
    add_json,
    add_model,
    check_export_folder,
    json_line,
    load_task,
)

_EXAMPLES = ("keras-embed export ner.keras exported/ner/1",)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "export", run, "write a model as a SavedModel", _EXAMPLES)
    add_model(parser, "a .keras file of a task with a preprocessor")
    parser.add_argument(
        "folder", metavar="DIR", help="folder to write, by convention NAME/VERSION; an existing SavedModel is replaced"
    )
    add_json(parser)
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Loads and exports a task."""
    check_export_folder(options.folder)
    from keras_embed.tasks.string_task import StringTask

    load_task(options.model, StringTask).export(options.folder)
    size = sum(file.stat().st_size for file in Path(options.folder).rglob("*") if file.is_file())
    if options.json:
        print(json_line({"saved_model": options.folder, "bytes": size}))
    else:
        print(f"The SavedModel is in {options.folder}, {size / 1e6:.1f} MB.")
