"""`keras-embed classify`."""

import argparse
import sys
from typing import Any

from keras_embed.cli._commands import add_backend, add_command, add_json
from keras_embed.cli._models import add_model, answerer
from keras_embed.cli._show import json_line
from keras_embed.cli._texts import add_texts, text_batches

_EXAMPLES = (
    "keras-embed classify reviews.keras 'fine acting and a fine script'",
    "cat texts.txt | keras-embed classify reviews.keras --json",
    "keras-embed classify exported/reviews/1 --input texts.txt",
)


def add(commands: Any) -> None:
    """Adds the command."""
    parser = add_command(commands, "classify", run, "give texts their labels", _EXAMPLES)
    add_model(parser)
    add_texts(parser)
    add_json(parser)
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Classifies: a line of labels, probabilities and the text for each text."""
    from keras_embed.tasks.classification import classified_texts

    def task() -> Any:
        from keras_embed.tasks import TextClassifier

        return TextClassifier

    answer = answerer(options, task, lambda classifier, texts: classifier.classify(texts), classified_texts)
    for texts in text_batches(options):
        for text, found in zip(texts, answer(texts), strict=True):
            if options.json:
                record = {"text": text, "label": found.label, "labels": found.labels, "scores": found.scores}
                print(json_line({**record, "probabilities": found.probabilities}))
            else:
                labels = (f"{label} {score:.2f}" for label, score in zip(found.labels, found.scores, strict=True))
                print(f"{', '.join(labels)}\t{text}")
        sys.stdout.flush()
