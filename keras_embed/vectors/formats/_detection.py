"""Which format a file has, by its first bytes; for pickles by its name too."""

from pathlib import Path

from keras_embed._errors import message
from keras_embed.vectors import storage
from keras_embed.vectors.formats import _fasttext_binary, _finalfusion, _gensim_native, _navec, _opening, _text_layout

FORMATS = (
    *("fasttext", "finalfusion", "folder", "gensim", "glove", "navec"),
    *("text", "word2vec_binary", "word2vec_text"),
)
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_TAR_PLACE, _TAR = 257, b"ustar"


def detect(path: Path, member: str | None = None) -> str:
    """The name of a file's format.

    Args:
        path: a file or folder.
        member: which file of a zip archive.

    Raises:
        ValueError: if it is none that is known, or a pickle that is not named as gensim's.
    """
    if path.is_dir():
        if storage.is_folder(path):
            return "folder"
        raise ValueError(message("a file, or a folder that `WordVectors.save` wrote", f"the folder {path}"))
    with _opening.opened(path, member) as stream:
        head = stream.read(_text_layout.HEAD)
    found = _by_magic(head, path)
    if found is None:
        header = _text_layout.header_of(head.split(b"\n", 1)[0])
        if header and b"\n" in head and not _is_text(head):
            return "word2vec_binary"
        found = "text" if _is_text(head) else None
    if found is None:
        shown = "nothing" if not head else f"a file that begins with {head[:24]!r}"
        raise ValueError(f"{path}: " + message("a file of word vectors", shown, f"`format`, one of {FORMATS}"))
    return found


def _by_magic(head: bytes, path: Path) -> str | None:
    if head.startswith(_fasttext_binary.MAGIC) or (b"\0" in head[:4] and _fasttext_binary.is_old(head)):
        return "fasttext"
    if head.startswith(_finalfusion.MAGIC + b"\0\0\0\0"):
        return "finalfusion"
    if head[_TAR_PLACE : _TAR_PLACE + len(_TAR)] == _TAR and head.split(b"\0", 1)[0].decode("latin1") in _navec.MEMBERS:
        return "navec"
    if not head.startswith(_PICKLE):
        return None
    if _gensim_native.is_named(path):
        return "gensim"
    expected = f"a pickle, which may run any code, to be named as gensim's: {', '.join(_gensim_native.SUFFIXES)}"
    raise ValueError(f"{path}: " + message(expected, path.name, 'format="gensim" if you trust the file'))


def _is_text(head: bytes) -> bool:
    return _text_layout.find(head) is not None
