"""Writing vectors in word2vec's formats, which every other library reads."""

import contextlib
import gzip
import warnings
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from keras_embed._atomic import atomic_path
from keras_embed._errors import message
from keras_embed._types import PathLike
from keras_embed.vectors.formats import _text_lines
from keras_embed.vectors.formats.load import load
from keras_embed.vectors.word_vectors import WordVectors

_ROWS = 4096  # written at a time


def save_word2vec(vectors: WordVectors, path: PathLike, binary: bool = False, header: bool = True) -> None:
    """Writes words and vectors so that they are read back exactly; n-gram rows are not written.

    Args:
        vectors: the vectors to write.
        path: the file; compressed if its name ends in ".gz". It is written atomically.
        binary: True to write floats as bytes instead of decimal numbers, as gensim does, without line feeds between
            rows.
        header: False to omit the first line with rows and width from text, as in GloVe's files.

    Raises:
        ValueError: If the words and numbers are not read back exactly from the file, such as a word with a line feed,
            a space in a binary file, or a lone surrogate; a file at `path` is left unchanged.

    Example:
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "small.txt"
    >>> save_word2vec(WordVectors(["the", "a"], [[0.1, 1.0], [-2e-7, 3.0]]), file)
    >>> print(file.read_text())
    2 2
    the 0.1 1
    a -2e-07 3
    <BLANKLINE>
    """
    if binary and not header:
        raise ValueError(message("a header in a binary file", "header=False", "binary=False"))
    path = Path(path)
    tokens = [_token(word, binary) for word in vectors.words]
    with atomic_path(path) as partial, contextlib.ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(open(partial, "wb"))
        if path.suffix == ".gz":  # the name in the header is the final one
            file = cast(IO[bytes], stack.enter_context(gzip.GzipFile(path.name, "wb", fileobj=file)))
        if header:
            file.write(f"{len(vectors)} {vectors.dim}\n".encode())
        for start in range(0, len(vectors), _ROWS):
            rows = np.asarray(vectors.matrix[start : start + _ROWS], np.float32)
            (_write_binary if binary else _write_text)(file, tokens[start : start + _ROWS], rows)
        stack.close()  # writes what is buffered
        _check(vectors, partial, path, binary)


def _check(vectors: WordVectors, partial: Path, path: Path, binary: bool) -> None:
    """Raises `ValueError` unless the file is read back as the same words and numbers."""
    expected = "words and numbers that are read back exactly"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a row of NaN is read back as it is
            read = load(partial) if len(vectors) else None
    except ValueError as error:
        raise ValueError(f"{path}: " + message(expected, str(error), _other(binary))) from error
    if read is None:
        return
    if len(read) != len(vectors) or read.dim != vectors.dim:
        received = f"{len(read)} words of {read.dim} numbers for {len(vectors)} of {vectors.dim}"
        raise ValueError(f"{path}: " + message(expected, received, _other(binary)))
    for word, other in zip(vectors.words, read.words, strict=True):
        if word != other:
            raise ValueError(f"{path}: " + message(expected, f"{other!r} for {word!r}", _other(binary)))
    for start in range(0, len(vectors), _ROWS):
        part = slice(start, start + _ROWS)
        written = np.asarray(vectors.matrix[part], np.float32)
        if not np.array_equal(written, np.asarray(read.matrix[part], np.float32), equal_nan=True):
            raise ValueError(f"{path}: " + message(expected, "other numbers", _other(binary)))


def _other(binary: bool) -> str:
    return f"vectors.save(folder), which writes any words{'' if binary else ', or binary=True'}"


def _write_binary(file: IO[bytes], tokens: list[bytes], rows: NDArray[np.float32]) -> None:
    width = 4 * rows.shape[1]
    data = rows.astype("<f4").tobytes()
    parts = (part for row, token in enumerate(tokens) for part in (token, b" ", data[row * width : (row + 1) * width]))
    file.write(b"".join(parts))


def _write_text(file: IO[bytes], tokens: list[bytes], rows: NDArray[np.float32]) -> None:
    numbers = _shortest(rows)
    file.write(b"".join(token + b" " + b" ".join(row) + b"\n" for token, row in zip(tokens, numbers, strict=True)))


def _shortest(rows: NDArray[np.float32]) -> list[list[bytes]]:
    """Formats numbers so that they parse to the same float32: with six significant digits if these suffice, or nine."""
    values = rows.ravel()
    short = np.array([b"%.6g" % value for value in values.tolist()], "S24")
    with np.errstate(over="ignore"):
        differs = np.flatnonzero(short.astype(np.float64).astype(np.float32) != values)
    texts: list[bytes] = short.tolist()
    for index in differs.tolist():
        texts[index] = b"%.9g" % values[index]
    width = rows.shape[1]
    return [texts[start : start + width] for start in range(0, len(texts), width)] if width else [[]] * len(rows)


def _token(word: str, binary: bool) -> bytes:
    try:
        token = word.encode("utf-8")
    except UnicodeEncodeError as wrong:
        raise ValueError(message("words of Unicode characters", word, "vectors.subset")) from wrong
    if b"\n" in token or (binary and b" " in token):
        raise ValueError(message(f"words without line feeds{' and spaces' * binary}", word, "vectors.subset"))
    if not binary and b" " in token and _text_lines.fields(token + b" 0", 1) is None:
        raise ValueError(message("words without numbers after their first space", word, "binary=True"))
    return token
