"""What a tagger answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A span found in a sentence.

    Attributes:
        start: number of its first token.
        end: number of the token after its last.
        type: such as "PER".
        text: its tokens, joined by blanks.
        score: its probability under the model, from true marginals.
    """

    start: int
    end: int
    type: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A tagger's answer for one sentence.

    Attributes:
        tokens: words.
        tags: one for each token.
        scores: probability of each tag.
        spans: `TaggedSpan`, in reading order; empty where the tags mark no spans.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    scores: tuple[float, ...]
    spans: tuple[TaggedSpan, ...]


def tagged_sentences(answer: dict[str, Any]) -> list[TaggedSentence]:
    """The dense tensors of `TaggerPreprocessor.postprocess` as Python objects."""
    arrays = {name: np.asarray(value) for name, value in answer.items()}
    tagged = []
    for row, length in enumerate(arrays["lengths"].tolist()):
        tokens = tuple(word.decode("utf-8", "backslashreplace") for word in arrays["tokens"][row, :length])
        spans = []
        for start, end, kind, score in zip(
            *(arrays[f"span_{name}"][row].tolist() for name in ("starts", "ends", "types", "scores")), strict=True
        ):
            if start >= 0:
                spans.append(TaggedSpan(start, end, kind.decode("utf-8"), " ".join(tokens[start:end]), score))
        tags = tuple(tag.decode("utf-8") for tag in arrays["tags"][row, :length])
        scores = tuple(arrays["token_scores"][row, :length].tolist())
        tagged.append(TaggedSentence(tokens, tags, scores, tuple(spans)))
    return tagged
