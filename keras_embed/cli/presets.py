"""`keras-embed presets`."""

import argparse
import contextlib
import sys

from keras_embed.cli._shared import Commands, add_command, add_group, add_json, json_line

_LIST_EXAMPLES = ("keras-embed presets list", "keras-embed presets list --json")
_DOWNLOAD_EXAMPLES = ("keras-embed presets download elmo_tiny_en",)


def add(commands: Commands) -> None:
    """Adds the commands."""
    group = add_group(commands, "presets", "list and download pretrained encoders")
    summary = "list the encoders in the package, and published ones that can be downloaded"
    add_json(add_command(group, "list", run_list, summary, _LIST_EXAMPLES))
    summary = "download the missing files of a published encoder, and print their paths"
    fetching = add_command(group, "download", run_download, summary, _DOWNLOAD_EXAMPLES)
    fetching.add_argument("name", metavar="NAME", help="name of the encoder")
    add_json(fetching)


def run_list(options: argparse.Namespace) -> None:
    """Prints one encoder per line."""
    for record in _records():
        if options.json:
            print(json_line(record))
        else:
            print(*(record[name] for name in ("name", "source", "licence", "description")), sep="\t")


def _records() -> list[dict[str, str]]:
    from keras_embed.backbones.presets import ROOT, shipped
    from keras_embed.checkpoints import published

    ours = [
        {
            "name": name,
            "source": "package",
            "licence": "Apache-2.0",
            "description": _title((ROOT / name / "README.md").read_text("utf-8")),
        }
        for name in shipped()
    ]
    theirs = [
        {"name": name, "source": "download", "licence": model.licence, "description": model.description}
        for name, model in published().items()
    ]
    return [*ours, *theirs]


def _title(card: str) -> str:
    """Returns the first paragraph of a model card that is not a headline."""
    paragraphs = [" ".join(part.split()) for part in card.split("\n\n")]
    return next(part for part in paragraphs if part and not part.startswith(("#", "---")))


def run_download(options: argparse.Namespace) -> None:
    """Prints the path of each file, downloaded if necessary."""
    from keras_embed.backbones.presets import ROOT, shipped
    from keras_embed.checkpoints import published
    from keras_embed.corpora.downloads import find

    if options.name in shipped():
        paths = [ROOT / options.name]
    elif options.name in published():
        model = published()[options.name]
        with contextlib.redirect_stdout(sys.stderr):  # the progress of downloads is not output
            paths = [find(model, file, "models", True) for file in model.files]
    else:
        options.parser.error(f"expected a name that `keras-embed presets list` shows, received {options.name!r}")
    for path in paths:
        print(json_line({"preset": options.name, "path": str(path)}) if options.json else path)
