"""Reading word vectors, whatever they were written by."""

import dataclasses
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from keras_embed._errors import check_one_of
from keras_embed.vectors import storage
from keras_embed.vectors.formats import (
    _cache,
    _detection,
    _fasttext_binary,
    _finalfusion,
    _gensim_native,
    _navec,
    _opening,
    _text,
    _word2vec_binary,
)
from keras_embed.vectors.formats._repairs import Repairs
from keras_embed.vectors.formats._selection import Selection
from keras_embed.vectors.word_vectors import WordVectors

_HEADERS = {"text": None, "glove": False, "word2vec_text": True}
_UNPACKED = {"gz": 4, "xz": 5, "bz2": 5, "zip": 4, None: 1}  # a guess: how much larger a packed file becomes


def load(
    path: str | Path,
    format: str | None = None,
    words: Iterable[str] | None = None,
    limit: int | None = None,
    cache: bool | str | Path = False,
    repair: bool = True,
    member: str | None = None,
) -> WordVectors:
    r"""Reads word vectors.

    The format shows in the file: word2vec's text and binary files, GloVe's text, fastText's `.vec`, `.bin` and `.ftz`,
    finalfusion, navec, and folders that `WordVectors.save` wrote. Files may be packed as gz, xz, bz2 or zip. Text is
    split at line feeds and spaces only, and a word may hold spaces; numbers are exactly `numpy.float32(float(text))`.
    gensim's own files are pickles, which may run any code when they are opened: they are read, by gensim, where they
    are named `.model`, `.kv` ... or where `format="gensim"` says so.

    What can be mended is mended and counted, in `vectors.report`: words that are no UTF-8 keep their bytes as `\xd1`,
    of a repeated word the first row stays, lines with too few or too many numbers are left out, and a header with
    wrong numbers is not believed. Where rows are missing, there is a warning. A file that ends within a row is an
    error.

    Args:
        path: a file or folder.
        format: "fasttext", "finalfusion", "folder", "gensim", "navec", "word2vec_binary"; "text" for lines with or
            without a header, "word2vec_text" for those with one, "glove" for those without; `None`: it shows.
        words: the words that are wanted, such as a `text.Vocabulary`; in the order of the file. Other lines are passed
            over, and reading stops where all are found.
        limit: how many rows of the file are looked at.
        cache: whether to keep what was read, so that the next time it opens at once, memory-mapped. `True` stands for
            a folder in Keras' home; or the folder. The file's path, size and time of change and the arguments tell
            whether it was read before.
        repair: whether to mend. If not, the first thing to mend is an error that says where it is.
        member: which file of a zip archive, where it holds several.

    Returns:
        `WordVectors`, of a fastText model with `subwords`.

    Raises:
        ValueError: naming the file and the line or row that is wrong.
        ImportError: if a format needs gensim or navec and it is not installed.

    Example:
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "small.txt"
    >>> _ = file.write_bytes(b"the 1.0 0.5\n. . 2.0 0.25\nthe 3.0 0.0\n")
    >>> vectors = load(file)
    >>> vectors
    <WordVectors of 2 x 2 float32: 'the', '. .'>
    >>> vectors.report.duplicates, vectors.report.examples
    (1, ("row 3: 'the' again",))
    """
    path = Path(path)
    if format is not None:
        check_one_of("format", format, _detection.FORMATS)
    if not path.exists():
        raise FileNotFoundError(f"Expected a file or folder of word vectors. Received: {path}, which is not there.")
    selection = Selection(words, limit)

    def read() -> WordVectors:
        return _read(path, format or _detection.detect(path, member), selection, repair, member)

    if cache is False or path.is_dir():
        return _warned(read())
    arguments = {"format": format, "limit": limit, "repair": repair, "member": member}
    wanted = None if selection.words is None else sorted(selection.words)
    place = _cache.entry(_cache.folder_of(cache), path, {**arguments, "words": wanted})
    return _warned(_cache.through(place, read))


def _read(path: Path, format: str, selection: Selection, repair: bool, member: str | None) -> WordVectors:
    repairs = Repairs(str(path), repair)
    if format == "folder":
        return _folder(path, selection)
    if format in _FILES:
        return _FILES[format](path, selection, repairs)
    size = path.stat().st_size * _UNPACKED[_opening.packing(path)]
    with _opening.opened(path, member) as stream:
        if format in _HEADERS:
            return _text.read(stream, size, selection, repairs, _HEADERS[format])
        if format == "word2vec_binary":
            return _word2vec_binary.read(stream, size, selection, repairs)
        return _STREAMS[format](stream, selection, repairs)


def _warned(vectors: WordVectors) -> WordVectors:
    report = vectors.report
    if report is not None and not report.complete:
        warnings.warn(str(dataclasses.replace(report, examples=report.examples[:3])), stacklevel=3)
    return vectors


def _folder(path: Path, selection: Selection) -> WordVectors:
    vectors = storage.read(path)
    rows = selection.rows(vectors.words)
    return vectors if rows is None else vectors.subset([vectors.words[row] for row in rows])


_FILES: dict[str, Any] = {"gensim": _gensim_native.read, "navec": _navec.read}
_STREAMS: dict[str, Any] = {"fasttext": _fasttext_binary.read, "finalfusion": _finalfusion.read}
