"""The error for a word without a vector."""

import difflib
from collections.abc import Sequence

_CANDIDATES = 2000


class UnknownWordError(KeyError):
    """A word that is not among the words, and no n-grams to make its vector of.

    It is made cheaply: spellings near to the word are looked for only when the text of the error is wanted.

    Args:
        word: the word.
        words: the words that are known.

    Example:
    >>> print(UnknownWordError("colour", ["color", "Colour", "red"]))
    Expected one of 3 words. Received: 'colour'. Try 'Colour' or 'color'.
    """

    def __init__(self, word: object, words: Sequence[str]) -> None:
        super().__init__(word)
        self.word = word
        self.words = words

    def __str__(self) -> str:
        text = f"Expected one of {len(self.words):,} words. Received: {self.word!r}."
        near = near_spellings(self.word, self.words) if isinstance(self.word, str) else []
        if near:
            return f"{text} Try {' or '.join(map(repr, near))}."
        return f"{text} Try vectors with `subwords`, which have a vector for every word."


def near_spellings(word: str, words: Sequence[str], count: int = 3) -> list[str]:
    """Words that differ from a word by case, or by little else, the nearest first.

    Args:
        word: what was asked for.
        words: what there is.
        count: how many to give.
    """
    folded = word.casefold()
    same = [other for other in words if other.casefold() == folded]
    begin, length = word[:1].casefold(), len(word)
    likely = [other for other in words if abs(len(other) - length) <= 2 and other[:1].casefold() == begin]
    near = difflib.get_close_matches(word, likely[:_CANDIDATES], count, 0.75)
    return list(dict.fromkeys([*same, *near]))[:count]
