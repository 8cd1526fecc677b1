"""Spans as tags and back: IOB1, BIO, BIOES, BIOUL, BMES, and schemes of your own.

A tag is a prefix, a hyphen and a type ("B-PER"), or "O" outside all spans. A sequence that violates its scheme can be
read in two ways:

- as conlleval does (`strict=False`): every tag but O belongs to a span, and a span ends where the next tag cannot
  continue it. The CoNLL shared tasks' script and seqeval's default mode read tags so.
- strictly: of those spans, only the well-formed ones count; in BIO, those that begin with B.

A strict IOB1 span is one that begins with I, or with a B right after a span of the same type.
"""

import collections
import difflib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of, message

OUTSIDE = "O"


@dataclass(frozen=True)
class TagScheme:
    """A scheme of tags for spans, given by the prefixes of a span's tokens.

    A prefix that is `None` does not exist in the scheme: the first and the last token then have the inside prefix,
    and a span of one token has that of the first token, or else of the last. Register a scheme to use its name
    wherever a scheme is asked for.

    Args:
        name: the scheme's name.
        inside: prefix of inner tokens.
        begin: prefix of the first token of a span.
        end: prefix of the last token of a span.
        single: prefix of the only token of a span.
        begin_adjacent_only: `begin` is used only right after a span of the same type, as in IOB1.

    Raises:
        ValueError: If a prefix is empty, repeated, "O", or contains a hyphen.

    Example:
    >>> register_scheme(TagScheme("IOE2", inside="I", end="E"))
    >>> tags_of([Span(0, 2, "PER"), Span(2, 3, "PER")], 4, "IOE2")
    ['I-PER', 'E-PER', 'E-PER', 'O']
    """

    name: str
    inside: str
    begin: str | None = None
    end: str | None = None
    single: str | None = None
    begin_adjacent_only: bool = False

    def __post_init__(self) -> None:
        prefixes = [prefix for prefix in (self.begin, self.inside, self.end, self.single) if prefix is not None]
        if len(set(prefixes)) != len(prefixes) or not all(prefixes) or OUTSIDE in prefixes or "-" in "".join(prefixes):
            raise ValueError(message("distinct prefixes other than O, without a hyphen", f"{prefixes}"))

    @property
    def roles(self) -> Mapping[str, str]:
        """Prefix to role: "B" first, "I" inner, "E" last, "S" only token of a span."""
        roles = {self.begin: "B", self.inside: "I", self.end: "E", self.single: "S"}
        return {prefix: role for prefix, role in roles.items() if prefix is not None}

    def prefixes_of(self, length: int, adjacent: bool) -> list[str]:
        """Returns the prefixes of a span's tokens.

        Args:
            length: number of tokens.
            adjacent: True if a span of the same type ends right before.
        """
        begin = None if self.begin_adjacent_only and not adjacent else self.begin
        if length == 1:
            return [self.single or begin or self.end or self.inside]
        return [begin or self.inside, *[self.inside] * (length - 2), self.end or self.inside]

    def begins_well(self, before: "Part", part: "Part") -> bool:
        """Returns True if a well-formed span may begin with `part`, which does not continue `before`."""
        if self.begin_adjacent_only:
            return part.role == "I" or (before.role != OUTSIDE and before.type == part.type)
        return part.role in ("BS" if self.begin else "IES")

    def ends_well(self, part: "Part") -> bool:
        """Returns True if a well-formed span may end with `part`."""
        if self.end is None:
            return True
        return part.role in ("ES" if self.single or not self.begin else "BE")

    def allows(self, before: "Part", part: "Part") -> bool:
        """Returns True if a well-formed sequence may have these neighbours; `NO_TAG` is at its ends."""
        if part.role != OUTSIDE and continues(before, part):
            return True
        ended = before.role == OUTSIDE or self.ends_well(before)
        return ended and (part.role == OUTSIDE or self.begins_well(before, part))


