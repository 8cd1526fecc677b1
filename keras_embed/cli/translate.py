"""`keras-embed translate`."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

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
    positive,
)

if TYPE_CHECKING:
    from keras_embed.tasks import Translator

_Hypotheses: TypeAlias = list[tuple[str, float]]
_EXAMPLES = (
    "keras-embed translate de-en.keras 'der hund schläft'",
    "keras-embed translate de-en.keras --beam 3 --n-best 2 --json < german.txt",
    "keras-embed translate exported/de-en/1 --input german.txt",
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "translate", run, "translate texts", _EXAMPLES)
    add_model(parser)
    add_texts(parser)
    parser.add_argument("--beam", type=positive, metavar="N", help="width of the beam search; 1 is greedy")
    parser.add_argument(
        "--n-best", type=positive, metavar="N", help="number of translations of each text, printed with their scores"
    )
    parser.add_argument("--max-length", type=positive, metavar="N", help="maximum number of subwords of a translation")
    add_json(parser)
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Translates texts; prints one line for each, or `--n-best` lines."""
    chosen = {name: getattr(options, name) for name in ("beam", "n_best", "max_length") if getattr(options, name)}
    if options.n_best and options.beam and options.n_best > options.beam:
        options.parser.error(f"expected --n-best of at most --beam {options.beam}, received {options.n_best}")

    def kind() -> "type[Translator]":
        from keras_embed.tasks import Translator

        return Translator

    def ask(translator: "Translator", texts: Sequence[str]) -> list[_Hypotheses]:
        found = translator.translate(texts, **chosen)
        return [[(hypothesis.text, hypothesis.score) for hypothesis in one.hypotheses] for one in found]

    answer = answerer(options, kind, ask, None if chosen else _served)
    for batch in answered(options, answer):
        for text, hypotheses in batch:
            if options.json:
                found = [{"text": one, "score": score} for one, score in hypotheses]
                print(json_line({"source": text, "translation": hypotheses[0][0], "hypotheses": found}))
            elif options.n_best:
                print(*(f"{score:.3f}\t{one}" for one, score in hypotheses), sep="\n")
            else:
                print(hypotheses[0][0])
        sys.stdout.flush()


def _served(outputs: dict[str, NDArray[Any]]) -> list[_Hypotheses]:
    """Converts the outputs of a SavedModel. Rows are padded with empty hypotheses; only the first may be empty."""
    texts = [[text.decode("utf-8", "replace") for text in row] for row in outputs["hypotheses"]]
    pairs = [list(zip(row, scores, strict=True)) for row, scores in zip(texts, outputs["scores"].tolist(), strict=True)]
    return [row[:1] + [pair for pair in row[1:] if pair[0]] for row in pairs]
