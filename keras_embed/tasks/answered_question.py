"""What a model that finds answers says."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """A span of a text.

    Attributes:
        text: of the span, as it stands there.
        start: number of its first character.
        end: number of the character after its last.
        probability: under the model, among "no answer" and all spans that may be answers.
    """

    text: str
    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """The answer to one question.

    Attributes:
        text: the answer, "" for "the text does not say".
        start: number of its first character in the text; `None` for no answer.
        end: number of the character after its last; `None` for no answer.
        probability: of this answer, or of there being none.
        none_probability: of there being none.
        candidates: `FoundAnswer`, the best spans, whether or not there is an answer.
    """

    text: str
    start: int | None
    end: int | None
    probability: float
    none_probability: float
    candidates: tuple[FoundAnswer, ...]


def answered_questions(answer: dict[str, Any]) -> list[AnsweredQuestion]:
    """The dense tensors of `SpanPreprocessor.postprocess` as Python objects."""
    arrays = {name: np.asarray(value) for name, value in answer.items()}
    many = [arrays[name].tolist() for name in ("answers", "starts", "ends", "probabilities")]
    single = [arrays[name].tolist() for name in ("answer", "start", "end", "probability", "none_probability")]
    found = []
    for row, (text, start, end, probability, none) in enumerate(zip(*single, strict=True)):
        candidates = tuple(
            FoundAnswer(text.decode("utf-8"), start, end, probability)
            for text, start, end, probability in zip(*(column[row] for column in many), strict=True)
            if start >= 0
        )
        first, behind = (start, end) if start >= 0 else (None, None)
        found.append(AnsweredQuestion(text.decode("utf-8"), first, behind, probability, none, candidates))
    return found
