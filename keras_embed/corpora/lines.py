"""Numbered lines of plain, gz and xz text files, and errors that name file and line."""

import contextlib
import gzip
import io
import itertools
import lzma
import os
import zlib
from collections.abc import Iterator
from typing import IO, TypeAlias, cast

from keras_embed import _errors
from keras_embed._types import PathLike

Source: TypeAlias = PathLike | IO[bytes] | IO[str]
"""A path or an open file. Compression is detected by the first bytes, not by the file name."""

_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
#: Raised by the decompressors for a truncated or damaged file.
DECOMPRESSION_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError)


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
        with open(source, "rb") as file, open_decompressed(file) as stream:
            yield stream
        return
    buffered = cast("io.BufferedReader", source if hasattr(source, "peek") else io.BufferedReader(source))  # type: ignore[type-var]
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

    U+0085, U+2028 and a lone "\r" are ordinary characters: `str.splitlines` would split tokens at them. A byte order
    mark at the start of the file is dropped.

    Raises:
        ValueError: For bytes that are invalid in the encoding and for a damaged or truncated gz or xz file, with the
            line number.
    """
    # Text files are decoded by their owner.
    if isinstance(source, io.TextIOBase):
        for number, text in enumerate(source, start=1):
            yield number, _without_end(text, number)
        return
    number = offset = 0  # lines read so far, and decompressed bytes before the current line
    with open_decompressed(cast("PathLike | IO[bytes]", source)) as stream:
        while True:
            try:
                raw = stream.readline()
            except DECOMPRESSION_ERRORS as broken:
                raise line_error(
                    source,
                    number + 1,
                    "a complete gz or xz file",
                    f"{type(broken).__name__}: {str(broken).rstrip('.')}",
                    "to download the file again, since it is truncated or damaged",
                ) from broken
            if not raw:
                return
            number += 1
            # Line by line, so that an error names the line and lines before it are yielded.
            yield number, _without_end(_decode(raw, source, number, offset, encoding), number)
            offset += len(raw)


def aligned_lines(*sources: Source, unit: str) -> Iterator[tuple[int, list[str]]]:
    """Streams `(line number from 1, the line of each source)` from files of the same length.

    Raises:
        ValueError: If a file ends before the others, or all are empty, which lack a `unit`.
    """
    number = 0
    for number, numbered in enumerate(itertools.zip_longest(*map(numbered_lines, sources)), start=1):
        for source, line in zip(sources, numbered, strict=True):
            if line is None:
                expected = f"files of the same length ({', '.join(map(source_name, sources))})"
                raise line_error(source, number, expected, "the end of this file before the others")
        yield number, [line for _, line in numbered]
    if not number:
        raise line_error(sources[0], 1, f"at least one {unit}", "an empty file")


def _decode(raw: bytes, source: Source, number: int, offset: int, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise line_error(
            source,
            number,
            f"text in {encoding.upper()}",
            f"byte 0x{raw[wrong.start]:02x} at offset {offset + wrong.start} of the text",
            f"to convert the file to {encoding.upper()}",
        ) from wrong


def _without_end(line: str, number: int) -> str:
    line = line.removesuffix("\n").removesuffix("\r")
    return line.removeprefix("\ufeff") if number == 1 else line
