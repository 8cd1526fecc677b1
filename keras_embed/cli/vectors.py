"""`keras-embed vectors`."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from keras_embed.cli._shared import (
    Commands,
    Parser,
    add_command,
    add_group,
    add_json,
    check_answered,
    json_line,
    positive,
    report,
    standard_input,
)
from keras_embed.corpora.lines import numbered_lines

if TYPE_CHECKING:
    from keras_embed.vectors import WordVectors

_SIMILAR_EXAMPLES = (
    "keras-embed vectors similar vectors.txt king --top 2",
    "keras-embed vectors similar vectors.txt king --negative man",
    "cat words.txt | keras-embed vectors similar vectors.txt --json",
)
_ANALOGY_EXAMPLES = ("keras-embed vectors analogy vectors.txt man king woman",)
_CONVERT_EXAMPLES = (
    "keras-embed vectors convert vectors.txt vectors.bin",
    "keras-embed vectors convert vectors.txt small --limit 3 --dtype float16",
)
_FORMS = ("folder", "glove", "word2vec", "word2vec-binary")


def add(commands: Commands) -> None:
    """Adds the commands."""
    group = add_group(commands, "vectors", "query and convert static word vectors")
    similar = add_command(group, "similar", run_similar, "find the words nearest to a word", _SIMILAR_EXAMPLES)
    _add_vectors(similar)
    similar.rest = "words"
    similar.add_argument("words", nargs="*", metavar="WORD", help="default: each line of standard input")
    similar.add_argument(
        "--negative", action="append", default=[], metavar="WORD", help="a word that answers should be dissimilar to"
    )
    _add_answers(similar, 10)
    analogy = add_command(group, "analogy", run_analogy, "find the word that is to C as B is to A", _ANALOGY_EXAMPLES)
    _add_vectors(analogy)
    for name in "abc":
        analogy.add_argument(name, metavar=name.upper())
    analogy.add_argument("--method", choices=("3cosadd", "3cosmul"), default="3cosadd", help="(3cosadd)")
    _add_answers(analogy, 1)
    convert = add_command(group, "convert", run_convert, "write word vectors in another format", _CONVERT_EXAMPLES)
    _add_vectors(convert)
    convert.add_argument("output", type=Path, metavar="OUTPUT", help="file, or a folder, which loads fastest")
    help = "default: word2vec for .txt and .vec, word2vec-binary for .bin, a folder for a name without suffix"
    convert.add_argument("--to", choices=_FORMS, help=help)
    convert.add_argument("--dtype", choices=("float32", "float16", "int8"), help="data type of the numbers in a folder")


def _add_vectors(parser: Parser) -> None:
    parser.add_argument("vectors", metavar="VECTORS", help="file or folder of word vectors, in any common format")
    parser.add_argument("--limit", type=positive, metavar="N", help="read the first N rows only")


def _add_answers(parser: Parser, top: int) -> None:
    parser.add_argument("--top", type=positive, default=top, metavar="N", help=f"number of answers ({top})")
    add_json(parser)


def run_similar(options: argparse.Namespace) -> None:
    """Answers one query with all words of the command line, or one per line of standard input.

    An unknown word in a line is reported, and the other lines are answered.
    """
    stream = None if options.words else standard_input()  # closed standard input is an error before the vectors load
    vectors = _load(options)
    if stream is None:
        _show(options, {"words": options.words}, vectors.most_similar(options.words, options.negative, options.top))
        return
    failed = count = 0
    for words in _input_words(stream):
        count += 1
        try:
            found = vectors.most_similar(words, options.negative, options.top)
        except (KeyError, ValueError) as error:
            failed += 1
            report(options, f"no answer to {words[0]!r}: {error}")
            continue
        _show(options, {"words": words}, found)
    check_answered(failed, count)


def _input_words(stream: IO[bytes]) -> Iterator[list[str]]:
    for _, line in numbered_lines(stream):
        if line.strip():
            yield [line.strip()]


def run_analogy(options: argparse.Namespace) -> None:
    """Answers one analogy."""
    found = _load(options).analogy(options.a, options.b, options.c, options.top, options.method)
    _show(options, {"a": options.a, "b": options.b, "c": options.c}, found)


def run_convert(options: argparse.Namespace) -> None:
    """Converts a file of word vectors."""
    from keras_embed.vectors import save_word2vec

    to = options.to or _form_of(options.output)
    if to is None:
        options.parser.error(
            f"expected an OUTPUT whose suffix determines its format, or --to, received {options.output}"
        )
    if options.dtype and to != "folder":
        options.parser.error(f"expected --dtype for a folder only, received {options.dtype} for {to}")
    vectors = _load(options)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    if to == "folder":
        (vectors.astype(options.dtype) if options.dtype else vectors).save(options.output)
    else:
        save_word2vec(vectors, options.output, binary=to == "word2vec-binary", header=to != "glove")
    print(f"{len(vectors):,} vectors of {vectors.dim} numbers are in {options.output}.", file=sys.stderr)


def _form_of(path: Path) -> str | None:
    """Guesses the format from a file name.

    Example:
    >>> _form_of(Path("a.vec.gz")), _form_of(Path("a.bin")), _form_of(Path("folder")), _form_of(Path("a.npy"))
    ('word2vec', 'word2vec-binary', 'folder', None)
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix
    return {".txt": "word2vec", ".vec": "word2vec", ".bin": "word2vec-binary", "": "folder"}.get(suffix)


def _load(options: argparse.Namespace) -> "WordVectors":
    from keras_embed import vectors

    return vectors.load(options.vectors, limit=options.limit)


def _show(options: argparse.Namespace, query: Mapping[str, object], found: Iterable[tuple[str, float]]) -> None:
    if options.json:
        answers = [{"word": word, "score": float(score)} for word, score in found]
        print(json_line({**query, "answers": answers}), flush=True)
    else:
        print(*(f"{score:.4f}\t{word}" for word, score in found), sep="\n", flush=True)
