"""`keras-embed classify`."""

import argparse
import sys
from typing import TYPE_CHECKING

from keras_embed.cli._shared import (
    Commands,
    add_backend,
    add_command,
    add_json,
    add_model,
    add_texts,
    answered,
    answerer,
    json_line,
)

if TYPE_CHECKING:
    from keras_embed.tasks import TextClassifier

_EXAMPLES = (
    "keras-embed classify reviews.keras 'fine acting and a fine script'",
    "cat texts.txt | keras-embed classify reviews.keras --json",
    "keras-embed classify exported/reviews/1 --input texts.txt",
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "classify", run, "predict the labels of texts", _EXAMPLES)
    add_model(parser)
    add_texts(parser)
    add_json(parser)
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Classifies texts; prints a line of labels, probabilities and the text for each."""
    from keras_embed.tasks.classification import classified_texts

    def kind() -> "type[TextClassifier]":
        from keras_embed.tasks import TextClassifier

        return TextClassifier

    answer = answerer(options, kind, lambda classifier, texts: classifier.classify(texts), classified_texts)
    for batch in answered(options, answer):
        for text, found in batch:
            if options.json:
                record = {"text": text, "label": found.label, "labels": found.labels, "scores": found.scores}
                print(json_line({**record, "probabilities": found.probabilities}))
            else:
                labels = (f"{label} {score:.2f}" for label, score in zip(found.labels, found.scores, strict=True))
                print(f"{', '.join(labels)}\t{text}")
        sys.stdout.flush()
