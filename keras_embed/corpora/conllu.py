"""CoNLL-U, the format of Universal Dependencies."""

import re
import sys
from collections.abc import Collection, Iterator

from keras_embed import _errors
from keras_embed.corpora._lines import Source, error, numbered_lines
from keras_embed.corpora.sentence import Sentence

_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_KINDS = {"word": re.compile("[0-9]+"), "range": re.compile("[0-9]+-[0-9]+"), "empty": re.compile("[0-9]+[.][0-9]+")}


def read_conllu(
    path_or_file: Source, tags: str | None = "upos", include: Collection[str] = ("word",)
) -> Iterator[Sentence]:
    r"""Streams sentences from a CoNLL-U file (https://universaldependencies.org/format.html).

    A comment `# key = value` goes to `Sentence.comments`; `# newdoc` starts a document.

    Args:
        path_or_file: a path or an open file; gz and xz are read directly.
        tags: the column that goes to `Sentence.tags`: "upos", "xpos", "lemma", "feats", "deprel" ... None: no tags.
            The rest goes to `Sentence.columns`. The tokens are the column "form".
        include: kinds of lines that become tokens: "word" (`3`), "range" (`3-4`, a surface token of several words) and
            "empty" (`3.1`, a node of the enhanced graph that has no surface).

    Yields:
        `Sentence`.

    Raises:
        ValueError: for an unknown column or kind, at once; while reading, with file and line: for a line without 10
            columns, an id of another form or out of order, bytes that are not UTF-8, a truncated file, a file without
            sentences.

    Example:
    >>> import io
    >>> rest = "\t_" * 6
    >>> text = f"# sent_id = 1\n1\tDogs\tdog\tNOUN{rest}\n2\tbark\tbark\tVERB{rest}\n"
    >>> sentence, = read_conllu(io.StringIO(text))
    >>> sentence.tokens, sentence.tags, sentence.comments
    (('Dogs', 'bark'), ('NOUN', 'VERB'), {'sent_id': '1'})
    """
    if tags is not None:
        _errors.check_one_of("tags", tags, [name for name in _COLUMNS if name != "form"])
    for kind in include:
        _errors.check_one_of("include", kind, _KINDS)
    return _read(path_or_file, tags, frozenset(include))


def _read(source: Source, tags: str | None, include: frozenset[str]) -> Iterator[Sentence]:
    rows: list[list[str]] = []
    comments: dict[str, str] = {}
    words = number = sentences = document = documents = 0
    for number, line in numbered_lines(source):
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            comments[key.strip()] = value.strip(" ")
            if key.split(maxsplit=1)[:1] == ["newdoc"]:
                # A border before the first sentence opens document 0.
                document += 1 if sentences > documents else 0
                documents = sentences
        elif line.strip(" \t"):
            fields = line.split("\t")
            kind = _check_line(fields, words, source, number)
            words += kind == "word"
            if kind in include:
                rows.append(fields)
        elif words:
            yield _sentence(rows, tags, comments, document)
            sentences += 1
            rows, comments, words = [], {}, 0
    if words:
        yield _sentence(rows, tags, comments, document)
    elif not sentences:
        raise error(source, max(number, 1), "at least one sentence", "a file without any")


def _check_line(fields: list[str], words: int, source: Source, number: int) -> str:
    """The kind of the line, after so many words of its sentence."""
    if len(fields) != len(_COLUMNS):
        raise error(
            source,
            number,
            f"{len(_COLUMNS)} columns with a tab between",
            f"{len(fields)} in {fields}",
            "`read_conll` for other column files",
        )
    if not fields[1]:
        raise error(source, number, "a text in the column `form`", f"an empty one in {fields}")
    for kind, pattern in _KINDS.items():
        if pattern.fullmatch(fields[0]):
            if kind == "word" and int(fields[0]) != words + 1:
                raise error(
                    source,
                    number,
                    f"word {words + 1} of the sentence",
                    f"id {fields[0]}",
                    "an empty line between sentences",
                )
            return kind
    raise error(source, number, "an id such as 3, 3-4 or 3.1", fields[0])


def _sentence(rows: list[list[str]], tags: str | None, comments: dict[str, str], document: int) -> Sentence:
    # The same few strings stand in millions of cells.
    cells = [tuple(map(sys.intern, column)) for column in zip(*rows, strict=True)] or [()] * len(_COLUMNS)
    columns = dict(zip(_COLUMNS, cells, strict=True))
    tokens = columns.pop("form")
    return Sentence(tokens, None if tags is None else columns.pop(tags), columns, comments, document)
