"""Parts that several commands share: parsers, texts from arguments and files, models, and output."""

import argparse
import itertools
import json
import math
import queue
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar, cast

from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed.corpora.lines import numbered_lines

if TYPE_CHECKING:
    import keras_hub

_Answer = TypeVar("_Answer")
_Answers = TypeVar("_Answers")
_Task = TypeVar("_Task", bound="keras_hub.models.Task")

PROGRAM = "keras-embed"


# --- parsers ---


class Parser(argparse.ArgumentParser):
    """An argument parser that reports errors in one line, with exit status 2.

    `rest` names the positional arguments of variable number. Some of them may follow an option, which `argparse` alone
    does not allow.
    """

    rest: str | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **kwargs)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parses as `argparse` does, and appends arguments after options to `rest`."""
        # `argparse` fills positional arguments at once, and reports those after an option as unknown.
        parsed, extras = super().parse_known_args(args, namespace)
        if self.rest and not any(extra.startswith("-") for extra in extras):
            setattr(parsed, self.rest, [*getattr(parsed, self.rest), *extras])
            extras = []
        return parsed, extras

    def error(self, message: str) -> NoReturn:
        """Prints the error and exits."""
        self.exit(2, f"{self.prog}: error: {message}. Try {self.prog} --help.\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""The subparsers that commands add themselves to."""


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None], summary: str, examples: Sequence[str]
) -> Parser:
    """Adds the parser of a command.

    Args:
        commands: the subparsers.
        name: name of the command.
        run: runs the command, given the options, of which `parser` is the parser.
        summary: a summary in one line.
        examples: command lines for `--help`; each is run in the tests.
    """
    epilog = "examples:\n" + "\n".join(f"  {example}" for example in examples)
    parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.epilog = epilog
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("--traceback", action="store_true", help="show a traceback after an error")
    return parser


def add_group(commands: Commands, name: str, summary: str) -> Commands:
    """Adds a command that consists of subcommands; returns their subparsers."""
    parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    return parser.add_subparsers(dest=f"{name}_command", required=True, metavar="COMMAND")


def add_backend(parser: Parser) -> None:
    """Adds the option of commands that run a Keras model."""
    choices = ("tensorflow", "jax", "torch")
    parser.add_argument("--backend", choices=choices, help="backend of Keras (default: the configured one)")


def add_json(parser: argparse._ActionsContainer) -> None:
    """Adds the option of commands with machine-readable output."""
    parser.add_argument("--json", action="store_true", help="write one JSON object per line")


def positive(text: str) -> int:
    """Parses an option that is a positive integer.

    Example:
    >>> positive("3")
    3
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, received {text!r}")
    return int(text)


def positive_float(text: str) -> float:
    """Parses an option that is a positive finite number.

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


def separator(text: str) -> str:
    """Parses a separator; `tab` and `\\t` are a tab.

    Example:
    >>> separator("tab"), separator(";")
    ('\\t', ';')
    """
    if not text or "\n" in text:
        raise argparse.ArgumentTypeError(f"expected a separator, received {text!r}")
    return "\t" if text in ("tab", "\\t") else text


def encoding(text: str) -> str:
    """Parses the name of an encoding.

    Example:
    >>> encoding("utf-16")
    'utf-16'
    """
    try:
        next(numbered_lines([], text), None)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an encoding such as utf-8, received {text!r}") from None
    return text


def add_encoding(parser: Parser, files: str) -> None:
    """Adds the option `options.encoding`."""
    help = f"encoding of {files} (utf-8; byte-order marks are followed)"
    parser.add_argument("--encoding", type=encoding, default="utf-8", metavar="NAME", help=help)


# --- texts ---


def add_texts(parser: Parser) -> None:
    """Adds the arguments that `text_batches` reads."""
    parser.rest = "texts"
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="default: each line of standard input is a text")
    help = "one text per line, also as .gz or .xz; - is standard input; may be repeated"
    parser.add_argument("-i", "--input", action="append", default=[], metavar="FILE", help=help)
    add_encoding(parser, "the input")
    parser.add_argument(
        "--batch-size", type=positive, default=32, metavar="N", help="maximum number of texts in a batch (32)"
    )


