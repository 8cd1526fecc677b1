"""Word vectors as a folder: npy arrays, which can be memory-mapped, and the words as lines of UTF-8.

meta.json          format, version, number of words, dimension, and what of n-grams there is
words.txt          V words, one a line
matrix.npy         (V, D)
scales.npy         (V,) for an int8 matrix
counts.npy         (V,) int64, where counts are known
ngrams.npy         (R, D), where there are n-gram rows; kept.npy (R', 2), bucket and row; word_rows.npy (V, D)
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.vectors import _words
from keras_embed.vectors.quantized import QuantizedMatrix
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

FORMAT = "keras_embed.WordVectors"
VERSION = 1
_META = "meta.json"


def is_folder(path: str | Path) -> bool:
    """Whether a path is a folder that `write` made."""
    return _meta(Path(path)).get("format") == FORMAT


def write(vectors: WordVectors, path: str | Path) -> None:
    """Writes a folder. It appears when it is complete, and then replaces one that stood there.

    Args:
        vectors: what to write.
        path: the folder.

    Raises:
        ValueError: where something else than a folder of word vectors stands there.
    """
    path = Path(path)
    if path.exists() and not is_folder(path) and not (path.is_dir() and not any(path.iterdir())):
        raise ValueError(message("a new folder, or one of word vectors", f"{path}, which is neither", "another name"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
        new = Path(beside) / "new"
        new.mkdir()
        _write(vectors, new)
        if path.exists():
            os.replace(path, Path(beside) / "old")
        os.replace(new, path)


def _write(vectors: WordVectors, folder: Path) -> None:
    lines, escaped = _words.encode(vectors.words)
    meta: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "words": len(vectors),
        "dim": vectors.dim,
        "escaped": escaped,
        "subwords": None,
    }
    (folder / "words.txt").write_bytes(lines)
    arrays: dict[str, Any] = {"matrix": vectors.matrix, "counts": vectors.counts}
    if isinstance(vectors.matrix, QuantizedMatrix):
        arrays |= {"matrix": vectors.matrix.values, "scales": vectors.matrix.scales}
    if vectors.subwords is not None:
        subwords = vectors.subwords
        meta["subwords"] = {name: getattr(subwords, name) for name in ("num_buckets", "min_n", "max_n")}
        arrays |= {"ngrams": subwords.matrix, "word_rows": subwords.word_rows}
        if subwords.kept is not None:
            arrays["kept"] = np.array(list(subwords.kept.items()), np.int64).reshape(-1, 2)
    for name, array in arrays.items():
        if array is not None:
            np.save(folder / f"{name}.npy", array)
    (folder / _META).write_text(json.dumps(meta, indent=1) + "\n", "utf-8")


def read(path: str | Path) -> WordVectors:
    """Opens a folder: arrays are memory-mapped, words are read when they are asked for.

    Args:
        path: what `write` was given.

    Raises:
        ValueError: for a folder of another kind or of a later version, or arrays that do not fit the words.
    """
    folder = Path(path)
    meta = _meta(folder)
    if meta.get("format") != FORMAT or meta.get("version") != VERSION:
        raise ValueError(
            message(
                f"{folder} to be a folder of word vectors, format version {VERSION}",
                f"format {meta.get('format')!r}, version {meta.get('version')!r} in its {_META}",
                "a newer keras_embed, or the file that the folder was made of",
            )
        )
    arrays = {file.stem: np.load(file, mmap_mode="r") for file in folder.glob("*.npy")}
    matrix: Any = arrays.get("matrix")
    if matrix is None or matrix.shape != (meta["words"], meta["dim"]):
        received = "no such file" if matrix is None else f"one of shape {matrix.shape}"
        raise ValueError(f"{folder}: " + message(f"matrix.npy of shape {(meta['words'], meta['dim'])}", received))
    if "scales" in arrays:
        matrix = QuantizedMatrix(matrix, arrays["scales"])
    subwords = None
    if meta["subwords"] is not None:
        kept = dict(map(tuple, arrays["kept"].tolist())) if "kept" in arrays else None
        subwords = Subwords(arrays["ngrams"], **meta["subwords"], kept=kept, word_rows=arrays.get("word_rows"))
    words = _words.LazyWords(folder / "words.txt", meta["words"], meta["escaped"])
    return WordVectors(words, matrix, subwords, arrays.get("counts"))


def _meta(folder: Path) -> dict[str, Any]:
    try:
        meta = json.loads((folder / _META).read_bytes())
    except (OSError, ValueError):
        return {}
    return meta if isinstance(meta, dict) else {}
