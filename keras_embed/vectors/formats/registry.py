"""The formats of word vectors: built-in ones, registered ones, and detection by the first bytes of a file."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from keras_embed._errors import message
from keras_embed.vectors import storage
from keras_embed.vectors.formats import _fasttext, _finalfusion, _gensim_and_navec, _streams, _text_lines
from keras_embed.vectors.word_vectors import WordVectors

BUILT_IN = (
    *("fasttext", "finalfusion", "folder", "gensim", "glove", "navec"),
    *("text", "word2vec_binary", "word2vec_text"),
)
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_TAR_OFFSET, _TAR = 257, b"ustar"


class VectorFormat(NamedTuple):
    """A registered format; see `register_format`."""

    read: Callable[[IO[bytes]], WordVectors]
    detect: Callable[[bytes, Path], bool] | None


#: Registered formats by name, the oldest first.
REGISTERED: dict[str, VectorFormat] = {}


def register_format(
    name: str, read: Callable[[IO[bytes]], WordVectors], detect: Callable[[bytes, Path], bool] | None = None
) -> None:
    """Registers a format of word vectors, so that `load` can read it.

    Args:
        name: name of the format, as in `load(path, format=name)`. A registered name is replaced.
        read: `read(stream) -> WordVectors`; the stream has the decompressed bytes of the file. `load` applies its
            arguments `words`, `limit` and `cache` to the result.
        detect: `detect(head, path) -> bool`, True if the file has this format. `head` has its first decompressed bytes,
            at most 256 kB. Registered formats are asked before the built-in ones, the latest first. `None`: the format
            is read only if `load` is given its name.

    Raises:
        ValueError: If `name` is the name of a built-in format.

    Example:
    >>> import json, tempfile
    >>> from keras_embed.vectors import WordVectors, load
    >>> def read(stream):
    ...     table = json.load(stream)
    ...     return WordVectors(list(table), list(table.values()))
    >>> register_format("json", read, lambda head, path: path.suffix == ".json")
    >>> file = Path(tempfile.mkdtemp()) / "small.json"
    >>> _ = file.write_text('{"sun": [1.0, 0.5], "moon": [0.0, 2.0]}')
    >>> load(file)
    <WordVectors of 2 x 2 float32: 'sun', 'moon'>
    """
    if name in BUILT_IN:
        raise ValueError(message("a `name` that no built-in format has", name, f"{name + '_2'!r}"))
    REGISTERED.pop(name, None)  # so that a replaced format is the latest
    REGISTERED[name] = VectorFormat(read, detect)


def detect(path: Path, member: str | None = None) -> str:
    """Returns the name of a file's format.

    Args:
        path: a file or folder.
        member: file in a zip archive.

    Raises:
        ValueError: If no format matches, or the file is a pickle without one of gensim's suffixes.
    """
    if path.is_dir():
        if storage.is_folder(path):
            return "folder"
        raise ValueError(message("a file, or a folder that `WordVectors.save` wrote", f"the folder {path}"))
    with _streams.opened(path, member) as stream:
        head = _text_lines.read_head(stream)
    for name, registered in reversed(REGISTERED.items()):
        if registered.detect is not None and registered.detect(head, path):
            return name
    # Then magic numbers, which exclude other formats, and last the guesses.
    found = _by_magic(head, path)
    if found is None:
        # A binary word2vec file has a text header; text is what parses as words and numbers.
        is_text = _text_lines.find(head) is not None
        header = _text_lines.header_of(head.split(b"\n", 1)[0])
        if header and b"\n" in head and not is_text and not _text_lines.is_printable(head):
            return "word2vec_binary"
        found = "text" if is_text else None
    if found is None:
        if _text_lines.is_almost(head):
            number, seen, try_ = _text_lines.problem(head)
            expected = "a word and numbers on each line of a text"
            raise ValueError(f"{path}, line {number}: " + message(expected, seen, try_))
        shown = "nothing" if not head else f"a file that begins with {head[:24]!r}"
        names = (*BUILT_IN, *REGISTERED)
        raise ValueError(f"{path}: " + message("a file of word vectors", shown, f"`format`, one of {names}"))
    return found


def _by_magic(head: bytes, path: Path) -> str | None:
    if head.startswith(_fasttext.MAGIC) or (b"\0" in head[:4] and _fasttext.is_old(head)):
        return "fasttext"
    if head.startswith(_finalfusion.MAGIC + b"\0\0\0\0"):
        return "finalfusion"
    # navec's archive is a tar file, named by its first member.
    if head[_TAR_OFFSET : _TAR_OFFSET + len(_TAR)] == _TAR:
        first_member = head.split(b"\0", 1)[0].decode("latin1")
        if first_member in _gensim_and_navec.NAVEC_MEMBERS:
            return "navec"
    if not head.startswith(_PICKLE):
        return None
    if _gensim_and_navec.is_gensim_name(path):
        return "gensim"
    suffixes = ", ".join(_gensim_and_navec.GENSIM_SUFFIXES)
    expected = f"a pickle, which may run any code, to be named as gensim's: {suffixes}"
    raise ValueError(f"{path}: " + message(expected, path.name, 'format="gensim" if you trust the file'))
