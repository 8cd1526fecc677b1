"""Which words of a vocabulary got a vector, and how."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SHOWN = 10


@dataclass(frozen=True, eq=False)
class Coverage:
    """Where the rows of an aligned matrix come from. Reserved rows (padding, unknown) count nowhere.

    Attributes:
        found: (V,) bool, the rows that come from the vectors, composed ones included.
        total: words of the vocabulary.
        exact: words found as they are.
        fallbacks: words found by each fall-back, in the order tried.
        composed: words made out of n-grams.
        missing: how many got no vector of their own.
        missing_words: the first hundred of them.
        tokens: occurrences of all words, `None` where the vocabulary does not know counts.
        found_tokens: occurrences of the words that were found.
    """

    found: NDArray[np.bool_]
    total: int
    exact: int
    fallbacks: Mapping[str, int]
    composed: int
    missing: int
    missing_words: tuple[str, ...]
    tokens: int | None = None
    found_tokens: int | None = None

    @property
    def share(self) -> float:
        """The share of the words that got a vector."""
        return 1 - self.missing / self.total if self.total else float("nan")

    @property
    def token_share(self) -> float | None:
        """The share of the occurrences whose word got a vector."""
        return self.found_tokens / self.tokens if self.tokens and self.found_tokens is not None else None

    def __str__(self) -> str:
        ways = {"as they are": self.exact, **self.fallbacks, "composed": self.composed}
        text = f"{self.total - self.missing:,} of {self.total:,} words have vectors ({self.share:.1%}"
        text += f"; {self.token_share:.1%} of the tokens)" if self.token_share is not None else ")"
        text += ": " + ", ".join(f"{count:,} {way}" for way, count in ways.items() if count or way == "as they are")
        if self.missing:
            words = ", ".join(map(repr, self.missing_words[:_SHOWN]))
            text += f". Without: {words}{' ...' if self.missing > _SHOWN else ''}"
        return text
