"""Numbered lines of text from paths, open files and lists, and errors that name file and line."""

import codecs
import contextlib
import gzip
import io
import itertools
import lzma
import os
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, TypeAlias, cast

from keras_embed import _errors
from keras_embed._types import PathLike

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Source: TypeAlias = PathLike | IO[bytes] | IO[str] | Iterator[str] | list[str]
"""A path, an open file of text or bytes, or lines. Compression is detected by the first bytes, not by the file name."""

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_ZIP = b"PK\x03\x04"
#: Byte-order marks. That of UTF-32-LE begins with that of UTF-16-LE, and comes first.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_CHUNK = 1 << 16
#: Raised by the decompressors for a truncated or damaged file.
DECOMPRESSION_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError)


class NamedLines(list[str]):
    """Lines that were read, with the name of their source for error messages.

    Args:
        lines: the lines, without their ends.
        name: name of the source.
    """

    def __init__(self, lines: Iterator[str] | list[str], name: str) -> None:
        super().__init__(lines)
        self.name = name


def source_name(source: Source) -> str:
    """Returns the name of a source for error messages: its path, or the name of the open file."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "<file>"))


def line_error(source: Source, line: int, expected: str, received: object, try_: str | None = None) -> ValueError:
    """Returns an error of the form "{path}, line {line}: Expected ... Received: ... Try ..."."""
    return ValueError(f"{source_name(source)}, line {line}: {_errors.message(expected, received, try_)}")


@contextlib.contextmanager
def open_decompressed(source: PathLike | IO[bytes]) -> Iterator[IO[bytes]]:
    """Opens a source as a stream of decompressed bytes. A file that the caller opened is left open."""
    if isinstance(source, str | os.PathLike):
        with open(_expanded(source), "rb") as file, open_decompressed(file) as stream:
            yield stream
        return
    buffered = cast("io.BufferedReader", source if hasattr(source, "peek") else io.BufferedReader(_raw(source)))
    # `peek` does not consume the bytes.
    head = buffered.peek(len(_XZ))
    try:
        if head.startswith(_GZIP):
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=buffered))
        elif head.startswith(_XZ):
            yield cast("IO[bytes]", lzma.LZMAFile(buffered))
        else:
            yield buffered
    finally:
        if buffered is not source:
            buffered.detach()  # garbage collection of the wrapper would close the caller's file


def numbered_lines(source: Source, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    r"""Streams `(line number from 1, line)`. Lines end at "\n" or "\r\n" only.

    U+0085, U+2028 and a lone "\r" are ordinary characters: `str.splitlines` would split tokens at them. A byte-order
    mark at the start of the file is dropped. A file that starts with the mark of UTF-16 or UTF-32, which is not valid
    UTF-8, is read as such if the encoding is "utf-8".

    Args:
        source: a path, with `~` for the home directory; an open file of text or bytes, which is read once, from its
            position; or a list or an iterator of lines.
        encoding: the encoding of paths and of files of bytes.

    Raises:
        ValueError: For an unknown encoding, an object that is not a source, bytes that are invalid in the encoding, a
            byte-order mark of another encoding, and for a damaged or truncated gz or xz file, with the line number.
    """
    _check_encoding(encoding)
    if isinstance(source, str) and "\n" in source:
        received = repr(source[:60])
        raise ValueError(_errors.message("a path, which has no line feeds", received, "io.StringIO(text) for a text"))
    if isinstance(source, str | os.PathLike):
        yield from _byte_lines(source, source, encoding)
    elif hasattr(source, "read"):
        if _is_text(source):
            yield from _text_lines(source, cast("IO[str]", source))
        else:
            yield from _byte_lines(source, cast("IO[bytes]", source), encoding)
    elif isinstance(source, list | tuple) or hasattr(source, "__next__"):
        yield from _given_lines(source, encoding)
    else:
        raise ValueError(_errors.message("a path, an open file, or a list of lines", type(source).__name__))


def aligned_lines(*sources: Source, unit: str, encoding: str = "utf-8") -> Iterator[tuple[int, list[str]]]:
    """Streams `(line number from 1, the line of each source)` from files of the same length.

    Raises:
        ValueError: If a file ends before the others, or all are empty, which lack a `unit`.
    """
    number = 0
    streams = (numbered_lines(source, encoding) for source in sources)
    for number, numbered in enumerate(itertools.zip_longest(*streams), start=1):
        for source, line in zip(sources, numbered, strict=True):
            if line is None:
                expected = f"files of the same length ({', '.join(map(source_name, sources))})"
                raise line_error(source, number, expected, "the end of this file before the others")
        yield number, [line for _, line in numbered]
    if not number:
        raise line_error(sources[0], 1, f"at least one {unit}", "an empty file")


# --- bytes ---


class _ByteReader(io.RawIOBase):
    """Reads from an object that has only the method `read`."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        content = self._source.read(len(view)) or b""
        view[: len(content)] = content
        return len(content)


