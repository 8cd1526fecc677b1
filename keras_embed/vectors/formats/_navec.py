"""navec's archives, by the package that wrote them."""

from pathlib import Path

import numpy as np

from keras_embed.vectors._extras import import_extra
from keras_embed.vectors.formats._repairs import Repairs
from keras_embed.vectors.formats._selection import Selection
from keras_embed.vectors.formats._table import word_vectors
from keras_embed.vectors.word_vectors import WordVectors

MEMBERS = ("meta.json", "vocab.bin", "pq.bin")


def read(path: Path, selection: Selection, repairs: Repairs) -> WordVectors:
    """Reads an archive and unpacks its vectors to floats; `<unk>` and `<pad>` are words like others.

    Args:
        path: the file.
        selection: what is wanted of it.
        repairs: where what is mended is counted.
    """
    navec = import_extra("navec", "reading a navec archive")
    try:
        found = navec.Navec.load(str(path))
    except Exception as error:
        received = f"{type(error).__name__}: {error}"
        raise repairs.error("", "a complete navec archive", received, "to fetch the file again") from error
    words = list(found.vocab.words)
    repairs.rows_seen = len(words)
    rows = selection.rows(words)
    chosen = np.arange(len(words)) if rows is None else np.array(rows, np.int64)
    matrix = np.asarray(found.pq.sampled(chosen).unpack(), np.float32)
    counts = found.vocab.counts
    if counts is not None:
        counts = np.array(counts, np.int64)[chosen]
    return word_vectors([words[row] for row in chosen], matrix, repairs, "navec", None, counts)
