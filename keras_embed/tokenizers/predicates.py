"""Marks of predicates in tokenised sentences."""

from collections.abc import Sequence

from keras_embed._errors import message

#: Prefix of a marked word: "start of text", a control character, which no word begins with.
PREDICATE_MARK = "\x02"


def mark_predicate(words: Sequence[str], *positions: int) -> list[str]:
    r"""Marks the predicate of a sentence.

    Args:
        words: of a sentence.
        *positions: of the predicate's words, usually one; none for a sentence without a predicate.

    Raises:
        ValueError: If a position is outside the sentence.

    Example:
    >>> mark_predicate(["Ada", "likes", "figures"], 1)
    ['Ada', '\x02likes', 'figures']
    """
    marked = list(words)
    for position in positions:
        if not 0 <= position < len(marked):
            raise ValueError(message(f"positions from 0 to {len(marked) - 1}", position))
        marked[position] = PREDICATE_MARK + marked[position]
    return marked
