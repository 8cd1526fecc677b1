"""A sentence's words with one of them marked as the predicate that is asked about."""

from collections.abc import Sequence

from keras_embed._errors import message

#: Stands before a marked word: "start of text", a control character, which no word begins with.
PREDICATE_MARK = "\x02"


def mark_predicate(words: Sequence[str], *positions: int) -> list[str]:
    r"""The words, with a mark before the predicate's.

    Args:
        words: of a sentence.
        *positions: of the predicate, mostly one; none for a sentence without a predicate.

    Raises:
        ValueError: for a position that the sentence does not have.

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
