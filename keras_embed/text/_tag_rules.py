"""The rules of the tag schemes, on single tags and pairs of neighbours."""

from typing import NamedTuple

from keras_embed._errors import check_one_of, message

SCHEMES = ("IOB1", "BIO", "BIOES", "BIOUL", "BMES")
OUTSIDE = "O"

# Each scheme's letters in the letters of BIOES.
LETTERS = {
    "IOB1": {"B": "B", "I": "I"},
    "BIO": {"B": "B", "I": "I"},
    "BIOES": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "BIOUL": {"B": "B", "I": "I", "L": "E", "U": "S"},
    "BMES": {"B": "B", "M": "I", "E": "E", "S": "S"},
}


class Part(NamedTuple):
    """A tag taken apart: `letter` in BIOES' letters ("O" outside), and the type."""

    letter: str
    type: str


NOTHING = Part("O", "")  # what stands before the first token and after the last


def split_tag(tag: str) -> tuple[str, str]:
    """Prefix and type of a tag.

    Example:
    >>> split_tag("B-creative-work"), split_tag("O")
    (('B', 'creative-work'), ('O', ''))
    """
    prefix, _, type_ = tag.partition("-")
    return prefix, type_


def parse_tag(tag: str, scheme: str) -> Part:
    """Takes a tag apart by its scheme; raises `ValueError` for a prefix that the scheme lacks."""
    if tag == OUTSIDE:
        return NOTHING
    check_one_of("scheme", scheme, SCHEMES)
    prefix, type_ = split_tag(tag)
    letter = LETTERS[scheme].get(prefix)
    if letter is None:
        known = ", ".join(LETTERS[scheme])
        raise ValueError(message(f"a tag of {scheme} (O, or {known} with a type)", repr(tag), "infer_scheme(tags)"))
    return Part(letter, type_)


def continues(before: Part, part: Part) -> bool:
    """Whether a tag goes on with the span of the tag before it: conlleval's endOfChunk and startOfChunk in one."""
    return before.letter in "BI" and part.letter in "IE" and before.type == part.type


def begins_well(before: Part, part: Part, scheme: str) -> bool:
    """Whether a span may begin with this tag, which does not continue the one before it."""
    if scheme == "IOB1":
        return part.letter == "I" or (before.letter != "O" and before.type == part.type)
    return part.letter in "BS"


def ends_well(part: Part, scheme: str) -> bool:
    """Whether a span may end with this tag."""
    return scheme in ("IOB1", "BIO") or part.letter in "ES"


def allowed(before: Part, part: Part, scheme: str) -> bool:
    """Whether a sequence that keeps to its scheme may have these two tags in a row; `Part("O", "")` at its ends."""
    if part.letter != "O" and continues(before, part):
        return True
    done = before.letter == "O" or ends_well(before, scheme)
    return done and (part.letter == "O" or begins_well(before, part, scheme))
