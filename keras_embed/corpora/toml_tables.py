"""Tables of TOML files, checked against a schema: the entries of corpora and published models."""

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from keras_embed._errors import message
from keras_embed._types import PathLike
from keras_embed.corpora.downloads import File

Table: TypeAlias = dict[str, Any]
"""A TOML table. `read_tables` has checked its keys and the types of their values."""

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Key:
    """A key of a table.

    Args:
        kind: the type of its value, a key of `_KINDS`.
        required: if True, a table without the key is an error.
    """

    kind: str
    required: bool = True


def read_tables(path: PathLike, section: str, schema: Mapping[str, Key]) -> dict[str, Table]:
    """Reads the tables `[section.NAME]` of a TOML file.

    The key `group` of a table names a table `[groups.NAME]`, whose keys are defaults.

    Args:
        path: the file.
        section: the name of the section.
        schema: the keys of a table.

    Returns:
        The tables by name, in the order of the file, complete with the keys of their groups.

    Raises:
        ValueError: For a file that is not TOML, and for unknown or missing keys and wrong types; with the file, the
            table and the key.
    """
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {message('a TOML file', str(error))}") from error
    _check_keys(str(path), content, (section, "groups"))
    groups = _checked_tables(f"{path}, [groups", content.get("groups", {}), schema)
    tables = _checked_tables(f"{path}, [{section}", content.get(section, {}), {**schema, "group": Key("text", False)})
    # A table's own keys override those of its group. Required keys may come from either.
    complete = {}
    for name, table in tables.items():
        where = f"{path}, [{section}.{name}]"
        group = table.pop("group", None)
        if group is not None and group not in groups:
            raise ValueError(
                f"{where}: {message(f'a group among {sorted(groups)}', repr(group), _near(group, groups))}"
            )
        complete[name] = {**groups.get(group, {}), **table}
        if missing := [key for key, rule in schema.items() if rule.required and key not in complete[name]]:
            raise ValueError(f"{where}: {message(f'the key `{missing[0]}`', f'the keys {list(complete[name])}')}")
    return complete


def files_of(table: Table) -> dict[str, File]:
    """Returns the files of a table by their paths."""
    return {file["path"]: File(**file) for file in table["files"]}


def _checked_tables(where: str, tables: object, schema: Mapping[str, Key]) -> dict[str, Table]:
    """Checks the keys that are present and the types of their values."""
    if not isinstance(tables, dict):
        raise ValueError(f"{where}]: {message('a table of tables', tables)}")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ValueError(f"{where}.{name}]: {message('a table', table)}")
        _check_keys(f"{where}.{name}]", table, schema)
        for key, value in table.items():
            expected, is_kind = _KINDS[schema[key].kind]
            if not is_kind(value):
                raise ValueError(f"{where}.{name}]: {message(f'`{key}` to be {expected}', value)}")
    return tables


def _check_keys(where: str, table: Table, known: Collection[str]) -> None:
    for key in table:
        if key not in known:
            raise ValueError(f"{where}: {message(f'keys among {sorted(known)}', repr(key), _near(key, known))}")


def _near(name: str, known: Collection[str]) -> str | None:
    near = difflib.get_close_matches(name, known, n=1)
    return repr(near[0]) if near else None


def _is_relative(path: object) -> bool:
    """Returns True if a path stays inside the folder that it is joined to."""
    if not isinstance(path, str) or not path or "\\" in path:
        return False
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _is_file(value: object) -> bool:
    return (
        isinstance(value, dict)
        and {"path"} <= set(value) <= {"path", "url", "sha256"}
        and all(isinstance(part, str) for part in value.values())
        and _is_relative(value["path"])
        and ("sha256" not in value or _SHA256.fullmatch(value["sha256"]) is not None)
    )


def _is_files(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(map(_is_file, value))
        and len({file["path"] for file in value}) == len(value)
    )


def _is_splits(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(paths, list) and paths and all(map(_is_relative, paths)) for paths in value.values())
    )


#: Kind of a value -> its description in errors, and its check.
_KINDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "text": ("a string", lambda value: isinstance(value, str)),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "table": ("a table", lambda value: isinstance(value, dict)),
    "folder": ("a relative path without `..`", _is_relative),
    "splits": ("a table of lists of paths", _is_splits),
    "files": (
        "a list of different {path, url, sha256}, with relative paths and checksums of 64 hexadecimal digits",
        _is_files,
    ),
}
