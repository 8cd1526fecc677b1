"""A plain reading of fastText's binary files, in the order of its own `Dictionary::load` and `Matrix::load`."""

import json
import struct
from pathlib import Path

import numpy as np

from keras_embed.vectors import Subwords, WordVectors


def read_bin(path: Path, max_n: int | None = None) -> WordVectors:
    """An unpruned, unquantised model of version 12."""
    data, place = path.read_bytes(), 0

    def take(layout: str):
        nonlocal place
        values = struct.unpack_from("<" + layout, data, place)
        place += struct.calcsize("<" + layout)
        return values

    take("ii")
    dim, *_, buckets, low, high, _, _ = take("12id")
    size, num_words, _, _, _ = take("iiiqq")
    words = []
    for _ in range(size):
        end = data.index(b"\0", place)
        words.append(data[place:end].decode())
        place = end + 1
        take("qb")
    take("?")
    rows, columns = take("qq")
    matrix = np.frombuffer(data, "<f4", rows * columns, place).reshape(rows, columns)
    words, own = words[:num_words], matrix[:num_words]
    subwords = Subwords(matrix[num_words:], buckets, low, high, word_rows=own)
    return WordVectors(words, subwords.vectors(words, own), subwords if high else None)


def golden(folder: Path, name: str) -> tuple[WordVectors, dict]:
    """Returns a model and fastText's own results for it."""
    return read_bin(folder / f"{name}.bin"), json.loads((folder / f"{name}.json").read_text("utf-8"))
