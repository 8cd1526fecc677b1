"""Column files: a token a line, an empty line between sentences."""

import re
from collections.abc import Iterator, Sequence

from keras_embed import _errors
from keras_embed.corpora._lines import Source, error, numbered_lines
from keras_embed.corpora.sentence import Sentence

_DOCUMENT = "-DOCSTART-"
_SPACES = re.compile("[ \t]+")  # not str.split: U+00A0, U+0085 and U+2028 may stand in a token


def read_conll(
    path_or_file: Source,
    columns: Sequence[str | None] = ("tokens", "tags"),
    tags: str | None = "tags",
    separator: str | None = None,
    comment: str | None = None,
) -> Iterator[Sentence]:
    r"""Streams sentences from a column file (CoNLL-2003, WNUT17, any TSV with a token a line).

    A line that is empty or holds only spaces and tabs ends a sentence. A line whose first field is `-DOCSTART-`, or a
    comment that starts with `newdoc`, starts a document.

    Args:
        path_or_file: a path or an open file; gz and xz are read directly.
        columns: what the fields of a line are, in order; None skips a field. One is called "tokens".
        tags: the column that goes to `Sentence.tags`. None: no tags. The rest goes to `Sentence.columns`.
        separator: the string between fields. None: tabs in a line that has a tab, else runs of spaces.
        comment: how comment lines begin, such as "# ". They go to `Sentence.comments`, at " = " cut into key and
            value. None: no comments, since a token may be "#".

    Yields:
        `Sentence`.

    Raises:
        ValueError: for columns without "tokens" or `tags`, at once; while reading, with file and line: for a line with
            another number of fields, an empty token, bytes that are not UTF-8, a truncated file, a file without
            sentences.

    Example:
    >>> import io
    >>> [s.tags for s in read_conll(io.StringIO("EU\tB-ORG\nrejects\tO\n\nHello\tO\n"))]
    [('B-ORG', 'O'), ('O',)]
    """
    if isinstance(columns, str) or "tokens" not in columns:
        raise ValueError(_errors.message('a column "tokens" in `columns`', columns, '("tokens", "tags")'))
    if tags is not None and tags not in columns:
        raise ValueError(_errors.message(f"the tag column {tags!r} in `columns`", columns, "tags=None for no tags"))
    return _read(path_or_file, tuple(columns), tags, separator, comment)


def _read(
    source: Source, columns: tuple[str | None, ...], tags: str | None, separator: str | None, comment: str | None
) -> Iterator[Sentence]:
    rows: list[list[str]] = []
    comments: dict[str, str] = {}
    document = number = sentences = documents = 0
    for number, line in numbered_lines(source):
        blank = not line.strip(" \t")
        is_comment = comment is not None and not rows and line.startswith(comment)
        fields = [] if blank or is_comment else _fields(line, separator)
        border = bool(fields) and fields[0] == _DOCUMENT
        if (blank or border) and rows:
            yield _sentence(rows, columns, tags, comments, document)
            sentences += 1
            rows, comments = [], {}
        if is_comment:
            key, _, value = line[len(comment or "") :].partition(" = ")
            comments[key.strip()] = value
            border = key.startswith("newdoc")
        if border:
            # A border before the first sentence opens document 0.
            document += 1 if sentences > documents else 0
            documents = sentences
        elif fields:
            _check_fields(fields, columns, source, number)
            rows.append(fields)
    if rows:
        yield _sentence(rows, columns, tags, comments, document)
    elif not sentences:
        raise error(source, max(number, 1), "at least one sentence", "a file without any")


def _fields(line: str, separator: str | None) -> list[str]:
    if separator is not None:
        return line.split(separator)
    return line.split("\t") if "\t" in line else _SPACES.split(line.strip(" "))


def _check_fields(fields: list[str], columns: tuple[str | None, ...], source: Source, number: int) -> None:
    names = ", ".join(name or "-" for name in columns)
    if len(fields) != len(columns):
        raise error(
            source,
            number,
            f"{len(columns)} columns ({names})",
            f"{len(fields)} in {fields}",
            "other `columns` or another `separator`",
        )
    if not all(value for name, value in zip(columns, fields, strict=True) if name):
        raise error(source, number, f"a text in each of the columns ({names})", f"an empty one in {fields}")


def _sentence(
    rows: list[list[str]],
    columns: tuple[str | None, ...],
    tags: str | None,
    comments: dict[str, str],
    document: int,
) -> Sentence:
    named = {name: column for name, column in zip(columns, zip(*rows, strict=True), strict=True) if name}
    tokens = named.pop("tokens")
    return Sentence(tokens, None if tags is None else named.pop(tags), named, comments, document)
