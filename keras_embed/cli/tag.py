"""`keras-embed tag`."""

import argparse
import sys
from collections.abc import Iterator
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
    bracketed,
    json_line,
)

if TYPE_CHECKING:
    from keras_embed.tasks import TaggedSentence, Tagger

_EXAMPLES = (
    "keras-embed tag ner.keras 'Maria Whitlock went to Reading .'",
    "keras-embed tag exported/ner/1 --json < sentences.txt",
    "keras-embed tag ner.keras --input sentences.txt --conll",
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "tag", run, "tag the words of sentences", _EXAMPLES)
    add_model(parser)
    add_texts(parser)
    formats = parser.add_mutually_exclusive_group()
    add_json(formats)
    formats.add_argument("--conll", action="store_true", help="write one word, a tab and its tag per line")
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Tags the words of sentences."""
    from keras_embed.tasks.tagger import tagged_sentences

    def kind() -> "type[Tagger]":
        from keras_embed.tasks import Tagger

        return Tagger

    answer = answerer(options, kind, lambda tagger, texts: tagger.tag(texts), tagged_sentences)
    for batch in answered(options, answer):
        for text, tagged in batch:
            for line in _lines(options, text, tagged):
                print(line)
        sys.stdout.flush()


def _lines(options: argparse.Namespace, text: str, tagged: "TaggedSentence") -> Iterator[str]:
    if options.json:
        names = ("start", "end", "type", "text", "score")
        spans = [{name: getattr(span, name) for name in names} for span in tagged.spans]
        found = {name: getattr(tagged, name) for name in ("tokens", "tags", "scores")}
        yield json_line({"text": text, **found, "spans": spans})
    elif options.conll:
        yield from (f"{token}\t{tag}" for token, tag in zip(tagged.tokens, tagged.tags, strict=True))
        yield ""
    elif tagged.spans or set(tagged.tags) <= {"O"}:
        brackets = [(span.start, span.end, span.type, span.score) for span in tagged.spans]
        yield bracketed(tagged.tokens, brackets, sys.stdout.isatty())
    else:  # tags without spans, such as parts of speech
        yield " ".join(f"{token}/{tag}" for token, tag in zip(tagged.tokens, tagged.tags, strict=True))
