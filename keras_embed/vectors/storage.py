"""Word vectors as a folder: npy arrays, which can be memory-mapped, and the words as lines of UTF-8.

meta.json          format, version, number of words, dimension, and the settings of n-grams
words.txt          V words, one in each line
matrix.npy         (V, D)
scales.npy         (V,) for an int8 matrix
counts.npy         (V,) int64, if counts are known
ngrams.npy         (R, D), if there are n-gram rows; kept.npy (R', 2), bucket and row; word_rows.npy (V, D)
"""

from pathlib import Path

import numpy as np

from keras_embed._errors import message
from keras_embed._types import PathLike
from keras_embed.vectors import _folder
from keras_embed.vectors._folder import FORMAT, VERSION, is_folder, write
from keras_embed.vectors.quantized import Matrix, QuantizedMatrix
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

__all__ = ["FORMAT", "VERSION", "is_folder", "read", "write"]


def read(path: PathLike) -> WordVectors:
    """Opens a folder: arrays are memory-mapped, words are read when first used.

    Args:
        path: folder that `write` wrote.

    Raises:
        ValueError: If it is another folder or of a later version, or its arrays do not match the words.
    """
    folder = Path(path)
    meta = _folder.read_meta(folder)
    if meta.get("format") != FORMAT or meta.get("version") != VERSION:
        raise ValueError(
            message(
                f"{folder} to be a folder of word vectors, format version {VERSION}",
                f"format {meta.get('format')!r}, version {meta.get('version')!r} in its {_folder.META}",
                "a newer keras_embed, or the file that the folder was made of",
            )
        )
    # Nothing is read here but the headers of the arrays.
    arrays = {file.stem: np.load(file, mmap_mode="r") for file in folder.glob("*.npy")}
    found = arrays.get("matrix")
    if found is None or found.shape != (meta["words"], meta["dim"]):
        received = "no such file" if found is None else f"one of shape {found.shape}"
        raise ValueError(f"{folder}: " + message(f"matrix.npy of shape {(meta['words'], meta['dim'])}", received))
    matrix: Matrix = QuantizedMatrix(found, arrays["scales"]) if "scales" in arrays else found
    subwords = None
    if meta["subwords"] is not None:
        kept = dict(map(tuple, arrays["kept"].tolist())) if "kept" in arrays else None
        subwords = Subwords(arrays["ngrams"], **meta["subwords"], kept=kept, word_rows=arrays.get("word_rows"))
    words = _folder.LazyWords(folder / "words.txt", meta["words"], meta["escaped"])
    return WordVectors(words, matrix, subwords, arrays.get("counts"))
