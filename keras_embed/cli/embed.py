"""`keras-embed embed`."""

import argparse
import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._atomic import atomic_path
from keras_embed._backend import predict_batch
from keras_embed._errors import message
from keras_embed.cli._shared import (
    Commands,
    add_backend,
    add_command,
    add_encoding,
    in_batches,
    json_line,
    load_task,
    positive,
    standard_input,
)
from keras_embed.corpora.lines import numbered_lines

if TYPE_CHECKING:
    import keras_hub

    from keras_embed.tokenizers import EncoderTokenizer

Vectors: TypeAlias = tuple[list[str], NDArray[np.float32]]
"""The words of a text, and a vector (D,) for each word."""
Embedder: TypeAlias = Callable[[Sequence[str]], list[Vectors]]
"""Computes the vectors of texts, in the same order."""

_EXAMPLES = (
    "keras-embed embed sentences.txt sentences.npy --vectors vectors.txt",
    "cat sentences.txt | keras-embed embed - sentences.npy --elmo elmo_tiny_en",
    "keras-embed embed sentences.txt words.npy --encoder ner.keras --words",
)
_SPLIT_HELP = (
    "how texts are split into words for --vectors and --elmo; blanks: at whitespace, for tokenized texts (words)"
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "embed", run, "write the vectors of texts, or of their words, to disk", _EXAMPLES)
    parser.add_argument("input", metavar="INPUT", help="one text per line; - is standard input")
    add_encoding(parser, "INPUT")
    help = "a .npy file of float32 (N, D); a .jsonl file of the same name maps texts to rows"
    parser.add_argument("output", type=_npy, metavar="OUTPUT", help=help)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--vectors", metavar="FILE", help="static word vectors, in any common format")
    source.add_argument("--elmo", metavar="PRESET", help="an ELMo: a preset such as elmo_tiny_en, or a published model")
    help = "the encoder of a saved task (.keras), or a preset of Keras Hub"
    source.add_argument("--encoder", metavar="MODEL", help=help)
    parser.add_argument("--layer", default="mean", type=_layer, help="layer of an ELMo: its index, top, or mean (mean)")
    parser.add_argument(
        "--words", action="store_true", help="write a row for each word instead of the mean of a text's words"
    )
    parser.add_argument("--split", choices=("words", "blanks"), default="words", help=_SPLIT_HELP)
    parser.add_argument(
        "--batch-size", type=positive, default=32, metavar="N", help="maximum number of texts in a batch (32)"
    )
    add_backend(parser)


def run(options: argparse.Namespace) -> None:
    """Reads, embeds and writes the texts batch by batch."""
    batches = _batches(options)
    embed = _embedder(options)
    count = 0
    with RowFile(options.output) as rows, _text_file(options.output.with_suffix(".jsonl")) as index:
        for texts in batches:
            for text, (words, matrix) in zip(texts, embed(texts), strict=True):
                first, count = rows.count, count + 1
                record: dict[str, object] = {"text": text}
                if options.words:
                    rows.append(matrix)
                    record |= {"words": words, "first_row": first, "num_rows": len(matrix)}
                else:  # the mean of the words; zeros for a text without any
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
            received = f"{options.output}, which would overwrite {options.input}"
            options.parser.error(f"expected an OUTPUT other than INPUT, received {received}")
        _check_readable(options.input)
    source = standard_input() if options.input == "-" else options.input
    return in_batches((line for _, line in numbered_lines(source, options.encoding)), options.batch_size)


def _check_readable(path: str) -> None:
    """Raises `OSError` before a model is loaded. A named pipe can be opened only once, and so is not opened here."""
    if Path(path).is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    Path(path).stat()
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


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


# --- embedders ---


def _embedder(options: argparse.Namespace) -> Embedder:
    if options.layer != "mean" and not options.elmo:
        options.parser.error("expected --layer together with --elmo")
    if options.vectors:
        return _static(options.vectors, options.split)
    if options.elmo:
        return _elmo(options.elmo, options.split, options.layer)
    return _encoder(options.encoder)


def _static(path: str, split: str) -> Embedder:
    """Looks up static vectors; other words get vectors of their n-grams, or are left out if the format has none."""
    from keras_embed import vectors

    table = vectors.load(path)
    splitter = _splitter(split)

    def embed(texts: Sequence[str]) -> list[Vectors]:
        answers = []
        for words in splitter(texts):
            known = words if table.subwords is not None else [word for word in words if word in table]
            answers.append((known, table.rows(known) if known else np.zeros((0, table.dim), np.float32)))
        return answers

    return embed


def _elmo(preset: str, split: str, layer: str | int) -> Embedder:
    """Computes one layer of an ELMo, or the mean of all."""
    from keras_embed import text
    from keras_embed._backend.ragged import ragged_strings
    from keras_embed.backbones import ElmoBackbone
    from keras_embed.checkpoints import load_published, published
    from keras_embed.preprocessors.features import pick
    from keras_embed.tokenizers import WordFeaturizer

    if preset in published():
        model, characters = load_published(preset, progress=True)
    else:
        model = ElmoBackbone.from_preset(preset)
        characters = text.ElmoCharacters(model.max_characters)
    if isinstance(layer, int) and layer > model.num_layers:
        raise ValueError(message(f"a layer from 0 to {model.num_layers}", layer))
    splitter = _splitter(split)
    tokenizer = WordFeaturizer(elmo_characters=characters)  # pads to few lengths, so that few graphs are compiled

    def embed(texts: Sequence[str]) -> list[Vectors]:
        sentences = splitter(texts)
        features = tokenizer.encode(ragged_strings(sentences, "word"), names=model.input)
        picked = pick(features, model.input)
        outputs = predict_batch(model, {name: np.asarray(value) for name, value in picked.items()})
        layers = np.asarray(outputs["layer_outputs"], np.float32)  # (B, T, N + 1, 2 D)
        chosen = layers.mean(axis=2) if layer == "mean" else layers[:, :, -1 if layer == "top" else int(layer)]
        return [(words, chosen[row, : len(words)]) for row, words in enumerate(sentences)]

    return embed


