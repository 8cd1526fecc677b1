"""Writing vectors as word2vec's files, which every other library reads."""

import gzip
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from keras_embed._errors import message
from keras_embed.vectors.formats import _text_layout
from keras_embed.vectors.word_vectors import WordVectors

_ROWS = 4096  # written at a time


def save_word2vec(vectors: WordVectors, path: str | Path, binary: bool = False, header: bool = True) -> None:
    """Writes words and vectors so that they can be read back exactly; n-gram rows are not written.

    Args:
        vectors: what to write.
        path: the file; packed if its name ends in ".gz". It appears whole or not at all.
        binary: floats as bytes instead of decimal numbers. As gensim does, without line feeds between rows.
        header: whether text begins with a line of rows and width. GloVe's has none.

    Raises:
        ValueError: for a word that could not be read back: with a line feed, in a binary file with a space, or of no
            Unicode.

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
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
        new = Path(beside) / path.name
        opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
        with opener(new, "wb") as file:
            if header:
                file.write(f"{len(vectors)} {vectors.dim}\n".encode())
            for start in range(0, len(vectors), _ROWS):
                rows = np.asarray(vectors.matrix[start : start + _ROWS], np.float32)
                (_write_binary if binary else _write_text)(file, tokens[start : start + _ROWS], rows)
        os.replace(new, path)


def _write_binary(file: IO[bytes], tokens: list[bytes], rows: Any) -> None:
    width = 4 * rows.shape[1]
    data = rows.astype("<f4").tobytes()
    parts = (part for row, token in enumerate(tokens) for part in (token, b" ", data[row * width : (row + 1) * width]))
    file.write(b"".join(parts))


def _write_text(file: IO[bytes], tokens: list[bytes], rows: Any) -> None:
    numbers = _shortest(rows)
    file.write(b"".join(token + b" " + b" ".join(row) + b"\n" for token, row in zip(tokens, numbers, strict=True)))


def _shortest(rows: Any) -> list[list[bytes]]:
    """Decimal numbers that give the same float32 again: of six significant digits where these do, of nine elsewhere."""
    values = rows.ravel()
    texts = np.array([b"%.6g" % value for value in values.tolist()], "S24")
    with np.errstate(over="ignore"):
        differs = np.flatnonzero(texts.astype(np.float64).astype(np.float32) != values)
    texts = texts.tolist()
    for place in differs.tolist():
        texts[place] = b"%.9g" % values[place]
    width = rows.shape[1]
    return [texts[start : start + width] for start in range(0, len(texts), width)] if width else [[]] * len(rows)


def _token(word: str, binary: bool) -> bytes:
    try:
        token = word.encode("utf-8")
    except UnicodeEncodeError as wrong:
        raise ValueError(message("words of Unicode characters", word, "vectors.subset")) from wrong
    if b"\n" in token or (binary and b" " in token):
        raise ValueError(message(f"words without line feeds{' and spaces' * binary}", word, "vectors.subset"))
    if not binary and b" " in token and _text_layout.fields(token + b" 0", 1) is None:
        raise ValueError(message("words that differ from numbers behind their first space", word, "binary=True"))
    return token
