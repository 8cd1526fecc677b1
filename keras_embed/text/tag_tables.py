"""What a tag scheme says about a fixed list of tags, as arrays for decoders and metrics."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed.text._tag_rules import (
    NOTHING,
    OUTSIDE,
    Part,
    allowed,
    begins_well,
    continues,
    ends_well,
    parse_tag,
)


class Constraints(NamedTuple):
    """Which tags may follow which, begin a sequence and end one.

    Attributes:
        transitions: (K, K) bool, [i, j] whether tag j may stand right after tag i.
        start: (K,) bool.
        end: (K,) bool.

    Example:
    >>> allowed_transitions(["O", "B-PER", "I-PER"], "BIO").start.tolist()
    [True, True, False]
    """

    transitions: NDArray[np.bool_]
    start: NDArray[np.bool_]
    end: NDArray[np.bool_]


class SpanTables(NamedTuple):
    """What `keras_embed.functional.spans` needs to know of a scheme. Index K is "no tag": outside and the borders.

    Attributes:
        continues: (K + 1, K + 1) bool, [i, j] whether tag j right after tag i goes on with i's span.
        begins_well: (K + 1, K + 1) bool, [i, j] whether a span may begin with j after i. All True unless strict.
        ends_well: (K + 1,) bool, whether a span may end with this tag. All True unless strict.
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


def allowed_transitions(tags: Sequence[str], scheme: str) -> Constraints:
    """The constraints that a scheme lays on a list of K tags.

    Args:
        tags: K tag strings.
        scheme: one of `SCHEMES`.
    """
    parts = _parts(tags, scheme)
    pairs = [[allowed(before, part, scheme) for part in parts] for before in parts]
    start = [allowed(NOTHING, part, scheme) for part in parts]
    end = [allowed(part, NOTHING, scheme) for part in parts]
    return Constraints(_square(pairs), np.array(start, bool), np.array(end, bool))


def continuations(tags: Sequence[str], scheme: str) -> NDArray[np.bool_]:
    """Which tag, right after which, goes on with its span, by conlleval's reading.

    Returns:
        (K, K) bool: [i, j] True where tag j after tag i belongs to the same span.
    """
    parts = _parts(tags, scheme)
    return _square([[continues(before, part) for part in parts] for before in parts])


def span_types(tags: Sequence[str], scheme: str) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The types among the tags, sorted, and each tag's index into them.

    Returns:
        the types, and (K,) int32 with -1 for O.

    Example:
    >>> span_types(["O", "B-PER", "B-LOC"], "BIO")[0]
    ('LOC', 'PER')
    """
    parts = _parts(tags, scheme)
    types = tuple(sorted({part.type for part in parts if part.letter != OUTSIDE}))
    ids = [-1 if part.letter == OUTSIDE else types.index(part.type) for part in parts]
    return types, np.array(ids, np.int32)


def span_tables(tags: Sequence[str], scheme: str, strict: bool = False) -> SpanTables:
    """The arrays by which spans are counted.

    Args:
        tags: K tag strings.
        scheme: one of `SCHEMES`.
        strict: whether only well-formed spans count.
    """
    parts = [*_parts(tags, scheme), NOTHING]
    types, type_ids = span_types(tags, scheme)
    goes_on = [[continues(before, part) for part in parts] for before in parts]
    begins = [[not strict or begins_well(before, part, scheme) for part in parts] for before in parts]
    ends = [not strict or ends_well(part, scheme) for part in parts]
    return SpanTables(_square(goes_on), _square(begins), np.array(ends, bool), np.append(type_ids, np.int32(-1)), types)


def _parts(tags: Sequence[str], scheme: str) -> list[Part]:
    return [parse_tag(tag, scheme) for tag in tags]


def _square(rows: list[list[bool]]) -> NDArray[np.bool_]:
    return np.array(rows, bool).reshape(len(rows), len(rows))
