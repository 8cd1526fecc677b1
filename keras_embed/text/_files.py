"""JSON files with a format name and a version, written atomically."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_embed._atomic import write_atomically
from keras_embed._errors import message
from keras_embed._types import Config, PathLike

_VOCABULARY = ("keras_embed.Vocabulary", 1)


def write(path: PathLike, form: tuple[str, int], content: Config) -> None:
    """Writes JSON-ready `content` with its format name and version.

    The file is ASCII, since a word may hold a lone surrogate, which UTF-8 cannot encode.
    """
    write_atomically(path, json.dumps({"format": form[0], "version": form[1], **content}), "ascii")


def write_readable(path: PathLike, form: tuple[str, int], content: Config) -> None:
    """Writes the same as UTF-8 with one list entry a line, so that people can read and diff it."""
    content = {"format": form[0], "version": form[1], **content}
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=0) + "\n")


def read(path: PathLike, form: tuple[str, int], name: str) -> Config:
    """Reads what `write` wrote.

    Args:
        path: of the file.
        form: name and version of the format.
        name: what error messages call the content.

    Raises:
        ValueError: If the file is not JSON or has another format or version.
    """
    try:
        content = json.loads(Path(path).read_bytes())
        found = (content.pop("format"), content.pop("version"))
    except (ValueError, KeyError, AttributeError) as error:
        raise ValueError(f"{path}: " + message(f"{name} in JSON", f"a file with {error!r}")) from error
    if found != form:
        raise ValueError(f"{path}: " + message(f"format {form[0]!r}, version {form[1]}", f"{found}"))
    return dict(content)


def write_vocabulary(path: PathLike, words: Sequence[str], counts: Sequence[int] | None) -> None:
    """Writes {"format", "version", "words", "counts"}, one word a line."""
    write_readable(path, _VOCABULARY, {"words": list(words), "counts": counts and list(counts)})


def read_vocabulary(path: PathLike) -> tuple[list[str], list[int] | None]:
    """Returns the words and their counts.

    Raises:
        ValueError: If the file is damaged; the message names the file and the line or the entry.
    """
    # A file may be damaged: neither an invalid byte nor a truncated end may surface as a decoder's traceback.
    data = Path(path).read_bytes()
    try:
        content = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error(path, f"line {line}", "UTF-8 text", f"byte {data[error.start]:#04x}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _error(path, where, "a vocabulary in JSON", f"text with the fault {error.msg!r}") from error
    name, version = _VOCABULARY
    if not isinstance(content, dict) or content.get("format") != name or content.get("version") != version:
        raise _error(path, "line 1", f'an object with "format": "{name}", "version": {version}', str(content))
    return _words(path, content.get("words")), _counts(path, content.get("counts"))


def _words(path: PathLike, words: Any) -> list[str]:
    if not isinstance(words, list):
        raise _error(path, "words", "a list of strings", repr(words))
    for index, word in enumerate(words):
        if not isinstance(word, str):
            raise _error(path, f"word {index}", "a string", repr(word))
    return words


def _counts(path: PathLike, counts: Any) -> list[int] | None:
    if counts is not None and not isinstance(counts, list):
        raise _error(path, "counts", "a list of whole numbers or null", repr(counts))
    for index, count in enumerate(counts or ()):
        if not isinstance(count, int) or isinstance(count, bool):
            raise _error(path, f"count {index}", "a whole number", repr(count))
    return counts


def _error(path: PathLike, where: str, expected: str, received: str) -> ValueError:
    return ValueError(f"{path}, {where}: " + message(expected, received, "saving the vocabulary again"))
