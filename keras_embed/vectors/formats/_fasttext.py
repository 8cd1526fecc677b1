"""fastText's own files, `.bin` and the quantised `.ftz`, of both generations.

int32 magic and version (older files have neither), 12 int32 and a double of settings, the dictionary, the pairs of a
pruned index, then the input matrix: a row for each word and each bucket of n-grams. In a quantised matrix each part of
a row is the index of a centroid (Joulin et al. 2016, https://arxiv.org/abs/1612.03651, section 3.2).
"""

import struct
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats._reading import Repairs, Selection, decode, word_vectors
from keras_embed.vectors.formats._streams import ByteReader
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

MAGIC = struct.pack("<i", 793712314)
_VERSIONS = (11, 12)
_SUPERVISED = 3
_SETTINGS = (
    *("dim", "window", "epochs", "min_count", "negatives", "word_ngrams", "loss", "model"),
    *("num_buckets", "min_n", "max_n", "update_rate", "sampling"),
)
_CENTROIDS = 256
_TRY = "a file written by fastText 0.1 to 0.9"


class _Dictionary(NamedTuple):
    tokens: list[bytes]
    counts: list[int]
    kept: dict[int, int] | None


def is_old(head: bytes) -> bool:
    """Returns True if a file begins with plausible settings, as files did before there was a magic number."""
    if len(head) < 56:
        return False
    *numbers, sampling = struct.unpack("<12id", head[:56])
    settings = dict(zip(_SETTINGS, numbers, strict=False))
    return (
        all(0 <= number < 2**28 for number in numbers)
        and 0 < settings["dim"] < 100_000
        and settings["loss"] in (1, 2, 3)
        and settings["model"] in (1, 2, 3)
        and settings["min_n"] <= settings["max_n"] < 256
        and 0 <= sampling <= 1
    )


def read(stream: IO[bytes], selection: Selection, repairs: Repairs) -> WordVectors:
    """Reads the words and n-grams of a model; the vectors of words are composed of both, as fastText does.

    Args:
        stream: the decompressed file.
        selection: the words to read.
        repairs: counts the repairs.
    """
    reader = ByteReader(stream, repairs)
    version = _version(reader, repairs)
    values = reader.values("12id", "the settings")
    settings: dict[str, Any] = dict(zip(_SETTINGS, values, strict=True))
    if version == 11 and settings["model"] == _SUPERVISED:
        settings["max_n"] = 0  # version 11 trained supervised models without n-grams, whatever the settings
    dictionary = _dictionary(reader, version, repairs)
    matrix = _matrix(reader, version, settings, dictionary, repairs)
    # The matrix has all words even if few are selected: n-gram rows follow them.
    rows = selection.rows(dictionary.tokens)
    tokens, counts, words = dictionary.tokens, dictionary.counts, matrix[: len(dictionary.tokens)]
    if rows is not None:
        tokens, counts, words = [tokens[row] for row in rows], [counts[row] for row in rows], words[rows]
    subwords = None
    composed = words
    if settings["max_n"] > 0:
        subwords = Subwords(
            matrix[len(dictionary.tokens) :],
            settings["num_buckets"],
            settings["min_n"],
            settings["max_n"],
            dictionary.kept,
            words,
        )
        composed = subwords.vectors(tokens, words)
    names = decode(tokens, repairs, lambda index: f"word {index + 1}")
    repairs.rows_seen = len(dictionary.tokens)
    return word_vectors(names, composed, repairs, "fasttext", subwords, np.array(counts, np.int64))


def _version(reader: ByteReader, repairs: Repairs) -> int:
    """Returns 11 or 12; 0 for the older generation."""
    head = reader.peek(56)
    if head[:4] != MAGIC:
        if not is_old(head):
            raise repairs.error("", "a fastText model", f"it begins with {head[:8]!r}", "another `format`")
        return 0
    _, version = reader.values("2i", "magic and version")
    if version not in _VERSIONS:
        raise repairs.error("", f"a fastText model of version {_VERSIONS}", version, _TRY)
    return int(version)


