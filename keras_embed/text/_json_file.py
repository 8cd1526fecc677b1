"""JSON files with a format and a version, which appear whole or not at all."""

import json
from pathlib import Path
from typing import Any

from keras_embed._atomic import write_atomically
from keras_embed._errors import message


def write(path: str | Path, form: tuple[str, int], content: dict[str, Any]) -> None:
    """Writes settings and lists.

    Args:
        path: of the file.
        form: name and version of the format.
        content: JSON-ready.
    """
    # ASCII: a word may hold a lone surrogate, which UTF-8 has no bytes for.
    write_atomically(path, json.dumps({"format": form[0], "version": form[1], **content}), "ascii")


def read(path: str | Path, form: tuple[str, int], what: str) -> dict[str, Any]:
    """What `write` wrote.

    Args:
        path: of the file.
        form: name and version of the format.
        what: what error texts call it.

    Raises:
        ValueError: for another file.
    """
    try:
        content = json.loads(Path(path).read_bytes())
        found = (content.pop("format"), content.pop("version"))
    except (ValueError, KeyError, AttributeError) as error:
        raise ValueError(f"{path}: " + message(f"{what} in JSON", f"a file with {error!r}")) from error
    if found != form:
        raise ValueError(f"{path}: " + message(f"format {form[0]!r}, version {form[1]}", f"{found}"))
    return dict(content)
