"""Loading word vectors from files of all formats, optionally through a memory-mapped cache."""

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from keras_embed._errors import check_one_of, message
from keras_embed._types import PathLike
from keras_embed.vectors import storage
from keras_embed.vectors.formats import (
    _fasttext,
    _finalfusion,
    _gensim_and_navec,
    _streams,
    _text,
    _word2vec_binary,
    registry,
)
from keras_embed.vectors.formats._reading import Repairs, Selection
from keras_embed.vectors.formats.read_report import ReadReport
from keras_embed.vectors.word_vectors import WordVectors

_HEADERS = {"text": None, "glove": False, "word2vec_text": True}
_EXPANSION = {"gz": 4, "xz": 5, "bz2": 5, "zip": 4, None: 1}  # approximate ratio of decompressed to compressed size
_CACHE_VERSION = 2
_VECTORS, _REPORT = "vectors", "report.json"


def load(
    path: PathLike,
    format: str | None = None,
    words: Iterable[str] | None = None,
    limit: int | None = None,
    cache: bool | PathLike = False,
    repair: bool = True,
    member: str | None = None,
) -> WordVectors:
    r"""Loads word vectors.

    All common formats are detected automatically: word2vec's text and binary files, GloVe's text, fastText's `.vec`,
    `.bin` and `.ftz`, finalfusion, navec, folders that `WordVectors.save` wrote, and formats added by
    `register_format`. Files may be compressed as gz, xz, bz2 or zip. Text is split at line feeds and spaces only, and a
    word may contain spaces; numbers are exactly `numpy.float32(float(text))`. gensim's own files are pickles, which may
    run any code when they are opened: they are read, by gensim, only if they are named `.model`, `.kv` ... or with
    `format="gensim"`.

    Bad rows are repaired and counted, in `vectors.report`: words that are not valid UTF-8 have their bytes as `\xd1`,
    of a repeated word the first row is used, lines with too few or too many numbers are skipped, and a header that
    contradicts the rows is ignored. Missing rows cause a warning. A file that ends within a row is an error.

    Args:
        path: a file or folder.
        format: "fasttext", "finalfusion", "folder", "gensim", "navec", "word2vec_binary"; "text" for lines with or
            without a header, "word2vec_text" for those with one, "glove" for those without; or the name of a registered
            format. `None`: detected.
        words: the words to read: any vocabulary that `align` takes; returned in the order of the file. Other lines are
            skipped, and reading stops when all are found. For a word that is not in the file, the spellings that
            `align` falls back to are read (other cases, phrases and Unicode forms).
        limit: maximum number of rows of the file to read.
        cache: True to cache the vectors in a folder in Keras' home, so that the next call opens them at once,
            memory-mapped; or the folder. The key is the file's path, size and modification time, and the arguments.
        repair: True to repair bad rows; False to raise at the first one, with its position.
        member: file in a zip archive with several files.

    Returns:
        `WordVectors`, with `subwords` if the file is a fastText model.

    Raises:
        ValueError: If the file cannot be read; the message names the file and the line or row.
        FileNotFoundError: If there is no such file.
        ImportError: If a format needs gensim or navec and it is not installed.

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
        check_one_of("format", format, (*registry.BUILT_IN, *registry.REGISTERED))
    if not path.exists():
        raise FileNotFoundError(f"Expected a file or folder of word vectors. Received: {path}, which is not there.")
    selection = Selection(words, limit)

    def read() -> WordVectors:
        return selection.trimmed(_read(path, format or registry.detect(path, member), selection, repair, member))

    if cache is False or path.is_dir():  # a folder is memory-mapped already
        return _warned(read())
    arguments = {"format": format, "limit": limit, "repair": repair, "member": member}
    selected = None if selection.words is None else sorted(selection.words)
    entry = _cache_entry(_cache_folder(cache), path, {**arguments, "words": selected})
    return _warned(_through_cache(entry, read))


def _read(path: Path, format: str, selection: Selection, repair: bool, member: str | None) -> WordVectors:
    repairs = Repairs(str(path), repair)
    if format == "folder":
        return selection.of(storage.read(path))
    if format == "gensim":
        return _gensim_and_navec.read_gensim(path, selection, repairs)
    if format == "navec":
        return _gensim_and_navec.read_navec(path, selection, repairs)
    # Only an estimate, with which readers allocate; they grow and trim as needed.
    size = path.stat().st_size * _EXPANSION[_streams.packing(path)]
    with _streams.opened(path, member) as stream:
        if format in _HEADERS:
            return _text.read(stream, size, selection, repairs, _HEADERS[format])
        if format == "word2vec_binary":
            return _word2vec_binary.read(stream, size, selection, repairs)
        if format == "fasttext":
            return _fasttext.read(stream, selection, repairs)
        if format == "finalfusion":
            return _finalfusion.read(stream, selection, repairs)
        vectors = registry.REGISTERED[format].read(stream)
    if not isinstance(vectors, WordVectors):
        expected = f"the reader of the format {format!r} to return WordVectors"
        raise TypeError(message(expected, f"{type(vectors).__name__}", "WordVectors(words, matrix)"))
    return selection.of(vectors)


def _warned(vectors: WordVectors) -> WordVectors:
    report = vectors.report
    if report is not None and (not report.complete or report.nonfinite or _is_other_width(report)):
        warnings.warn(str(dataclasses.replace(report, examples=report.examples[:3])), stacklevel=3)
    return vectors


def _is_other_width(report: ReadReport) -> bool:
    """Returns True if the header announces another width than the rows have."""
    return report.header is not None and report.header[1] != report.dim


def _cache_folder(cache: bool | PathLike) -> Path:
    """Returns the folder of the argument `cache`; for True, the one beside Keras' data sets."""
    if not isinstance(cache, bool):
        return Path(cache)
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "keras_embed" / "vectors"


def _cache_entry(folder: Path, path: Path, arguments: Mapping[str, Any]) -> Path:
    """Returns the folder for the vectors of a file: a hash of its path, size, modification time and the arguments."""
    # A changed file or other arguments give another entry; old entries are not deleted.
    state = path.stat()
    key = [_CACHE_VERSION, str(path.resolve()), state.st_size, state.st_mtime_ns, dict(arguments)]
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return folder / f"{path.name}-{digest[:20]}"


def _through_cache(entry: Path, read: Callable[[], WordVectors]) -> WordVectors:
    """Returns the cached vectors of an entry; reads and writes them first if there are none.

    An entry is written atomically and never changed: other contents have another entry. So a concurrent process that
    was first has written the same, and its folder is used instead of being replaced under its readers.
    """
    if not entry.is_dir():
        vectors = read()
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=entry.parent, prefix=f".{entry.name}.") as beside:
            new = Path(beside) / "new"
            new.mkdir()
            storage.write(vectors, new / _VECTORS)
            report = None if vectors.report is None else dataclasses.asdict(vectors.report)
            (new / _REPORT).write_text(json.dumps(report), "utf-8")
            with contextlib.suppress(OSError):  # another process was first
                os.rename(new, entry)
        if not entry.is_dir():
            return vectors
    vectors = storage.read(entry / _VECTORS)
    vectors.report = _cached_report(json.loads((entry / _REPORT).read_bytes()))
    return vectors


def _cached_report(values: dict[str, Any] | None) -> ReadReport | None:
    if values is None:
        return None
    header = values["header"] and tuple(values["header"])
    return ReadReport(**values | {"header": header, "examples": tuple(values["examples"])})