_SCHEMES: dict[str, TagScheme] = {
    scheme.name: scheme
    for scheme in (
        TagScheme("IOB1", begin="B", inside="I", begin_adjacent_only=True),
        TagScheme("BIO", begin="B", inside="I"),
        TagScheme("BIOES", begin="B", inside="I", end="E", single="S"),
        TagScheme("BIOUL", begin="B", inside="I", end="L", single="U"),
        TagScheme("BMES", begin="B", inside="M", end="E", single="S"),
    )
}
#: Schemes by name, those of `register_scheme` included. A read-only view.
SCHEMES: Mapping[str, TagScheme] = MappingProxyType(_SCHEMES)


def register_scheme(scheme: TagScheme) -> None:
    """Adds a scheme to `SCHEMES`, so that its name is known to every function, metric, preprocessor and task.

    Saved models store the name: register the scheme before you load them.

    Raises:
        ValueError: If another scheme has this name.
    """
    if SCHEMES.get(scheme.name, scheme) != scheme:
        raise ValueError(message("a new name for the scheme", repr(scheme.name), "another name"))
    _SCHEMES[scheme.name] = scheme


class Part(NamedTuple):
    """A tag's role ("B", "I", "E", "S", or "O" outside) and its type."""

    role: str
    type: str


NO_TAG = Part(OUTSIDE, "")  # before the first token and after the last


class Span(NamedTuple):
    """A typed range of tokens, `end` exclusive.

    Attributes:
        start: index of the first token.
        end: index after the last token.
        type: the type, "" for tags without a type.

    Example:
    >>> Span(0, 2, "PER")
    Span(start=0, end=2, type='PER')
    """

    start: int
    end: int
    type: str


class Constraints(NamedTuple):
    """Allowed neighbours, first tags and last tags of a sequence.

    Attributes:
        transitions: (K, K) bool, [i, j] True if tag j may follow tag i.
        start: (K,) bool, True if a sequence may begin with the tag.
        end: (K,) bool, True if a sequence may end with the tag.

    Example:
    >>> allowed_transitions(["O", "B-PER", "I-PER"], "BIO").start.tolist()
    [True, True, False]
    """

    transitions: NDArray[np.bool_]
    start: NDArray[np.bool_]
    end: NDArray[np.bool_]


class SpanTables(NamedTuple):
    """A scheme's rules as arrays, for `keras_embed.functional.spans`. Index K is "no tag": outside and the borders.

    Attributes:
        continues: (K + 1, K + 1) bool, [i, j] True if tag j right after tag i continues i's span.
        begins_well: (K + 1, K + 1) bool, [i, j] True if a span may begin with j after i. All True unless strict.
        ends_well: (K + 1,) bool, True if a span may end with this tag. All True unless strict.
        type_ids: (K + 1,) int32, index of the tag's type, -1 outside.
        types: the types' names, sorted.

    Example:
    >>> span_tables(["O", "B-PER", "I-PER"], "BIO").type_ids.tolist()
    [-1, 0, 0, -1]
    """

    continues: NDArray[np.bool_]
    begins_well: NDArray[np.bool_]
    ends_well: NDArray[np.bool_]
    type_ids: NDArray[np.int32]
    types: tuple[str, ...]


def split_tag(tag: str) -> tuple[str, str]:
    """Splits a tag into prefix and type.

    Example:
    >>> split_tag("B-creative-work"), split_tag("O")
    (('B', 'creative-work'), ('O', ''))
    """
    prefix, _, type_ = tag.partition("-")
    return prefix, type_


def parse_tag(tag: str, scheme: str) -> Part:
    """Returns a tag's role and type.

    Raises:
        ValueError: If the scheme does not have the prefix.
    """
    if tag == OUTSIDE:
        return NO_TAG
    roles = _scheme(scheme).roles
    prefix, type_ = split_tag(tag)
    if prefix not in roles:
        known = ", ".join(roles)
        raise ValueError(message(f"a tag of {scheme} (O, or {known} with a type)", repr(tag), "infer_scheme(tags)"))
    return Part(roles[prefix], type_)


def continues(before: Part, part: Part) -> bool:
    """Returns True if a tag continues the span of the tag before it (conlleval's endOfChunk and startOfChunk)."""
    return before.role in "BI" and part.role in "IE" and before.type == part.type


