"""What a masked language model puts in the place of masks."""

from dataclasses import dataclass

#: Marks a word piece that goes on with the word before it.
INSIDE = "##"


@dataclass(frozen=True)
class Filling:
    """A piece that could stand at a mask.

    Attributes:
        token: the piece, as the vocabulary has it.
        string: what it is in a text.
        probability: among all pieces.
    """

    token: str
    string: str
    probability: float


@dataclass(frozen=True)
class FilledText:
    """A text with masks, and what could stand there; each mask is answered for itself.

    Attributes:
        masked: the text that was given.
        mask: how masks are written.
        fillings: for each mask in order, the most probable pieces, best first.
    """

    masked: str
    mask: str
    fillings: tuple[tuple[Filling, ...], ...]

    @property
    def text(self) -> str:
        """The text with the best piece at each mask; a piece from within a word joins the word before it."""
        parts = self.masked.split(self.mask)
        text = parts[0]
        for best, rest in zip((one[0] for one in self.fillings), parts[1:], strict=True):
            text = (text.rstrip() if best.token.startswith(INSIDE) else text) + best.string + rest
        return text

    def __str__(self) -> str:
        return self.text
