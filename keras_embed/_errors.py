"""Errors of the form "Expected ... Received: ... Try ..."."""

import difflib
import inspect
from collections.abc import Collection

_SHOWN_CHARACTERS = 200


def message(expected: str, received: object, try_: str | None = None) -> str:
    """Returns the text of an error.

    Args:
        expected: what the caller should have passed, a clause after "Expected".
        received: what was passed instead. A string is inserted as it is, any other value by its `repr`. Both are
            truncated to 200 characters.
        try_: how to fix it, a clause after "Try"; `None`: no advice.

    Example:
    >>> message("`rate` in [0, 1)", 1.5, "rate=0.5")
    'Expected `rate` in [0, 1). Received: 1.5. Try rate=0.5.'
    """
    shown = received if isinstance(received, str) else repr(received)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = shown[:_SHOWN_CHARACTERS] + "..."
    text = f"Expected {expected}. Received: {shown}."
    return text if try_ is None else f"{text} Try {try_}."


def check_one_of(name: str, value: object, allowed: Collection[object]) -> None:
    """Raises `ValueError` unless `value` is among `allowed`."""
    if value not in allowed:
        names = sorted(map(repr, allowed))
        near = difflib.get_close_matches(repr(value), names, 1)
        raise ValueError(message(f"`{name}` to be one of {', '.join(names)}", repr(value), near[0] if near else None))


def check_rate(name: str, value: float) -> None:
    """Raises `ValueError` unless `value` is a dropout rate, 0 <= value < 1."""
    if not 0.0 <= value < 1.0:
        raise ValueError(message(f"`{name}` in [0, 1)", value))


def check_positive(name: str, value: int) -> None:
    """Raises `ValueError` unless `value` is an integer above zero."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(message(f"`{name}` to be a positive integer", value))


def check_known(kind: type, given: Collection[str], known: Collection[str]) -> None:
    """Raises `TypeError` for arguments that no constructor takes; Keras models ignore them silently.

    Args:
        kind: the class whose constructor was called.
        given: names of the remaining keyword arguments.
        known: names of the arguments that its base class takes.
    """
    for name in given:
        if name not in known:
            names = sorted({*inspect.signature(kind).parameters, *known} - {"args", "kwargs"})
            near = difflib.get_close_matches(name, names, 1)
            raise TypeError(message(f"arguments of `{kind.__name__}`", f"`{name}`", near[0] if near else None))