def spans(tags: Sequence[str], scheme: str, strict: bool = False) -> list[Span]:
    """Returns the spans of a sequence of tags, from left to right.

    Args:
        tags: one tag for each token.
        scheme: one of `SCHEMES`.
        strict: False reads an ill-formed sequence as conlleval does; True returns well-formed spans only.

    Raises:
        ValueError: If `scheme` is unknown, or if it does not have the prefix of a tag.

    Example:
    >>> spans(["B-PER", "I-PER", "O", "I-LOC"], "BIO")
    [Span(start=0, end=2, type='PER'), Span(start=3, end=4, type='LOC')]
    >>> spans(["B-PER", "I-PER", "O", "I-LOC"], "BIO", strict=True)
    [Span(start=0, end=2, type='PER')]
    """
    rules = _scheme(scheme)
    found, start, before, well_begun = [], 0, NO_TAG, True
    # Invariant: `before` is the tag at index - 1, and the span that it belongs to began at `start`.
    for index, part in enumerate([*_parts(tags, scheme), NO_TAG]):
        if continues(before, part):
            before = part
            continue
        if before.role != OUTSIDE and (not strict or (well_begun and rules.ends_well(before))):
            found.append(Span(start, index, before.type))
        start, well_begun, before = index, rules.begins_well(before, part), part
    return found


def tags_of(spans: Iterable[Span], length: int, scheme: str) -> list[str]:
    """Returns the tags of a sequence of `length` tokens with these spans.

    Raises:
        ValueError: If spans overlap, are empty or exceed the sequence, or if the scheme cannot separate two spans.

    Example:
    >>> tags_of([Span(1, 3, "LOC")], 4, "BIOES")
    ['O', 'B-LOC', 'E-LOC', 'O']
    """
    rules = _scheme(scheme)
    tags, last, before = [OUTSIDE] * length, Span(0, 0, ""), NO_TAG
    for span in sorted(spans):
        if not last.end <= span.start < span.end <= length:
            expected = f"spans that are not empty and do not overlap, within {length} tokens"
            raise ValueError(message(expected, f"{tuple(span)} after {tuple(last)}"))
        adjacent = last.end == span.start and last.end > 0 and last.type == span.type
        prefixes = rules.prefixes_of(span.end - span.start, adjacent)
        if adjacent and continues(before, Part(rules.roles[prefixes[0]], span.type)):
            received = f"{tuple(last)} and {tuple(span)}"
            raise ValueError(message(f"no adjacent spans of one type in {scheme}", received, "scheme='BIO'"))
        for index, prefix in enumerate(prefixes, span.start):
            tags[index] = f"{prefix}-{span.type}" if span.type else prefix
        last, before = span, Part(rules.roles[prefixes[-1]], span.type)
    return tags


