"""One word in several sentences, and the places of a corpus that are nearest to each."""

from collections.abc import Sequence
from typing import Any

from keras_embed._errors import check_positive, message
from keras_embed.plots._canvas import COLORS, axes, bare, font_families

_FONT = 10.0  # points
_ADVANCE = 0.602 * _FONT / 72  # inches of a letter of matplotlib's own monospaced font
_LINE = 0.23  # inches

#: A sentence, the number of the word that is meant, and how near it is.
Place = tuple[Sequence[str], int, float]


def neighbors_in_context(
    contexts: Sequence[tuple[Sequence[str], int]],
    neighbors: Sequence[Sequence[Place]],
    letters: int = 34,
    ax: Any = None,
) -> Any:
    """Draws words in their sentences, and under each the places that are nearest to it, one below the other.

    The word that is meant stands in the middle, with its sentence around it, as in a concordance; the number is the
    similarity.

    Args:
        contexts: C pairs of a sentence, a list of words, and the place of the word that is asked for.
        neighbors: C lists of (sentence, place, similarity), the nearest first.
        letters: of the sentence that are shown on each side.
        ax: where to draw; a new figure, as large as the lines need, where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: for no contexts, a list of neighbours too few or too many, or a place outside of its sentence.

    Example:
    >>> contexts = [(["a", "red", "rose"], 2), (["he", "rose", "early"], 1)]
    >>> ax = neighbors_in_context(contexts, [[(["a", "white", "lily"], 2, 0.7)], [(["she", "got", "up"], 2, 0.6)]])
    >>> [text.get_text() for text in ax.texts if text.get_color() != "black"]
    ['rose', 'lily', '0.70', 'rose', 'up', '0.60']
    """
    check_positive("letters", letters)
    if not contexts or len(contexts) != len(neighbors):
        expected = "a list of neighbours for each context, and at least one context"
        raise ValueError(message(expected, f"{len(contexts)} contexts and {len(neighbors)} lists"))
    meant = [*contexts, *((sentence, place) for group in neighbors for sentence, place, _ in group)]
    for sentence, place in meant:
        if not 0 <= place < len(sentence):
            raise ValueError(message(f"the number of one of {len(sentence)} words", str(place), "the first has 0"))
    lines = sum(map(len, neighbors)) + 2 * len(contexts) - 1
    # The word in the middle may be as long as 10 letters without touching the numbers.
    ax = axes(ax, (2 * letters + 20) * _ADVANCE + 0.2, (lines + 0.6) * _LINE)
    line = 0
    for number, (context, group) in enumerate(zip(contexts, neighbors, strict=True)):
        color = COLORS[number % len(COLORS)]
        ax.axhspan(-line - 0.5, -line + 0.5, color=color, alpha=0.12, linewidth=0)
        _concordance(ax, *context, -line, letters, color)
        for sentence, place, score in group:
            line += 1
            _concordance(ax, sentence, place, -line, letters, color)
            ax.text(letters + 17, -line, f"{score:.2f}", ha="right", va="center", fontsize=_FONT, color=color)
        line += 2
    ax.set_xlim(-letters - 2, letters + 18)
    ax.set_ylim(-lines + 0.2, 0.8)
    ax.set_xticks([])
    ax.set_yticks([])
    bare(ax, "top", "right", "bottom", "left")
    return ax


def _concordance(ax: Any, sentence: Sequence[str], place: int, y: float, letters: int, color: str) -> None:
    """A line: what stands before the word ends where it begins, what stands behind it follows."""
    word = sentence[place]
    before, behind = _last(sentence[:place], letters), _first(sentence[place + 1 :], letters + 10 - len(word))
    style = {"va": "center", "fontsize": _FONT, "family": ["DejaVu Sans Mono", *font_families()]}
    ax.text(-1, y, before, ha="right", **style)
    ax.text(0, y, word, ha="left", color=color, weight="bold", **style)
    ax.text(len(word) + 1, y, behind, ha="left", **style)


def _first(words: Sequence[str], letters: int) -> str:
    """As many words as have room, from the first on."""
    kept = ""
    for word in words:
        if len(kept) + len(word) + 1 > letters:
            return kept
        kept = f"{kept} {word}".strip()
    return kept


def _last(words: Sequence[str], letters: int) -> str:
    """As many words as have room, up to the last."""
    backwards = _first([word[::-1] for word in reversed(words)], letters)
    return backwards[::-1]