def _raw(source: IO[bytes]) -> Any:
    return source if hasattr(source, "readinto") and hasattr(source, "readable") else _ByteReader(source)


def _expanded(path: PathLike) -> PathLike:
    """Replaces `~` at the start of a path, unless a file has this very name."""
    return path if os.path.lexists(path) else os.path.expanduser(path)


def _check_encoding(encoding: str) -> None:
    try:
        known = getattr(codecs.lookup(encoding), "_is_text_encoding", True)
    except (LookupError, TypeError, ValueError):
        known = False
    if not known:
        raise ValueError(_errors.message("a text encoding that Python knows", repr(encoding), "encoding='utf-8'"))


def _byte_lines(source: Source, opened: PathLike | IO[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    with open_decompressed(opened) as stream:
        buffered = stream if hasattr(stream, "peek") else io.BufferedReader(_raw(stream))
        try:
            head = _read(source, 1, lambda: cast("io.BufferedReader", buffered).peek(4))
            encoding, mark = _actual_encoding(source, head, encoding)
            if "\n".encode(encoding) == b"\n":
                yield from _single_byte_lines(source, buffered, encoding)
            else:
                buffered.read(mark)
                yield from _wide_lines(source, buffered, encoding, mark)
        finally:
            if buffered is not stream:
                cast("io.BufferedReader", buffered).detach()


def _actual_encoding(source: Source, head: bytes, encoding: str) -> tuple[str, int]:
    """Returns the encoding of a file that starts with `head`, and the length of its byte-order mark."""
    if head.startswith(_ZIP):
        raise line_error(source, 1, "a text file, plain or as gz or xz", "a zip archive, as of .zip and .xlsx files")
    name = codecs.lookup(encoding).name
    marked = next(((mark, found) for mark, found in _MARKS.items() if head.startswith(mark)), None)
    if marked is None:
        if name in ("utf-16", "utf-32"):
            # Python would assume the byte order of this machine.
            advice = f"encoding='{name}-le' or '{name}-be'"
            raise line_error(source, 1, f"a byte-order mark, as {name.upper()} has", f"{head[:4]!r}", advice)
        return ("utf-8" if name == "utf-8-sig" else encoding), 0
    mark, found = marked
    # "utf-16" names both byte orders. Under the default encoding, a mark decides.
    if name in (found, found[:6]) or name in ("utf-8", "utf-8-sig"):
        return ("utf-8" if found == "utf-8" else found), len(mark)
    received = f"the byte-order mark of {found.upper()}"
    raise line_error(source, 1, f"text in {encoding.upper()}", received, f"encoding={found!r}")


def _single_byte_lines(source: Source, stream: IO[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    """Yields lines in an encoding whose line feed is one byte, as all but UTF-16, UTF-32 and EBCDIC."""
    number = offset = 0  # lines read so far, and decompressed bytes before the current line
    while raw := _read(source, number + 1, stream.readline):
        number += 1
        if number == 1 and 3 * raw.count(0) > len(raw) > 3:
            order = "be" if raw[0] == 0 else "le"
            received = f"a zero byte after most characters, {raw[:8]!r}"
            raise line_error(source, 1, f"text in {encoding.upper()}", received, f"encoding='utf-16-{order}'")
        # Line by line, so that an error names the line and lines before it are yielded.
        yield number, _without_end(_decode(raw, source, number, offset, encoding), number)
        offset += len(raw)


def _wide_lines(source: Source, stream: IO[bytes], encoding: str, offset: int) -> Iterator[tuple[int, str]]:
    """Yields lines of encodings whose line feed is not one byte."""
    decoder = codecs.getincrementaldecoder(encoding)()
    number, rest, more = 0, "", True
    # Invariant: `rest` is the start of line `number + 1`.
    while more:
        raw = _read(source, number + 1, lambda: stream.read(_CHUNK))
        more = bool(raw)
        try:
            text, wrong = decoder.decode(raw, final=not more), None
        except UnicodeDecodeError as error:
            text, wrong = error.object[: error.start].decode(encoding), error
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            number += 1
            yield number, _without_end(line, number)
        if wrong is not None:
            broken = f"byte 0x{wrong.object[wrong.start]:02x}"
            advice = "another encoding=, or to convert the file to UTF-8"
            raise line_error(source, number + 1, f"text in {encoding.upper()}", broken, advice) from wrong
    if rest:
        yield number + 1, _without_end(rest, number + 1)


def _read(source: Source, number: int, read: Any) -> bytes:
    """Calls `read`, whose errors of decompression get the name of the file and the number of the line."""
    try:
        return cast("bytes", read())
    except DECOMPRESSION_ERRORS as broken:
        raise line_error(
            source,
            number,
            "a complete gz or xz file",
            f"{type(broken).__name__}: {str(broken).rstrip('.')}",
            "to download the file again, since it is truncated or damaged",
        ) from broken


def _decode(raw: bytes, source: Source, number: int, offset: int, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise line_error(
            source,
            number,
            f"text in {encoding.upper()}",
            f"byte 0x{raw[wrong.start]:02x} at offset {offset + wrong.start} of the text",
            f"encoding= with that of the file, or to convert it to {encoding.upper()}",
        ) from wrong


# --- text ---


def _is_text(source: Any) -> bool:
    """Returns True if `read` returns strings. Nothing is consumed."""
    if isinstance(source, io.TextIOBase | codecs.StreamReader | codecs.StreamReaderWriter):
        return True
    if isinstance(source, io.RawIOBase | io.BufferedIOBase):
        return False
    return isinstance(source.read(0), str)  # wrappers such as those of `tempfile`


def _text_lines(source: Source, stream: IO[str]) -> Iterator[tuple[int, str]]:
    # Readers of `codecs` split lines at U+2028 and the like.
    chunked = isinstance(stream, codecs.StreamReader | codecs.StreamReaderWriter)
    lines = _split(stream) if chunked else iter(stream.readline, "")
    number = 0
    while True:
        try:
            line = next(lines, None)
        except UnicodeDecodeError as wrong:
            advice = "the encoding of the file when it is opened"
            received = f"byte 0x{wrong.object[wrong.start]:02x}"
            raise line_error(source, number + 1, f"text in {wrong.encoding.upper()}", received, advice) from wrong
        if line is None:
            return
        number += 1
        yield number, _without_end(line, number)


def _split(stream: IO[str]) -> Iterator[str]:
    rest = ""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split("\n")
        yield from whole
    if rest:
        yield rest


def _given_lines(lines: Any, encoding: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        text = _decode(line, lines, number, 0, encoding) if isinstance(line, bytes) else line
        if not isinstance(text, str):
            raise line_error(lines, number, "a line of text in each item", f"{text!r}")
        text = _without_end(text, number)
        if "\n" in text:
            raise line_error(lines, number, "one line in each item", repr(text[:60]), "io.StringIO(text) for a text")
        yield number, text


def _without_end(line: str, number: int) -> str:
    line = line.removesuffix("\n").removesuffix("\r")
    return line.removeprefix("\ufeff") if number == 1 else line
