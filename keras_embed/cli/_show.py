"""Answers as lines: for people, or as JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

_COLOURS = {"PER": 36, "person": 36, "LOC": 32, "location": 32, "ORG": 33, "corporation": 33}
_OTHER_COLOUR = 35


def json_line(record: dict[str, Any]) -> str:
    """An object in a line.

    Example:
    >>> json_line({"label": "naïve", "score": 1 / 3})
    '{"label": "naïve", "score": 0.333333}'
    """
    return json.dumps(rounded(record), ensure_ascii=False)


def rounded(value: Any) -> Any:
    """The same with floats of six decimal places; JSON has no others than finite ones: the rest are `None`."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, (list, tuple)) else value


def bracketed(tokens: Sequence[str], spans: Iterable[tuple[int, int, str, float]], colours: bool = False) -> str:
    """A sentence with its spans in brackets.

    Args:
        tokens: its words.
        spans: start, end, type and score of each, in reading order.
        colours: colour them for a terminal.

    Example:
    >>> bracketed(["Ada", "met", "Leo", "Hill"], [(0, 1, "PER", 0.98), (2, 4, "PER", 0.9)])
    '[Ada PER 0.98] met [Leo Hill PER 0.90]'
    """
    words, done = [], 0
    for start, end, kind, score in spans:
        entity = f"[{' '.join(tokens[start:end])} {kind} {score:.2f}]"
        words += [*tokens[done:start], _coloured(entity, kind) if colours else entity]
        done = end
    return " ".join([*words, *tokens[done:]])


def _coloured(text: str, kind: str) -> str:
    return f"\x1b[{_COLOURS.get(kind, _OTHER_COLOUR)}m{text}\x1b[0m"