def _dictionary(reader: ByteReader, version: int, repairs: Repairs) -> _Dictionary:
    size, num_words, _ = reader.values("3i", "the size of the dictionary")
    reader.values("q", "the number of tokens")
    num_kept = reader.values("q", "the size of the pruned index")[0] if version else -1
    tokens, counts, kinds = [], [], []
    for index in range(size):
        tokens.append(reader.text(f"word {index + 1} of {size}"))
        count, kind = reader.values("qb", f"word {index + 1} of {size}")
        counts.append(count)
        kinds.append(kind)
    if any(kinds[:num_words]):  # labels follow the words
        raise repairs.error("", f"{num_words} words, then labels", "a label among the words", _TRY)
    kept = None
    if num_kept >= 0:  # -1 if the model is not pruned
        pairs = reader.array("<i4", (num_kept, 2), "the pruned index")
        kept = dict(map(tuple, pairs.tolist()))
    return _Dictionary(tokens[:num_words], counts[:num_words], kept)


def _matrix(
    reader: ByteReader, version: int, settings: dict[str, Any], dictionary: _Dictionary, repairs: Repairs
) -> NDArray[np.float32]:
    """Reads the input matrix, (words + n-grams, D)."""
    quantized = version and reader.values("?", "a flag")[0]
    if quantized:
        matrix = _quantized_matrix(reader)
    else:
        shape = reader.values("qq", "the shape of the matrix")
        matrix = reader.array("<f4", shape, "the matrix")
    # A pruned model has only the rows of its remaining buckets.
    grams = len(dictionary.kept) if dictionary.kept is not None else settings["num_buckets"]
    least = len(dictionary.tokens) + (grams if settings["max_n"] > 0 else 0)
    if matrix.shape[1] != settings["dim"] or len(matrix) < least:
        expected = f"a matrix of at least {least} rows of {settings['dim']} numbers"
        raise repairs.error("", expected, f"one of shape {matrix.shape}", "to fetch the file again")
    return matrix


def _quantized_matrix(reader: ByteReader) -> NDArray[np.float32]:
    """Reads a quantised matrix and decodes its rows to floats, (R, D)."""
    (has_norms,) = reader.values("?", "a flag")
    rows, dim = reader.values("qq", "the shape of a quantised matrix")
    (num_codes,) = reader.values("i", "the number of codes")
    codes = reader.array("u1", (num_codes,), "codes")
    quantizer = _Quantizer(reader)
    matrix = quantizer.decode(codes.reshape(rows, -1) if rows else codes.reshape(0, quantizer.parts))
    if has_norms:  # rows were quantised with length one, and their norms by a quantiser of their own
        norm_codes = reader.array("u1", (rows,), "codes of norms")
        matrix *= _Quantizer(reader).decode(norm_codes[:, None])
    if matrix.shape != (rows, dim):
        raise ValueError(f"Expected a quantised matrix of shape {(rows, dim)}. Received: {matrix.shape}.")
    return matrix


class _Quantizer:
    """A product quantiser: P parts of a row with 256 centroids each."""

    def __init__(self, reader: ByteReader) -> None:
        self.dim, self.parts, self.part_dim, self.last_dim = reader.values("4i", "a quantiser")
        self.centroids = reader.array("<f4", (self.dim * _CENTROIDS,), "centroids")

    def decode(self, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Decodes (R, P) to rows (R, D); the last part may be narrower."""
        result = np.empty((len(codes), self.dim), np.float32)
        for part in range(self.parts):
            width = self.last_dim if part == self.parts - 1 else self.part_dim
            start = part * self.part_dim
            table = self.centroids[start * _CENTROIDS :][: width * _CENTROIDS].reshape(_CENTROIDS, width)
            result[:, start : start + width] = table[codes[:, part]]
        return result
