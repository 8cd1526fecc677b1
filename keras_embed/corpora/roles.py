"""Reader of semantic roles in column files: one sentence per predicate."""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from keras_embed import _errors
from keras_embed.corpora.lines import Source, line_error, numbered_lines
from keras_embed.corpora.sentences import Sentence

_NO_PREDICATE = "-"
_VERB = "V"
_OPENED = re.compile(r"\(([^()*]+)")
_FIELD = re.compile(r"(?:\([^()*]+)*\*(?:[^()*]*\))*$")
#: Line number and fields of each token of a sentence.
_Rows: TypeAlias = list[tuple[int, list[str]]]


class _Layout(NamedTuple):
    """The arguments of `read_roles` that describe the columns."""

    tokens: int
    predicates: int
    first_role: int
    behind: int


def read_roles(
    path_or_file: Source,
    tokens: int = 0,
    predicates: int = 1,
    first_role: int = 2,
    behind: int = 0,
    encoding: str = "utf-8",
) -> Iterator[Sentence]:
    r"""Streams the propositions of a file in the format of CoNLL-2005 or CoNLL-2012, one `Sentence` for each.

    Every predicate of a sentence has its own column, in which `(A0*`, `*` and `*)` bracket its arguments, and `(V*)`
    the predicate itself. A sentence is yielded once for each of these columns; a sentence without predicates is not
    yielded.

    Args:
        path_or_file: a path or an open file; gz and xz are decompressed. Fields are separated by spaces or tabs.
        tokens: index of the column of words.
        predicates: index of the column of the predicates' lemmas, "-" at other words.
        first_role: index of the first column of roles.
        behind: number of columns after those of roles.
        encoding: the encoding of the file.

    Yields:
        `Sentence` with the roles as BIO tags, such as "B-A0", "B-AM-TMP", "I-C-A1", and the column `predicate`: the
        predicate's lemma at the words that `(V*)` brackets, "-" at all others. The defaults suit words pasted to a file
        of CoNLL-2005's props; its complete files need `predicates=5, first_role=6`; files of CoNLL-2012 need
        `tokens=3, predicates=6, first_role=11, behind=1`.

    Raises:
        ValueError: If the indices of columns do not increase, immediately. While reading, with file and line: for a
            line with too few fields or a number of fields that differs from the sentence's first line, unbalanced or
            nested brackets, a column without a predicate, bytes that are not UTF-8, a file without sentences.

    References:
        Carreras and Marquez 2005, https://aclanthology.org/W05-0620; Pradhan et al. 2012,
        https://aclanthology.org/W12-4501.

    Example:
    >>> import io
    >>> [one] = read_roles(io.StringIO("Ada - (A0*)\nlikes like (V*)\nred - (A1*\nink - *)\n"))
    >>> one.tags, one.columns["predicate"]
    (('B-A0', 'B-V', 'B-A1', 'I-A1'), ('-', 'like', '-', '-'))
    """
    if not 0 <= predicates < first_role or tokens < 0 or tokens >= first_role or behind < 0:
        received = f"tokens={tokens}, predicates={predicates}, first_role={first_role}, behind={behind}"
        raise ValueError(_errors.message("columns of words and predicates before those of roles", received))
    return _sentences(path_or_file, _Layout(tokens, predicates, first_role, behind), encoding)


def _sentences(source: Source, layout: _Layout, encoding: str) -> Iterator[Sentence]:
    rows: _Rows = []
    number, any_sentence, least = 0, False, layout.first_role + layout.behind
    for number, line in numbered_lines(source, encoding):
        fields = line.split()
        if not rows and line.startswith("#") and len(fields) < least:
            continue  # "#begin document"; a row whose word is "#" has more fields
        if fields:
            if len(fields) < least or (rows and len(fields) != len(rows[0][1])):
                wanted = f"{len(rows[0][1])}" if rows else f"at least {least}"
                raise line_error(source, number, f"{wanted} columns", f"{len(fields)} in {fields}")
            rows.append((number, fields))
        elif rows:
            any_sentence = True
            yield from _propositions(source, rows, layout)
            rows = []
    if rows:
        yield from _propositions(source, rows, layout)
    elif not any_sentence:
        raise line_error(source, max(number, 1), "at least one sentence", "a file without any")


def _propositions(source: Source, rows: _Rows, layout: _Layout) -> Iterator[Sentence]:
    # Columns of a sentence: words, lemmas of predicates, and one column of roles per predicate.
    words = tuple(fields[layout.tokens] for _, fields in rows)
    lemmas = [fields[layout.predicates] for _, fields in rows]
    predicates = [index for index, lemma in enumerate(lemmas) if lemma != _NO_PREDICATE]
    for order, column in enumerate(range(layout.first_role, len(rows[0][1]) - layout.behind)):
        tags = _tags(source, [(number, fields[column]) for number, fields in rows])
        # The predicate of a column is what (V*) brackets; without it, the n-th column belongs to the n-th lemma.
        verbs = [index for index, tag in enumerate(tags) if tag[2:] == _VERB]
        if not verbs and order < len(predicates):
            verbs = [predicates[order]]
        if not verbs:
            raise line_error(source, rows[0][0], "a predicate in every column of roles", f"none in column {column}")
        lemma = next((lemmas[index] for index in verbs if lemmas[index] != _NO_PREDICATE), words[verbs[0]])
        predicate = tuple(lemma if index in verbs else _NO_PREDICATE for index in range(len(words)))
        yield Sentence(words, tuple(tags), {"predicate": predicate})


def _tags(source: Source, column: list[tuple[int, str]]) -> list[str]:
    """Converts a column of brackets, `(line number, field)`, to BIO tags."""
    tags, role = [], ""  # `role` is the label of the open bracket
    number = 0
    for number, field in column:
        if not _FIELD.match(field):
            raise line_error(source, number, "brackets such as (A0*, *, *) or (A1*)", repr(field))
        # Invariant: at most one bracket is open.
        opened, closed = _OPENED.findall(field), field.count(")")
        if len(opened) + bool(role) > 1 or closed > len(opened) + bool(role):
            raise line_error(source, number, "brackets that are not nested and close once", repr(field))
        tags.append(f"B-{opened[0]}" if opened else f"I-{role}" if role else "O")
        role = "" if closed else opened[0] if opened else role
    if role:
        raise line_error(source, number, f"the bracket of {role} to close", "the end of the sentence")
    return tags
