"""The program `keras-embed`."""

import argparse
import codecs
import contextlib
import importlib
import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from keras_embed import _errors
from keras_embed._backend import import_quietly
from keras_embed.cli._shared import PROGRAM, Parser

_COMMANDS = (
    "train",
    "tag",
    "classify",
    "translate",
    "export",
    "embed",
    "vectors",
    "presets",
    "corpora",
    "serve",
    "demo",
)

#: Options that are paths.
_PATHS = ("input", "output", "export", "folder", "train", "dev", "vectors", "elmo", "encoder", "model")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line.

    Args:
        arguments: the arguments after the program's name; by default those of this process.

    Returns:
        The exit status: 0 after success, 1 after an error, 130 after an interrupt.

    Raises:
        SystemExit: With status 2 for an invalid command line, and 0 after `--help` and `--version`.

    Example:
    >>> main(["corpora", "list", "--json"])  # doctest: +ELLIPSIS
    {"name": ...
    0
    """
    closed = _open_streams()
    _escape_characters()
    options = parser().parse_args(arguments)
    _expand_paths(options)
    # A report is not needed beside a written file; answers are.
    answers = options.command in ("tag", "classify", "translate", "vectors", "presets", "corpora")
    if "standard output" in closed and answers and not hasattr(options, "output"):
        received = "closed standard output"
        print(
            f"{options.parser.prog}: error: {_errors.message('standard output to be open', received, '> FILE')}",
            file=sys.stderr,
        )
        return 1
    # Keras reads its backend from the environment when it is imported, which is only now.
    if getattr(options, "backend", None):
        os.environ["KERAS_BACKEND"] = options.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _short_warnings():
            if hasattr(options, "backend"):  # commands that run a Keras model
                import_quietly("keras", "tensorflow")
            options.run(options)
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of the output has closed it, as `head` does
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if options.traceback:
            raise
        print(f"{options.parser.prog}: error: {in_one_line(error)}", file=sys.stderr)
        return 1
    return 0


def _open_streams() -> list[str]:
    """Opens the null device in place of closed standard streams, as services have; returns their names.

    Otherwise the next file that is opened gets the descriptor of a standard stream, and the messages of frameworks are
    written into it.
    """
    closed = []
    for descriptor, name in enumerate(("standard input", "standard output", "standard error")):
        try:
            os.fstat(descriptor)
        except OSError:
            closed.append(name)
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, which is this one
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
        closed = [*closed, "standard output"]
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")
    return closed


def _escape_characters() -> None:
    """Lets streams that hold some characters only, such as ASCII, hold the others as `\\uXXXX`, as JSON has them."""
    codecs.register_error("keras_embed_json", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors="keras_embed_json")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    warnings.warn(f"Characters that {error.encoding} lacks are written as \\uXXXX.", stacklevel=2)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _expand_paths(options: argparse.Namespace) -> None:
    """Replaces `~` at the start of paths, which shells leave in arguments such as `--output=~/a.keras`."""
    for name in _PATHS:
        value = getattr(options, name, None)
        if isinstance(value, list):
            setattr(options, name, [os.path.expanduser(one) for one in value])
        elif isinstance(value, Path):
            setattr(options, name, Path(os.path.expanduser(value)))
        elif isinstance(value, str):
            setattr(options, name, os.path.expanduser(value))


def parser() -> Parser:
    """Returns the parser of the program."""
    description = "Train, ask and serve models of text. `keras-embed COMMAND --help` shows its options and examples."
    program = Parser(prog=PROGRAM, description=description)
    program.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = program.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Modules of commands import frameworks only when they run, so that `--help` is fast.
    for name in _COMMANDS:
        importlib.import_module(f"keras_embed.cli.{name}").add(commands)
    return program


def in_one_line(error: BaseException) -> str:
    """Returns the message of an error without line feeds.

    Example:
    >>> in_one_line(ValueError("Expected a text.\\n  Received: 3."))
    'Expected a text. Received: 3.'
    """
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = _errors.message(f"to read or write {error.filename}", error.strerror)
    return text or type(error).__name__


@contextlib.contextmanager
def _short_warnings() -> Iterator[None]:
    """Prints warnings for users in one line, without a code location, and hides TensorFlow's internal warnings."""

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        if issubclass(category, UserWarning):
            print(f"{PROGRAM}: warning: {' '.join(str(message).split())}", file=sys.stderr)

    log = logging.getLogger("tensorflow")
    level = log.level
    with warnings.catch_warnings():
        warnings.showwarning = show
        log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            log.setLevel(level)


def _version() -> str:
    return str(importlib.import_module("keras_embed").__version__)
