"""What a translator answers."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Hypothesis:
    """One way to translate a text.

    Attributes:
        text: the translation.
        score: what hypotheses are ranked by, the log-probability with the search's penalties; higher is better.
        log_probability: natural logarithm, of all its pieces and its end.
        tokens: its pieces, the end left out.
        alignment: float32 (pieces, pieces of the source), the attention while each was written, rows that sum to
            one; None where it was not asked for.
    """

    text: str
    score: float
    log_probability: float
    tokens: tuple[str, ...]
    alignment: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class TranslatedText:
    """A text's translations, the best first.

    Attributes:
        source: the text.
        source_tokens: its pieces, its end included, as the encoder read them.
        hypotheses: at least one.
    """

    source: str
    source_tokens: tuple[str, ...] = field(repr=False)
    hypotheses: tuple[Hypothesis, ...]

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    @property
    def score(self) -> float:
        """That of the best."""
        return self.hypotheses[0].score

    @property
    def tokens(self) -> tuple[str, ...]:
        """The pieces of the best."""
        return self.hypotheses[0].tokens

    @property
    def alignment(self) -> NDArray[np.float32] | None:
        """That of the best."""
        return self.hypotheses[0].alignment

    def __str__(self) -> str:
        return self.text