def _encoder(name: str) -> Embedder:
    """Computes the output sequence of an encoder, without the head of its task."""
    from keras_embed.preprocessors.features import pick
    from keras_embed.tokenizers import EncoderTokenizer

    backbone, tokenizer = _backbone_and_tokenizer(name)
    names = None if isinstance(tokenizer, EncoderTokenizer) else backbone.input  # None: with the positions of words

    def embed(texts: Sequence[str]) -> list[Vectors]:
        tokens = tokenizer.tokenize(list(texts))
        features = tokenizer.encode(tokens, names=names)
        picked = {key: np.asarray(value) for key, value in pick(features, backbone.input).items()}
        outputs = predict_batch(backbone, picked)
        sequence = outputs["sequence_output"] if isinstance(outputs, dict) else outputs
        sequence = np.asarray(sequence, np.float32)  # (B, T, D)
        if "word_positions" in features:  # of an encoder of subwords: the vector of each word's first subword
            sequence = np.take_along_axis(sequence, np.asarray(features["word_positions"])[:, :, None], axis=1)
        rows = [[word.decode("utf-8", "replace") for word in row] for row in tokens.to_list()]
        # Words after the maximum length have no vector.
        return [(words[: sequence.shape[1]], sequence[row, : len(words)]) for row, words in enumerate(rows)]

    return embed


def _backbone_and_tokenizer(name: str) -> "tuple[keras_hub.models.Backbone, EncoderTokenizer]":
    import keras_hub

    from keras_embed.tasks.string_task import StringTask
    from keras_embed.tokenizers import EncoderTokenizer

    if name.endswith(".keras"):
        task = load_task(name, StringTask)
        backbone, tokenizer = task.backbone, getattr(task.preprocessor, "tokenizer", None)
    elif "://" in name or Path(name).is_dir() or name in keras_hub.models.Backbone.presets:
        backbone = keras_hub.models.Backbone.from_preset(name)
        tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(name)
    else:
        raise FileNotFoundError(message("a .keras file, a preset's folder or its name", f"{name}, which is none"))
    if isinstance(tokenizer, keras_hub.tokenizers.Tokenizer) and not hasattr(tokenizer, "encode"):
        tokenizer = EncoderTokenizer(tokenizer)
    outputs = backbone.output
    if tokenizer is None or (isinstance(outputs, dict) and "sequence_output" not in outputs):
        received = f"{type(backbone).__name__}, which has none"
        raise ValueError(message("an encoder with a vector for each word", received, "--vectors or --elmo"))
    return backbone, tokenizer


def _splitter(split: str) -> Callable[[Sequence[str]], list[list[str]]]:
    """Returns a function that splits texts into words."""
    if split == "blanks":
        return lambda texts: [text.split() for text in texts]
    from keras_embed.tokenizers import WordTokenizer

    tokenizer = WordTokenizer()

    def words(texts: Sequence[str]) -> list[list[str]]:
        ragged = tokenizer.tokenize(list(texts))
        return [[word.decode("utf-8", "replace") for word in row] for row in ragged.to_list()]

    return words


# --- output files ---


class RowFile:
    """Writes a `.npy` file of float32 (N, D) row by row, without holding the array in memory.

    Args:
        path: the file. It appears when the `with` block ends without an error.

    Example:
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "rows.npy"
    >>> with RowFile(path) as rows:
    ...     rows.append(np.ones((2, 3)))
    ...     rows.append(np.zeros((1, 3)))
    >>> np.load(path).shape, np.load(path).dtype.name
    ((3, 3), 'float32')
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.count = 0
        self.width = 0

    def __enter__(self) -> "RowFile":
        self._stack = contextlib.ExitStack()
        self._file: IO[bytes] = self._stack.enter_context(_replaced(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if kind is None:
            self._write_header()  # with the final number of rows
        return self._stack.__exit__(kind, error, traceback)

    def append(self, rows: ArrayLike) -> None:
        """Appends rows (n, D)."""
        rows = np.ascontiguousarray(rows, "<f4")
        if not self.width:
            self.width = rows.shape[1]
            self._write_header()
        if rows.shape[1] != self.width:
            raise ValueError(message(f"rows of {self.width} numbers", f"{rows.shape[1]}"))
        self._file.write(rows.tobytes())
        self.count += len(rows)

    def _write_header(self) -> None:
        """Writes the header at the start of the file. NumPy pads it, so that its size does not depend on the count."""
        header = io.BytesIO()
        shape = {"descr": "<f4", "fortran_order": False, "shape": (self.count, self.width)}
        np.lib.format.write_array_header_1_0(header, shape)
        self._file.seek(0)
        self._file.write(header.getvalue())
        self._file.seek(0, os.SEEK_END)


@contextlib.contextmanager
def _text_file(path: Path) -> Iterator[IO[str]]:
    """Opens a text file that appears when the block ends without an error."""
    with _replaced(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
        yield text
        text.flush()
        text.detach()


@contextlib.contextmanager
def _replaced(path: Path) -> Iterator[IO[bytes]]:
    """Opens a file that replaces `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part, part.open("w+b") as file:
        yield file
