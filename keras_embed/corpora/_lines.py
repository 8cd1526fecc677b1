"""Numbered lines of text from plain, gz and xz files, with errors that say where."""

import contextlib
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Iterator
from typing import IO, Any, TypeAlias

from keras_embed import _errors

Source: TypeAlias = "str | os.PathLike[str] | IO[bytes] | IO[str]"
"""A path or an open file. What is compressed shows in the first bytes, whatever the name says."""

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError)


def source_name(source: Source) -> str:
    """What errors call the source: its path, or the name of the open file."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "<file>"))


def error(source: Source, line: int, expected: str, received: Any, try_: str | None = None) -> ValueError:
    """An error of the form "{path}, line {line}: Expected ... Received ... Try ..."."""
    return ValueError(f"{source_name(source)}, line {line}: {_errors.message(expected, received, try_)}")


@contextlib.contextmanager
def open_decompressed(source: str | os.PathLike[str] | IO[bytes]) -> Iterator[IO[bytes]]:
    """The bytes of a source, decompressed. A file that was opened here is closed here."""
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as file, open_decompressed(file) as stream:
            yield stream
        return
    buffered: Any = source if hasattr(source, "peek") else io.BufferedReader(source)  # type: ignore[type-var]
    head = buffered.peek(len(_XZ))
    try:
        if head.startswith(_GZIP):
            yield gzip.GzipFile(fileobj=buffered)  # type: ignore[misc]
        elif head.startswith(_XZ):
            yield lzma.LZMAFile(buffered)  # type: ignore[misc]
        else:
            yield buffered
    finally:
        if buffered is not source:
            buffered.detach()  # or its end would close the caller's file


def numbered_lines(source: Source, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    r"""Streams `(line number from 1, line)`. Lines end at "\n" or "\r\n" and nowhere else.

    U+0085, U+2028 and a lone "\r" are characters like others: `str.splitlines` would cut tokens at them. A byte order
    mark at the start of the file is dropped.

    Raises:
        ValueError: for bytes that are not in the encoding and for a broken or truncated gz or xz file, with the line.
    """
    if isinstance(source, io.TextIOBase):
        for number, text in enumerate(source, start=1):
            yield number, _without_end(text, number)
        return
    number = offset = 0
    with open_decompressed(source) as stream:  # type: ignore[arg-type]
        while True:
            try:
                raw = stream.readline()
            except BROKEN as broken:
                raise error(
                    source,
                    number + 1,
                    "a complete gz or xz file",
                    f"{type(broken).__name__}: {str(broken).rstrip('.')}",
                    "to fetch the file again, it is truncated or damaged",
                ) from broken
            if not raw:
                return
            number += 1
            yield number, _without_end(_decode(raw, source, number, offset, encoding), number)
            offset += len(raw)


def _decode(raw: bytes, source: Source, number: int, offset: int, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise error(
            source,
            number,
            f"text in {encoding.upper()}",
            f"byte 0x{raw[wrong.start]:02x} at offset {offset + wrong.start} of the text",
            f"to convert the file to {encoding.upper()}",
        ) from wrong


def _without_end(line: str, number: int) -> str:
    line = line.removesuffix("\n").removesuffix("\r")
    return line.removeprefix("\ufeff") if number == 1 else line
