"""Semantic roles in column files: a sentence for each of its predicates."""

import re
from collections.abc import Iterator

from keras_embed import _errors
from keras_embed.corpora._lines import Source, error, numbered_lines
from keras_embed.corpora.sentence import Sentence

_NONE = "-"
_OPENED = re.compile(r"\(([^()*]+)")
_FIELD = re.compile(r"(?:\([^()*]+)*\*(?:[^()*]*\))*$")
_VERB = "V"
_Rows = list[tuple[int, list[str]]]


def read_roles(
    path_or_file: Source, tokens: int = 0, predicates: int = 1, first_role: int = 2, behind: int = 0
) -> Iterator[Sentence]:
    r"""Streams the propositions of a file in the form of CoNLL-2005 or CoNLL-2012, one `Sentence` for each.

    Every predicate of a sentence has a column of its own, in which `(A0*`, `*` and `*)` bracket who plays which role to
    it, and `(V*)` the predicate. A sentence is yielded once for each of these columns; one without any, not at all.

    Args:
        path_or_file: a path or an open file; gz and xz are read directly. Fields are separated by blanks or tabs.
        tokens: number of the column with the words, from 0.
        predicates: number of the column with the predicates' lemmas, "-" at other words.
        first_role: number of the first column of roles.
        behind: how many columns stand behind those of roles.

    Yields:
        `Sentence` with the roles as BIO tags, such as "B-A0", "B-AM-TMP", "I-C-A1", and the column `predicate`: the
        predicate's lemma at the words that `(V*)` brackets, "-" at all others. The defaults suit words pasted to a file
        of CoNLL-2005's props; its complete files want `predicates=5, first_role=6`; files of CoNLL-2012 want
        `tokens=3, predicates=6, first_role=11, behind=1`.

    Raises:
        ValueError: for numbers of columns that do not rise, at once; while reading, with file and line: for a line with
            too few fields or another number of them than the sentence's first, brackets that do not close or that
            stand in one another, a predicate that no column marks, bytes that are not UTF-8, a file without sentences.

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
    return _read(path_or_file, tokens, predicates, first_role, behind)


def _read(source: Source, tokens: int, predicates: int, first_role: int, behind: int) -> Iterator[Sentence]:
    rows: _Rows = []
    number, some, least = 0, False, first_role + behind
    for number, line in numbered_lines(source):
        fields = line.split()
        if not rows and line.startswith("#") and len(fields) < least:
            continue  # "#begin document", while a word may be "#"
        if fields:
            if len(fields) < least or (rows and len(fields) != len(rows[0][1])):
                wanted = f"{len(rows[0][1])}" if rows else f"at least {least}"
                raise error(source, number, f"{wanted} columns", f"{len(fields)} in {fields}")
            rows.append((number, fields))
        elif rows:
            some = True
            yield from _propositions(source, rows, tokens, predicates, first_role, behind)
            rows = []
    if rows:
        yield from _propositions(source, rows, tokens, predicates, first_role, behind)
    elif not some:
        raise error(source, max(number, 1), "at least one sentence", "a file without any")


def _propositions(
    source: Source, rows: _Rows, tokens: int, predicates: int, first_role: int, behind: int
) -> Iterator[Sentence]:
    words = tuple(fields[tokens] for _, fields in rows)
    lemmas = [fields[predicates] for _, fields in rows]
    named = [place for place, lemma in enumerate(lemmas) if lemma != _NONE]
    for order, column in enumerate(range(first_role, len(rows[0][1]) - behind)):
        tags = _tags(source, [(number, fields[column]) for number, fields in rows])
        places = [place for place, tag in enumerate(tags) if tag[2:] == _VERB]
        if not places and order < len(named):
            places = [named[order]]
        if not places:
            raise error(source, rows[0][0], "a predicate in every column of roles", f"none in column {column}")
        known = [lemmas[place] for place in places if lemmas[place] != _NONE] or [words[places[0]]]
        marked = tuple(known[0] if place in places else _NONE for place in range(len(words)))
        yield Sentence(words, tuple(tags), {"predicate": marked})


def _tags(source: Source, column: list[tuple[int, str]]) -> list[str]:
    """BIO tags of a column of brackets."""
    tags, role = [], ""
    number = 0
    for number, field in column:
        if not _FIELD.match(field):
            raise error(source, number, "brackets such as (A0*, *, *) or (A1*)", repr(field))
        opened, closed = _OPENED.findall(field), field.count(")")
        if len(opened) + bool(role) > 1 or closed > len(opened) + bool(role):
            raise error(source, number, "brackets that do not stand in one another, and close once", repr(field))
        tags.append(f"B-{opened[0]}" if opened else f"I-{role}" if role else "O")
        role = "" if closed else opened[0] if opened else role
    if role:
        raise error(source, number, f"the bracket of {role} to close", "the end of the sentence")
    return tags
