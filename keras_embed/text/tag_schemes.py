"""Spans as tags and back: IOB1, BIO, BIOES, BIOUL and BMES.

A tag is a prefix, a hyphen and a type ("B-PER"), or "O" outside of every span. Where a sequence breaks its scheme
there are two readings of it:

- conlleval's (`strict=False`): every tag but O belongs to a span, and a span ends where the next tag cannot continue
  it. This is the reading of the CoNLL shared tasks' script, and of seqeval's default mode.
- strict: of those spans only the well-formed ones count, in BIO the ones that begin with B.

A strict IOB1 span is one that begins with I, or with a B right after a span of the same type.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from keras_embed._errors import check_one_of, message
from keras_embed.text._tag_rules import (
    LETTERS,
    NOTHING,
    OUTSIDE,
    SCHEMES,
    allowed,
    begins_well,
    continues,
    ends_well,
    parse_tag,
    split_tag,
)
from keras_embed.text.tag_tables import (
    Constraints,
    SpanTables,
    allowed_transitions,
    continuations,
    span_tables,
    span_types,
)

__all__ = [
    "Constraints",
    "OUTSIDE",
    "SCHEMES",
    "Span",
    "SpanTables",
    "allowed_transitions",
    "check_sequence",
    "continuations",
    "convert",
    "infer_scheme",
    "span_tables",
    "span_types",
    "spans",
    "split_tag",
    "tags_of",
]


class Span(NamedTuple):
    """A typed stretch of tokens, `end` exclusive.

    Attributes:
        start: position of the first token.
        end: position after the last token.
        type: the type, "" for tags that are a bare prefix.

    Example:
    >>> Span(0, 2, "PER")
    Span(start=0, end=2, type='PER')
    """

    start: int
    end: int
    type: str


def spans(tags: Sequence[str], scheme: str, strict: bool = False) -> list[Span]:
    """The spans that a sequence of tags describes, from left to right.

    Args:
        tags: one tag a token.
        scheme: one of `SCHEMES`.
        strict: False reads a broken sequence as conlleval does; True gives well-formed spans only.

    Raises:
        ValueError: for another `scheme`.

    Example:
    >>> spans(["B-PER", "I-PER", "O", "I-LOC"], "BIO")
    [Span(start=0, end=2, type='PER'), Span(start=3, end=4, type='LOC')]
    >>> spans(["B-PER", "I-PER", "O", "I-LOC"], "BIO", strict=True)
    [Span(start=0, end=2, type='PER')]
    """
    check_one_of("scheme", scheme, SCHEMES)
    parts = [parse_tag(tag, scheme) for tag in tags]
    found, start, before, proper = [], 0, NOTHING, True
    for position, part in enumerate([*parts, NOTHING]):
        if continues(before, part):
            before = part
            continue
        if before.letter != "O" and (not strict or (proper and ends_well(before, scheme))):
            found.append(Span(start, position, before.type))
        start, proper, before = position, begins_well(before, part, scheme), part
    return found


def tags_of(spans: Iterable[Span], length: int, scheme: str) -> list[str]:
    """The tags of a sequence of `length` tokens with these spans.

    Raises:
        ValueError: if spans overlap, are empty, or leave the sequence.

    Example:
    >>> tags_of([Span(1, 3, "LOC")], 4, "BIOES")
    ['O', 'B-LOC', 'E-LOC', 'O']
    """
    check_one_of("scheme", scheme, SCHEMES)
    names = {letter: name for name, letter in LETTERS[scheme].items()}
    tags, last = [OUTSIDE] * length, Span(0, 0, "")
    for span in sorted(spans):
        if not last.end <= span.start < span.end <= length:
            what = f"spans that are not empty and do not overlap, within {length} tokens"
            raise ValueError(message(what, f"{tuple(span)} after {tuple(last)}"))
        touches = last.end == span.start and last.end > 0 and last.type == span.type
        for position, letter in zip(range(span.start, span.end), _letters(span, scheme, touches), strict=True):
            tags[position] = f"{names[letter]}-{span.type}" if span.type else names[letter]
        last = span
    return tags


def _letters(span: Span, scheme: str, touches: bool) -> str:
    """The span's letters, in BIOES' letters. `touches`: a span of the same type ends right before it."""
    length = span.end - span.start
    if scheme == "IOB1":
        return ("B" if touches else "I") + "I" * (length - 1)
    if scheme == "BIO":
        return "B" + "I" * (length - 1)
    return "S" if length == 1 else "B" + "I" * (length - 2) + "E"


def convert(tags: Sequence[str], source: str, target: str) -> list[str]:
    """Rewrites tags in another scheme. A broken sequence is read as conlleval reads it and comes out well formed.

    Example:
    >>> convert(["B-PER", "I-PER", "O", "B-LOC"], "BIO", "BIOES")
    ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    return tags_of(spans(tags, source), len(tags), target)


def check_sequence(tags: Sequence[str], scheme: str, where: str = "") -> None:
    """Raises `ValueError` at the first place where a sequence breaks its scheme.

    Args:
        tags: one tag a token.
        scheme: one of `SCHEMES`.
        where: a file and line or the like, put before the error.
    """
    check_one_of("scheme", scheme, SCHEMES)
    prefix, before = f"{where}: " if where else "", NOTHING
    for position in range(len(tags) + 1):
        try:
            part = parse_tag(tags[position], scheme) if position < len(tags) else NOTHING
        except ValueError as error:
            raise ValueError(f"{prefix}position {position}: {error}") from error
        if not allowed(before, part, scheme):
            earlier = repr(tags[position - 1]) if position else "the beginning"
            later = repr(tags[position]) if position < len(tags) else "the end"
            expected, received = f"tags that keep to {scheme}", f"{later} after {earlier} at position {position}"
            raise ValueError(prefix + message(expected, received, "convert(tags, source, target), which mends them"))
        before = part


def infer_scheme(tags: Iterable[str]) -> str | None:
    """The scheme that a set of tags belongs to, None where the tags are no spans (parts of speech).

    B and I alone are taken for BIO, I alone for IOB1: a set cannot tell the two apart, a sequence can.

    Raises:
        ValueError: if the tags look like spans of no known scheme.

    Example:
    >>> infer_scheme({"O", "B-PER", "I-PER"}), infer_scheme({"NOUN", "VERB"})
    ('BIO', None)
    """
    inside = sorted(set(tags) - {OUTSIDE})
    prefixes = {split_tag(tag)[0] for tag in inside}
    bare = any("-" not in tag for tag in inside) and "B" not in prefixes
    if not inside or bare or not all(re.fullmatch(r"[BIMESUL](-.+)?", tag) for tag in inside):
        return None
    for scheme, letters in (("IOB1", "I"), ("BIO", "BI"), ("BIOES", "BIES"), ("BIOUL", "BIUL"), ("BMES", "BMES")):
        if prefixes <= set(letters):
            return scheme
    raise ValueError(message(f"the prefixes of one of {', '.join(SCHEMES)}", str(inside), "mending the tags"))
