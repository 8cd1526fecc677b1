"""`keras-embed tag`."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from keras_embed.cli._commands import add_backend, add_command, add_json
from keras_embed.cli._models import add_model, answerer
from keras_embed.cli._show import bracketed, json_line
from keras_embed.cli._texts import add_texts, text_batches

_EXAMPLES = (
    "keras-embed tag ner.keras 'Maria Whitlock went to Reading .'",
    "keras-embed tag exported/ner/1 --json < sentences.txt",
    "keras-embed tag ner.keras --input sentences.txt --conll",
)


def add(commands: Any) -> None:
    """Adds the command."""
    parser = add_command(commands, "tag", run, "tag the words of sentences", _EXAMPLES)
    add_model(parser)
    add_texts(parser)
    forms = parser.add_mutually_exclusive_group()
    add_json(forms)
    forms.add_argument("--conll", action="store_true", help="write a word, a tab and its tag a line")
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Tags."""
    from keras_embed.tasks.tagger import tagged_sentences

    def task() -> Any:
        from keras_embed.tasks import Tagger

        return Tagger

    answer = answerer(options, task, lambda tagger, texts: tagger.tag(texts), tagged_sentences)
    for texts in text_batches(options):
        for text, tagged in zip(texts, answer(texts), strict=True):
            for line in _lines(options, text, tagged):
                print(line)
        sys.stdout.flush()


def _lines(options: argparse.Namespace, text: str, tagged: Any) -> Iterator[str]:
    spans = [{name: getattr(span, name) for name in ("start", "end", "type", "text", "score")} for span in tagged.spans]
    if options.json:
        found = {name: getattr(tagged, name) for name in ("tokens", "tags", "scores")}
        yield json_line({"text": text, **found, "spans": spans})
    elif options.conll:
        yield from (f"{token}\t{tag}" for token, tag in zip(tagged.tokens, tagged.tags, strict=True))
        yield ""
    elif spans or set(tagged.tags) <= {"O"}:
        yield bracketed(
            tagged.tokens,
            [tuple(span[n] for n in ("start", "end", "type", "score")) for span in spans],
            sys.stdout.isatty(),
        )
    else:
        yield " ".join(f"{token}/{tag}" for token, tag in zip(tagged.tokens, tagged.tags, strict=True))
