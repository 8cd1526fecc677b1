"""`keras-embed embed`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_embed._errors import message
from keras_embed.cli import _embedders
from keras_embed.cli._commands import add_backend, add_command, positive
from keras_embed.cli._rows import RowFile
from keras_embed.cli._show import json_line
from keras_embed.cli._texts import in_batches, standard_input
from keras_embed.corpora.lines import numbered_lines

_EXAMPLES = (
    "keras-embed embed sentences.txt sentences.npy --vectors vectors.txt",
    "cat sentences.txt | keras-embed embed - sentences.npy --elmo elmo_tiny_en",
    "keras-embed embed sentences.txt words.npy --encoder ner.keras --words",
)


def add(commands: Any) -> None:
    """Adds the command."""
    parser = add_command(commands, "embed", run, "write the vectors of texts, or of their words, to disk", _EXAMPLES)
    parser.add_argument("input", metavar="INPUT", help="a text a line, in UTF-8; - is standard input")
    help = "a .npy file of float32 (N, D); beside it a .jsonl file says which rows belong to which text"
    parser.add_argument("output", type=_npy, metavar="OUTPUT", help=help)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--vectors", metavar="FILE", help="static word vectors, in any usual format")
    source.add_argument("--elmo", metavar="PRESET", help="an ELMo: a preset such as elmo_tiny_en, or a published one")
    help = "the encoder of a saved task (.keras), or a preset of Keras Hub"
    source.add_argument("--encoder", metavar="MODEL", help=help)
    parser.add_argument("--layer", default="mean", type=_layer, help="of an ELMo: a number, top, or the mean (mean)")
    parser.add_argument("--words", action="store_true", help="a row for each word, not the mean of a text's words")
    parser.add_argument("--split", choices=("words", "blanks"), default="words", help=_SPLIT_HELP)
    parser.add_argument("--batch-size", type=positive, default=32, metavar="N", help="texts at a time, at most (32)")
    add_backend(parser)


_SPLIT_HELP = "how texts are split for --vectors and --elmo; at blanks where they are tokenised (words)"


def run(options: argparse.Namespace) -> None:
    """Reads, embeds and writes, a batch at a time."""
    batches = _batches(options)
    embed = _embedder(options)
    count = 0
    with RowFile(options.output) as rows, RowFile.beside(options.output) as index:
        for texts in batches:
            for text, (words, matrix) in zip(texts, embed(texts), strict=True):
                first, count = rows.count, count + 1
                record: dict[str, Any] = {"text": text}
                if options.words:
                    rows.append(matrix)
                    record |= {"words": words, "first_row": first, "num_rows": len(matrix)}
                else:
                    rows.append(matrix.mean(axis=0, keepdims=True) if len(matrix) else 0 * matrix.sum(0, keepdims=True))
                    record |= {"row": first, "num_words": len(matrix)}
                index.write(json_line(record) + "\n")
        if not count:
            raise ValueError(message("at least one text", f"none in {options.input}"))
    print(f"{rows.count:,} vectors of {rows.width} numbers are in {options.output}.", file=sys.stderr)


def _batches(options: argparse.Namespace) -> Iterator[list[str]]:
    written = (options.output, options.output.with_suffix(".jsonl"))
    if options.input != "-":
        if Path(options.input).resolve() in [path.resolve() for path in written]:
            options.parser.error(f"expected an OUTPUT that leaves {options.input} as it is, received {options.output}")
        open(options.input, "rb").close()  # so that a wrong name shows before a model is loaded
    source = standard_input() if options.input == "-" else options.input
    return in_batches((line for _, line in numbered_lines(source)), options.batch_size)


def _embedder(options: argparse.Namespace) -> _embedders.Embedder:
    if options.layer != "mean" and not options.elmo:
        options.parser.error("expected --layer together with --elmo")
    if options.vectors:
        return _embedders.static(options.vectors, options.split)
    if options.elmo:
        return _embedders.elmo(options.elmo, options.split, options.layer)
    return _embedders.encoder(options.encoder)


def _npy(text: str) -> Path:
    if not text.endswith(".npy") or text == ".npy":
        raise argparse.ArgumentTypeError(f"expected a file name that ends in .npy, received {text!r}")
    return Path(text)


def _layer(text: str) -> str | int:
    if text in ("mean", "top"):
        return text
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a number, top or mean, received {text!r}")
    return int(text)
