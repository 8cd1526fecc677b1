"""finalfusion files: chunks, each with an id, a length and its bytes.

Supports plain words with a plain matrix, and fastText's n-grams. finalfusion stores unit vectors and their former
norms, by which the vectors are multiplied again.
"""

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats._reading import Repairs, Selection, decode, word_vectors
from keras_embed.vectors.formats._streams import ByteReader
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

MAGIC = b"FiFu"
_WORDS, _MATRIX, _METADATA, _NORMS, _FASTTEXT_WORDS = 1, 2, 5, 6, 7
_OTHERS = {3: "hashed n-grams", 4: "a quantised matrix", 8: "listed n-grams", 9: "floret n-grams"}
_FLOAT32 = 10
_TRY = "the package `finalfusion`, which can write it as word2vec's: finalfusion.compat.write_word2vec"


def read(stream: IO[bytes], selection: Selection, repairs: Repairs) -> WordVectors:
    """Reads a file.

    Args:
        stream: the decompressed file.
        selection: the words to read.
        repairs: counts the repairs.
    """
    reader = ByteReader(stream, repairs)
    magic, version, count = reader.values("4sII", "the header")
    if magic != MAGIC or version != 0:
        raise repairs.error("", "a finalfusion file of version 0", (magic, version), "another `format`")
    # The list of chunk ids is redundant: each chunk repeats its id.
    reader.values(f"{count}I", "the list of chunks")
    parts: dict[int, Any] = {}
    while reader.peek(1):
        chunk, length = reader.values("IQ", "the head of a chunk")
        if chunk in _OTHERS:
            raise repairs.error("", "plain words and a plain matrix", _OTHERS[chunk], _TRY)
        parts[chunk] = _READERS[chunk](reader, repairs) if chunk in _READERS else reader.take(length, "a chunk")
    tokens, grams = parts.get(_WORDS) or parts.get(_FASTTEXT_WORDS) or (None, None)
    if tokens is None or _MATRIX not in parts:
        raise repairs.error("", "a chunk of words and one of a matrix", f"chunks {sorted(parts)}", _TRY)
    matrix = parts[_MATRIX]  # rows of words, then of n-gram buckets
    num_grams = grams["num_buckets"] if grams else 0
    if len(matrix) != len(tokens) + num_grams:
        expected = f"{len(tokens)} words and {num_grams} n-grams to have a row each"
        raise repairs.error("", expected, f"{len(matrix)} rows", "to fetch the file again")
    # n-gram rows are stored without norms, so only words are multiplied.
    words, subwords = matrix[: len(tokens)], None
    if _NORMS in parts:
        words = words * parts[_NORMS][: len(tokens), None]
    if grams:
        subwords = Subwords(matrix[len(tokens) :], **grams)
    rows = selection.rows(tokens)
    if rows is not None:
        tokens, words = [tokens[row] for row in rows], words[rows]
    names = decode(tokens, repairs, lambda index: f"word {index + 1}")
    return word_vectors(names, words, repairs, "finalfusion", subwords)


def _read_words(reader: ByteReader, repairs: Repairs) -> tuple[list[bytes], None]:
    (count,) = reader.values("Q", "the number of words")
    return _tokens(reader, count), None


def _read_fasttext_words(reader: ByteReader, repairs: Repairs) -> tuple[list[bytes], dict[str, int]]:
    count, min_n, max_n, num_buckets = reader.values("QIII", "the head of the words")
    return _tokens(reader, count), {"num_buckets": num_buckets, "min_n": min_n, "max_n": max_n}


def _tokens(reader: ByteReader, count: int) -> list[bytes]:
    return [reader.take(reader.values("I", "the length of a word")[0], "a word") for _ in range(count)]


def _read_matrix(reader: ByteReader, repairs: Repairs) -> NDArray[np.float32]:
    rows, dim, kind = reader.values("QII", "the shape of the matrix")
    return _floats(reader, (rows, dim), kind, repairs)


def _read_norms(reader: ByteReader, repairs: Repairs) -> NDArray[np.float32]:
    rows, kind = reader.values("QI", "the number of norms")
    return _floats(reader, (rows,), kind, repairs)


def _floats(reader: ByteReader, shape: tuple[int, ...], kind: int, repairs: Repairs) -> NDArray[np.float32]:
    """Reads an array of float32 at the next multiple of four, after one to four bytes of padding."""
    if kind != _FLOAT32:
        raise repairs.error("", f"numbers of type {_FLOAT32}, float32", f"type {kind}", _TRY)
    reader.take(4 - reader.offset % 4, "padding")
    return np.asarray(reader.array("<f4", shape, "numbers"), np.float32)


_READERS = {
    _WORDS: _read_words,
    _MATRIX: _read_matrix,
    _NORMS: _read_norms,
    _FASTTEXT_WORDS: _read_fasttext_words,
}