def convert(tags: Sequence[str], source: str, target: str) -> list[str]:
    """Converts tags to another scheme. An ill-formed sequence is read as conlleval does and comes out well-formed.

    Example:
    >>> convert(["B-PER", "I-PER", "O", "B-LOC"], "BIO", "BIOES")
    ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    return tags_of(spans(tags, source), len(tags), target)


def check_sequence(tags: Sequence[str], scheme: str, where: str = "") -> None:
    """Raises `ValueError` at the first token where a sequence violates its scheme.

    Args:
        tags: one tag for each token.
        scheme: one of `SCHEMES`.
        where: a file and line or the like, which begins the error message.
    """
    rules = _scheme(scheme)
    location, before = f"{where}: " if where else "", NO_TAG
    for position in range(len(tags) + 1):
        try:
            part = parse_tag(tags[position], scheme) if position < len(tags) else NO_TAG
        except ValueError as error:
            raise ValueError(f"{location}position {position}: {error}") from error
        if not rules.allows(before, part):
            earlier = repr(tags[position - 1]) if position else "the beginning"
            later = repr(tags[position]) if position < len(tags) else "the end"
            expected, received = f"tags that keep to {scheme}", f"{later} after {earlier} at position {position}"
            raise ValueError(location + message(expected, received, "convert(tags, source, target) to repair them"))
        before = part


def infer_scheme(tags: Iterable[str] | Iterable[Sequence[str]]) -> str | None:
    """Infers the scheme of tags; `None` if the tags are not spans (parts of speech).

    A set of tags cannot tell IOB1 from BIO: B and I are taken for BIO, I alone for IOB1. Sequences can: a span that
    begins with I is evidence for IOB1, a B that does not follow a tag of the same type is evidence for BIO. IOB1 is
    inferred from sequences with a warning. Registered schemes are tried after the five of this module.

    Args:
        tags: tags, such as a set of them, or sequences of tags. Unknown tags, "", are left out.

    Raises:
        ValueError: If most tags mark spans and others fit no scheme, with the sentence, the number and the nearest tag
            of each; if the tags mark spans in another form, such as "b-per", "B_PER" or "PER-B"; and if their prefixes
            are of no known scheme.

    Example:
    >>> infer_scheme({"O", "B-PER", "I-PER"}), infer_scheme({"NOUN", "VERB"})
    ('BIO', None)
    >>> infer_scheme([["O", "I-PER", "B-PER"], ["I-LOC"]])  # a warning names the place
    'IOB1'
    """
    sentences = _tag_sentences(tags)
    counts = collections.Counter(tag for sentence in sentences or () for tag in sentence if tag)
    inside = sorted(set(counts) - {OUTSIDE})
    if not inside:
        return None
    known = {prefix for scheme in SCHEMES.values() for prefix in scheme.roles}
    bare = not any("-" in tag for tag in inside)  # tags without types, as in word segmentation
    fit = [tag for tag in inside if (tag in known if bare else _is_typed(tag, known))]
    if bare and not _bare_spans(set(inside), known):
        fit = []
    # "B" beside "B-PER" is a tag without a type.
    if not bare and any(split_tag(tag)[0] == "B" for tag in fit):
        fit += [tag for tag in inside if tag in known and all(_is_typed(t, known) or t in known for t in inside)]
    if len(fit) < len(inside):
        _check_form(counts, known)
        odd = [tag for tag in inside if tag not in fit]
        if fit and _mostly_spans(fit, odd):
            raise ValueError(_odd_tags(sentences, counts, odd, fit))
        if fit:
            warnings.warn(
                f"Tags are taken for labels without spans, although {', '.join(map(repr, fit[:5]))} look like spans. "
                "scheme= overrules.",
                stacklevel=2,
            )
        return None
    prefixes = {split_tag(tag)[0] for tag in inside}
    for name, scheme in SCHEMES.items():
        # An adjacent-only begin prefix does not occur in every set: B and I alone are BIO, unless sequences show IOB1.
        if prefixes <= set(scheme.roles) - ({scheme.begin} if scheme.begin_adjacent_only else set()):
            return _iob1_or_bio(sentences) if name in ("IOB1", "BIO") else name
    raise ValueError(message(f"the prefixes of one of {', '.join(SCHEMES)}", str(inside), "correcting the tags"))


def _tag_sentences(tags: Iterable[str] | Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """Returns sequences of tags; each tag of a set is a sequence of its own."""
    if isinstance(tags, str | bytes):
        raise ValueError(message("tags, or sequences of tags", repr(tags), "[tag]"))
    sentences: list[Sequence[str]] = [[one] if isinstance(one, str) else list(one) for one in tags]
    for index, sentence in enumerate(sentences):
        for tag in sentence:
            if not isinstance(tag, str):
                raise ValueError(message("tags that are strings", f"{tag!r} in sentence {index}"))
    return sentences


def _is_typed(tag: str, known: set[str]) -> bool:
    """Returns True for a known prefix, a hyphen and a type."""
    prefix, hyphen, type_ = tag.partition("-")
    return bool(prefix in known and hyphen and type_)


def _bare_spans(tags: set[str], known: set[str]) -> bool:
    """Returns True if tags without types are rather spans than labels, such as parts of speech in single letters."""
    return (tags <= known and "B" in tags) or ({"B", "I"} <= tags and len(tags - known) <= 1)


def _mostly_spans(fit: list[str], odd: list[str]) -> bool:
    """Returns True if at least half of the tags mark spans, or two of them begin and continue the same type."""
    types = collections.Counter(split_tag(tag)[1] for tag in fit)
    return len(fit) >= len(odd) or max(types.values()) > 1


def _odd_tags(sentences: list[Sequence[str]], counts: Mapping[str, int], odd: Sequence[str], fit: Sequence[str]) -> str:
    """Returns the message about tags that fit no scheme: where they are first, how many, and the nearest tag."""
    found = []
    for tag in odd[:5]:
        first = next(index for index, sentence in enumerate(sentences) if tag in sentence)
        near = _nearest(tag, [*fit, OUTSIDE])
        found.append(f"{tag!r} ({counts[tag]} times, first in sentence {first}{f', nearest {near!r}' if near else ''})")
    more = f" and {len(odd) - 5} others" if len(odd) > 5 else ""
    expected = f"tags such as O and {', '.join(fit[:4])}, or none that mark spans"
    advice = "correcting them, or scheme='none' if the tags mark no spans"
    return message(expected, f"{', '.join(found)}{more}", advice)


def _nearest(tag: str, tags: Sequence[str]) -> str | None:
    if tag in ("0", "o", "-", "_"):
        return OUTSIDE
    forms = {_folded(one): one for one in tags}
    near = difflib.get_close_matches(_folded(tag), list(forms), n=1)
    return forms[near[0]] if near else None


def _folded(tag: str) -> str:
    """Returns a tag without case and separators, with a prefix at its end moved to its start."""
    parts = re.split("[-_]", tag.casefold())
    if len(parts[-1]) == 1 and len(parts[0]) > 1:
        parts = [parts[-1], *parts[:-1]]
    return "".join(parts)


#: Other ways of writing prefix and type: how to recognise and how to convert a tag.
_FORMS = {
    "prefixes in lower case": (re.compile("([a-z])-(.+)"), "tag[:1].upper() + tag[1:]"),
    "an underscore after the prefix": (re.compile("([A-Za-z])_(.+)"), "tag.replace('_', '-', 1)"),
    "a colon, slash or bar after the prefix": (
        re.compile("([A-Za-z])[:/|](.+)"),
        "tag if tag == 'O' else tag[:1] + '-' + tag[2:]",
    ),
    "the prefix after the type": (re.compile(".+[-_:/|]([A-Za-z])"), "tag if tag == 'O' else tag[-1] + '-' + tag[:-2]"),
}


def _check_form(counts: Mapping[str, int], known: set[str]) -> None:
    """Raises `ValueError` if the tags mark spans in another form than a prefix, a hyphen and a type."""
    tags = [tag for tag in counts if tag.upper() != OUTSIDE]
    for form, (pattern, advice) in _FORMS.items():
        matched = [match for tag in tags if (match := pattern.fullmatch(tag))]
        prefixes = {match[1].upper() for match in matched}
        outside = len(tags) < len(counts)
        # All tags but a few, with a beginning and something else: parts of speech have no such prefixes.
        if (
            len(matched) * 5 >= len(tags) * 4
            and prefixes <= known
            and "B" in prefixes
            and (outside or len(prefixes) > 1)
            and not sum(_is_typed(tag, known) for tag in tags) * 2 > len(tags)
        ):
            received = f"{form}: {', '.join(sorted(match[0] for match in matched)[:5])}"
            raise ValueError(message("tags such as B-PER and O", received, f"{advice} for each tag"))


def _iob1_or_bio(sentences: list[Sequence[str]]) -> str:
    """Tells IOB1 from BIO, the schemes with the prefixes B and I, by the beginnings of spans."""
    iob1: list[int] = []  # sentences of spans that begin with I
    bio: list[int] = []  # sentences with a B that does not follow a tag of the same type
    single = all(len(sentence) < 2 for sentence in sentences)
    prefixes = {split_tag(tag)[0] for sentence in sentences for tag in sentence if tag} - {OUTSIDE}
    if single or "B" not in prefixes:
        name = "BIO" if "B" in prefixes else "IOB1"
        if not single:
            _tell("IOB1", "no span begins with B")
        return name
    for index, sentence in enumerate(sentences):
        before = OUTSIDE
        for tag in sentence:
            prefix, type_ = split_tag(tag)
            adjacent = before not in (OUTSIDE, "") and split_tag(before)[1] == type_
            # After an unknown tag, an I may continue a span, and a B may follow one of its type.
            if before and tag and prefix == "I" and not adjacent:
                iob1.append(index)
            elif before and prefix == "B" and not adjacent:
                bio.append(index)
            before = tag
    if len(iob1) <= len(bio):
        if iob1:
            _tell("BIO", f"{len(bio)} spans begin with B, but {len(iob1)} with I, the first in sentence {iob1[0]}")
        return "BIO"
    reason = f"{len(iob1)} spans begin with I, the first in sentence {iob1[0]}"
    _tell("IOB1", f"{reason}; {len(bio)} begin with a B that does not separate spans of one type")
    return "IOB1"


def _tell(scheme: str, reason: str) -> None:
    warnings.warn(f"The tags are read as {scheme}: {reason}. scheme= overrules.", stacklevel=4)


def allowed_transitions(tags: Sequence[str], scheme: str) -> Constraints:
    """Returns the constraints of a scheme on a list of K tags, as `layers.CRF` takes them.

    Args:
        tags: K tags.
        scheme: one of `SCHEMES`.
    """
    parts, allows = _parts(tags, scheme), _scheme(scheme).allows
    pairs = [[allows(before, part) for part in parts] for before in parts]
    start = [allows(NO_TAG, part) for part in parts]
    end = [allows(part, NO_TAG) for part in parts]
    return Constraints(_square(pairs), np.array(start, bool), np.array(end, bool))


def continuations(tags: Sequence[str], scheme: str) -> NDArray[np.bool_]:
    """Returns which tags continue the span of which, as conlleval reads them.

    Returns:
        (K, K) bool: [i, j] True if tag j after tag i belongs to the same span.
    """
    parts = _parts(tags, scheme)
    return _square([[continues(before, part) for part in parts] for before in parts])


def span_types(tags: Sequence[str], scheme: str) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Returns the types of the tags, sorted, and the index of each tag's type.

    Returns:
        the types, and (K,) int32 with -1 for O.

    Example:
    >>> span_types(["O", "B-PER", "B-LOC"], "BIO")[0]
    ('LOC', 'PER')
    """
    parts = _parts(tags, scheme)
    types = tuple(sorted({part.type for part in parts if part.role != OUTSIDE}))
    ids = [-1 if part.role == OUTSIDE else types.index(part.type) for part in parts]
    return types, np.array(ids, np.int32)


def span_tables(tags: Sequence[str], scheme: str, strict: bool = False) -> SpanTables:
    """Returns the arrays that `functional.spans` needs to count spans.

    Args:
        tags: K tags.
        scheme: one of `SCHEMES`.
        strict: counts well-formed spans only.
    """
    rules, parts = _scheme(scheme), [*_parts(tags, scheme), NO_TAG]
    types, type_ids = span_types(tags, scheme)
    continued = [[continues(before, part) for part in parts] for before in parts]
    begins = [[not strict or rules.begins_well(before, part) for part in parts] for before in parts]
    ends = [not strict or rules.ends_well(part) for part in parts]
    ids = np.append(type_ids, np.int32(-1))
    return SpanTables(_square(continued), _square(begins), np.array(ends, bool), ids, types)


def _scheme(name: str) -> TagScheme:
    check_one_of("scheme", name, SCHEMES)
    return SCHEMES[name]


def _parts(tags: Sequence[str], scheme: str) -> list[Part]:
    return [parse_tag(tag, scheme) for tag in tags]


def _square(rows: list[list[bool]]) -> NDArray[np.bool_]:
    return np.array(rows, bool).reshape(len(rows), len(rows))
