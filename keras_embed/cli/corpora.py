"""`keras-embed corpora`."""

import argparse
import contextlib
import sys

from keras_embed.cli._shared import Commands, add_command, add_group, add_json, json_line

_LIST_EXAMPLES = ("keras-embed corpora list", "keras-embed corpora list --json")
_DOWNLOAD_EXAMPLES = ("keras-embed corpora download tiny_ner", "keras-embed corpora download tiny_ner --split dev")


def add(commands: Commands) -> None:
    """Adds the commands."""
    group = add_group(commands, "corpora", "list and download registered corpora")
    listing = add_command(group, "list", run_list, "list the corpora that `train --corpus` knows", _LIST_EXAMPLES)
    add_json(listing)
    summary = "download the missing files of a corpus, and print their paths"
    fetching = add_command(group, "download", run_download, summary, _DOWNLOAD_EXAMPLES)
    fetching.add_argument("name", metavar="NAME", help="name of the corpus")
    fetching.add_argument("--split", action="append", metavar="NAME", help="only this split; may be repeated")
    add_json(fetching)


def run_list(options: argparse.Namespace) -> None:
    """Prints one corpus per line."""
    from keras_embed import corpora

    for entry in map(corpora.describe, corpora.names()):
        if options.json:
            fields = ("name", "description", "licence", "citation", "homepage")
            record = {name: getattr(entry, name) for name in fields}
            print(json_line({**record, "splits": list(entry.splits), "tags": entry.tags}))
        else:
            print(f"{entry.name}\t{', '.join(entry.splits)}\t{entry.licence}\t{entry.description}")


def run_download(options: argparse.Namespace) -> None:
    """Prints the path of each file, downloaded if necessary."""
    from keras_embed import corpora
    from keras_embed.corpora.downloads import find

    entry = corpora.describe(options.name)
    splits = options.split or list(entry.splits)
    if unknown := sorted(set(splits) - set(entry.splits)):
        options.parser.error(f"expected parts among {', '.join(entry.splits)}, received {unknown[0]!r}")
    for split in splits:
        with contextlib.redirect_stdout(sys.stderr):  # the progress of downloads is not output
            paths = [str(find(entry, file)) for file in entry.splits[split]]
        for path in paths:
            print(json_line({"corpus": entry.name, "split": split, "path": path}) if options.json else path)
