"""What a language model writes."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Continuation:
    """One way to go on from a prompt.

    Attributes:
        text: all of it, the prompt included, as its pieces give it back.
        continuation: what stands behind the prompt.
        score: what texts are ranked by, the log-probability with the search's penalties; higher is better.
        log_probability: natural logarithm, of all pieces, the prompt's too, and the end.
        tokens: all pieces, the end left out.
        finished: whether the model ended it, and not `max_length`.
    """

    text: str
    continuation: str
    score: float
    log_probability: float
    tokens: tuple[str, ...] = field(repr=False)
    finished: bool


@dataclass(frozen=True)
class GeneratedText:
    """What was written behind a prompt.

    Attributes:
        prompt: what the texts begin with.
        continuations: at least one; of a beam search the best first, of samples as they were drawn.
    """

    prompt: str
    continuations: tuple[Continuation, ...]

    @property
    def text(self) -> str:
        """The first text."""
        return self.continuations[0].text

    @property
    def continuation(self) -> str:
        """What is new in the first."""
        return self.continuations[0].continuation

    @property
    def score(self) -> float:
        """That of the first."""
        return self.continuations[0].score

    def __str__(self) -> str:
        return self.text