def text_batches(options: argparse.Namespace) -> Iterator[list[str]]:
    """Yields the texts in order, in lists of at most `options.batch_size`.

    From standard input, a list contains the lines that are available: a program that writes one line gets its answer
    immediately.
    """
    if options.texts and options.input:
        options.parser.error("expected texts or --input, received both")
    yield from in_batches(options.texts, options.batch_size)
    code = getattr(options, "encoding", "utf-8")
    for name in options.input or ([] if options.texts else ["-"]):
        if name == "-":
            yield from waiting_batches(standard_input(), options.batch_size, code)
        else:
            yield from in_batches((line for _, line in numbered_lines(name, code)), options.batch_size)


def answered(
    options: argparse.Namespace, answer: Callable[[list[str]], Sequence[_Answer]]
) -> Iterator[list[tuple[str, _Answer]]]:
    """Yields the texts of each batch with their answers.

    If a batch fails, its texts are answered one by one. A text that fails on its own is reported on standard error, and
    the others are answered.

    Args:
        options: options of the command, as `text_batches` reads them.
        answer: computes the answers to a batch of texts.

    Raises:
        ValueError: At the end, if texts failed; immediately, if all texts of the first batch fail.
    """
    failed = count = 0
    for texts in text_batches(options):
        try:
            found = list(zip(texts, answer(texts), strict=True))
        except ValueError:
            if len(texts) == 1 and not count:
                raise
            found = []
            for text in texts:
                try:
                    found.append((text, answer([text])[0]))
                except ValueError as error:
                    failed += 1
                    report(options, f"no answer to {text!r}: {error}")
            if not found and not count:  # the fault of the model rather than of a text
                raise
        count += len(texts)
        yield found
    check_answered(failed, count)


def report(options: argparse.Namespace, text: str) -> None:
    """Prints an error about one of several items."""
    print(f"{options.parser.prog}: error: {' '.join(text.split())}", file=sys.stderr, flush=True)


def check_answered(failed: int, count: int) -> None:
    """Raises `ValueError` if some of the items had no answer."""
    if failed:
        raise ValueError(message(f"an answer to each of {count} items", f"none to {failed} of them"))


