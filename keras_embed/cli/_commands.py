"""What the commands' parsers share."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

PROGRAM = "keras-embed"


class Parser(argparse.ArgumentParser):
    """An argument parser that reports what is wrong in one line, with exit status 2.

    `rest` names the positional arguments of which there may be any number: some may stand behind an option, which
    `argparse` alone refuses.
    """

    rest: str | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **kwargs)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As `argparse` does, with the late ones of `rest`."""
        namespace, extras = super().parse_known_args(args, namespace)
        if self.rest and not any(extra.startswith("-") for extra in extras):
            setattr(namespace, self.rest, [*getattr(namespace, self.rest), *extras])
            extras = []
        return namespace, extras

    def error(self, message: str) -> NoReturn:
        """Writes the line and leaves."""
        self.exit(2, f"{self.prog}: error: {message}. Try {self.prog} --help.\n")


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], None], summary: str, examples: Sequence[str]
) -> Parser:
    """A command's parser.

    Args:
        commands: what `add_subparsers` gave.
        name: of the command.
        run: does it, given the options; they hold the parser as `parser`.
        summary: what it does, in a line.
        examples: command lines, shown by `--help`; each is run in the tests.
    """
    epilog = "examples:\n" + "\n".join(f"  {example}" for example in examples)
    parser: Parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.epilog = epilog
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("--traceback", action="store_true", help="where something fails, show where in the code")
    return parser


def add_group(commands: Any, name: str, summary: str) -> Any:
    """Subparsers of a command with commands of its own."""
    parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    return parser.add_subparsers(dest=f"{name}_command", required=True, metavar="COMMAND")


def add_backend(parser: Parser) -> None:
    """The option of commands that run a Keras model."""
    choices = ("tensorflow", "jax", "torch")
    parser.add_argument("--backend", choices=choices, help="of Keras; by default what Keras is configured for")


def add_json(parser: Any) -> None:
    """The option of commands whose answers a program may read."""
    parser.add_argument("--json", action="store_true", help="write one JSON object a line")


def positive(text: str) -> int:
    """The type of an option: an integer above zero.

    Example:
    >>> positive("3")
    3
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, received {text!r}")
    return int(text)


def positive_float(text: str) -> float:
    """The type of an option: a number above zero.

    Example:
    >>> positive_float("0.5")
    0.5
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number, received {text!r}")
    return number


def keras_file(text: str) -> Path:
    """The type of an option: the name of a file to save a model to.

    Example:
    >>> keras_file("ner.keras").suffix
    '.keras'
    """
    if not text.endswith(".keras") or text == ".keras":
        raise argparse.ArgumentTypeError(f"expected a file name that ends in .keras, received {text!r}")
    return Path(text)
