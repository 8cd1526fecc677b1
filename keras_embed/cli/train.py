"""`keras-embed train`."""

from typing import Any

from keras_embed.cli import _train_classifier, _train_tagger, _train_translator
from keras_embed.cli._commands import add_group


def add(commands: Any) -> None:
    """Adds the commands."""
    group = add_group(commands, "train", "train a tagger, a classifier or a translator")
    for command in (_train_tagger, _train_classifier, _train_translator):
        command.add(group)
