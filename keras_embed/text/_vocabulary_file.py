"""The vocabulary's JSON file: {"format", "version", "words", "counts"}, one word a line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_embed._atomic import write_atomically
from keras_embed._errors import message

_FORMAT = "keras_embed.Vocabulary"
_VERSION = 1


def write(path: str | Path, words: Sequence[str], counts: Sequence[int] | None) -> None:
    """Writes a vocabulary."""
    counts = counts and list(counts)
    write_json(path, {"format": _FORMAT, "version": _VERSION, "words": list(words), "counts": counts})


def write_json(path: str | Path, content: Any) -> None:
    """Writes JSON that people can read, whole or not at all."""
    write_atomically(path, json.dumps(content, ensure_ascii=False, indent=0) + "\n")


def read(path: str | Path) -> tuple[list[str], list[int] | None]:
    """Returns the words and their counts, or raises `ValueError` that names the file and the place."""
    # A file is bytes that may be damaged: neither a bad byte nor a cut end may surface as a decoder's traceback.
    data = Path(path).read_bytes()
    try:
        content = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error(path, f"line {line}", "UTF-8 text", f"byte {data[error.start]:#04x}") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _error(path, place, "a vocabulary in JSON", f"text with the fault {error.msg!r}") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT or content.get("version") != _VERSION:
        raise _error(path, "line 1", f'an object with "format": "{_FORMAT}", "version": {_VERSION}', str(content))
    return _words(path, content.get("words")), _counts(path, content.get("counts"))


def _words(path: str | Path, words: Any) -> list[str]:
    if not isinstance(words, list):
        raise _error(path, "words", "a list of strings", repr(words))
    for index, word in enumerate(words):
        if not isinstance(word, str):
            raise _error(path, f"word {index}", "a string", repr(word))
    return words


def _counts(path: str | Path, counts: Any) -> list[int] | None:
    if counts is not None and not isinstance(counts, list):
        raise _error(path, "counts", "a list of whole numbers or null", repr(counts))
    for index, count in enumerate(counts or ()):
        if not isinstance(count, int) or isinstance(count, bool):
            raise _error(path, f"count {index}", "a whole number", repr(count))
    return counts


def _error(path: str | Path, place: str, expected: str, received: str) -> ValueError:
    return ValueError(f"{path}, {place}: " + message(expected, received, "saving the vocabulary again"))
