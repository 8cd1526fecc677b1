"""The program `keras-embed`."""

import contextlib
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from keras_embed import _errors
from keras_embed._backend import import_quietly
from keras_embed.cli._commands import PROGRAM, Parser

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line.

    Args:
        arguments: the words after the program's name; by default those of this process.

    Returns:
        The exit status: 0 if all went well, 1 if it failed, 130 if it was interrupted.

    Raises:
        SystemExit: with status 2 for a wrong command line, and 0 after `--help` and `--version`.

    Example:
    >>> main(["corpora", "list", "--json"])  # doctest: +ELLIPSIS
    {"name": ...
    0
    """
    options = parser().parse_args(arguments)
    if getattr(options, "backend", None):
        os.environ["KERAS_BACKEND"] = options.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _short_warnings():
            if hasattr(options, "backend"):  # all that run a Keras model
                import_quietly("keras", "tensorflow")
            options.run(options)
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has had enough, as `head` has
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


def parser() -> Parser:
    """The parser of the whole program."""
    description = "Train, ask and serve models of text. `keras-embed COMMAND --help` says more, with examples."
    made = Parser(prog=PROGRAM, description=description)
    made.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in _COMMANDS:
        importlib.import_module(f"keras_embed.cli.{name}").add(commands)
    return made


def in_one_line(error: BaseException) -> str:
    """What an error says, without line feeds.

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
    """Warnings to users are lines without a place in the code; TensorFlow's about itself are left out."""

    def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
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