def in_batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yields lists of `size` texts; the last may be shorter.

    Example:
    >>> list(in_batches(["a", "b", "c"], 2))
    [['a', 'b'], ['c']]
    """
    rest = iter(texts)
    while batch := list(itertools.islice(rest, size)):
        yield batch


def waiting_batches(stream: IO[bytes], size: int, encoding: str = "utf-8") -> Iterator[list[str]]:
    """Yields lists of at most `size` lines: waits for one, and adds those that are already available."""
    lines: queue.Queue[str | Exception | None] = queue.Queue(maxsize=4 * size)  # None marks the end

    def read() -> None:
        try:
            for _, line in numbered_lines(stream, encoding):
                lines.put(line)
            lines.put(None)
        except Exception as error:
            lines.put(error)

    # A daemon thread: a read that blocks does not delay the exit.
    threading.Thread(target=read, daemon=True).start()
    batch: list[str] = []
    # Invariant: `batch` holds lines that were read, fewer than `size`, in order.
    while isinstance(item := lines.get(), str):
        batch.append(item)
        if len(batch) == size or lines.empty():
            yield batch
            batch = []
    if batch:
        yield batch
    if isinstance(item, Exception):
        raise item


def standard_input() -> IO[bytes]:
    """Opens a new stream of standard input.

    Python's own stream is locked while a thread waits for a line, and the interpreter aborts at its exit.

    Raises:
        ValueError: If standard input is closed.
    """
    if sys.stdin is None:
        raise ValueError(message("standard input to be open", "closed standard input", "arguments, or a file"))
    if sys.stdin.isatty():
        print("Enter one text per line; end with Ctrl-D.", file=sys.stderr)
    try:
        stream = open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # not a file, as in tests
        return sys.stdin.buffer
    stream.raw.name = sys.stdin.buffer.name  # type: ignore[attr-defined]  # for error messages
    return stream


# --- models ---

_MODEL_HELP = "a .keras file, a preset (folder or handle), or the folder of an exported SavedModel"


def add_model(parser: Parser, help: str = _MODEL_HELP) -> None:
    """Adds the argument `options.model`."""
    parser.add_argument("model", metavar="MODEL", help=help)


def load_task(name: str, kind: type[_Task]) -> _Task:
    """Loads a saved task.

    Args:
        name: a `.keras` file, or a preset.
        kind: the expected class, such as `tasks.Tagger`.

    Raises:
        ValueError: For a file of another class, and for an invalid preset.
        FileNotFoundError: If the file does not exist.
    """
    _check_exists(name)
    if not name.endswith(".keras"):
        return cast("_Task", kind.from_preset(name))
    import keras

    with warnings.catch_warnings():
        # The optimizer is not needed, since the model is not trained.
        warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
        task = keras.saving.load_model(name, compile=False)
    if not isinstance(task, kind):
        expected = f"{name} to be a saved {kind.__name__}"
        raise ValueError(message(expected, type(task).__name__, _command_of(type(task).__name__)))
    return task


def answerer(
    options: argparse.Namespace,
    kind: Callable[[], type[_Task]],
    ask: Callable[[_Task, list[str]], _Answers],
    read: Callable[[dict[str, NDArray[Any]]], _Answers] | None,
) -> Callable[[list[str]], _Answers]:
    """Returns a function from a batch of texts to answers, for a saved task or a SavedModel.

    Args:
        options: options of the command.
        kind: returns the class of the task; called only if a task is loaded.
        ask: computes answers with a task.
        read: converts the outputs of a SavedModel, arrays by name, to answers; None if the options do not apply to
            SavedModels.
    """
    _check_exists(options.model)
    from keras_embed.serving import ServedModel, is_saved_model

    if not is_saved_model(options.model):
        task = load_task(options.model, kind())
        return lambda texts: ask(task, texts)
    if read is not None:
        model = ServedModel(options.model)
        return lambda texts: read(model.outputs({"text": texts}))
    options.parser.error("expected a .keras file or a preset for these options, received a SavedModel")
    raise SystemExit(2)  # for type checkers: `error` exits


def check_export_folder(folder: str | Path) -> None:
    """Raises `ValueError` if an export would replace a folder that is not a SavedModel."""
    path = Path(folder)
    if path.exists() and not (path / "saved_model.pb").is_file() and not (path.is_dir() and not any(path.iterdir())):
        raise ValueError(message("a new folder, or one of a SavedModel", f"{folder}, which has other content"))


def _check_exists(name: str) -> None:
    """Raises `FileNotFoundError` before slow imports."""
    if "://" not in name and not Path(name).exists():
        expected = "a .keras file, the folder of a preset or a SavedModel, or a handle such as hf://user/model"
        raise FileNotFoundError(message(expected, f"{name}, which does not exist"))


def _command_of(name: str) -> str | None:
    commands = {"Tagger": "tag", "TextClassifier": "classify", "Translator": "translate"}
    return f"keras-embed {commands[name]}" if name in commands else None


# --- output ---

_COLOURS = {"PER": 36, "person": 36, "LOC": 32, "location": 32, "ORG": 33, "corporation": 33}
_OTHER_COLOUR = 35


def json_line(record: Mapping[str, object]) -> str:
    """Converts an object to one line of JSON.

    Example:
    >>> json_line({"label": "naïve", "score": 1 / 3})
    '{"label": "naïve", "score": 0.333333}'
    """
    return json.dumps(_rounded(record), ensure_ascii=False)


def _rounded(value: object) -> object:
    """Rounds floats to six decimals, and replaces NaN and infinity, which JSON lacks, by None."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, (list, tuple)) else value


def bracketed(tokens: Sequence[str], spans: Iterable[tuple[int, int, str, float]], colours: bool = False) -> str:
    """Formats a sentence with its spans in brackets.

    Args:
        tokens: the words.
        spans: start, end, type and score of each span, in reading order.
        colours: if True, colours the spans for a terminal.

    Example:
    >>> bracketed(["Ada", "met", "Leo", "Hill"], [(0, 1, "PER", 0.98), (2, 4, "PER", 0.9)])
    '[Ada PER 0.98] met [Leo Hill PER 0.90]'
    """
    words, done = [], 0  # `done` tokens are formatted
    for start, end, kind, score in spans:
        entity = f"[{' '.join(tokens[start:end])} {kind} {score:.2f}]"
        if colours:
            entity = f"\x1b[{_COLOURS.get(kind, _OTHER_COLOUR)}m{entity}\x1b[0m"
        words += [*tokens[done:start], entity]
        done = end
    return " ".join([*words, *tokens[done:]])
