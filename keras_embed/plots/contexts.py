"""Occurrences of a word in several sentences, and the nearest occurrences in a corpus for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keras_embed._errors import check_positive, message
from keras_embed.plots._canvas import COLORS, axes, bare, font_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FONT = 10.0  # points
_ADVANCE = 0.602 * _FONT / 72  # inches of a letter of matplotlib's own monospaced font
_LINE = 0.23  # inches

#: A sentence, the index of a word in it, and the similarity of the word.
Occurrence = tuple[Sequence[str], int, float]


def neighbors_in_context(
    contexts: Sequence[tuple[Sequence[str], int]],
    neighbors: Sequence[Sequence[Occurrence]],
    letters: int = 34,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plots words in their sentences as a concordance, each with its nearest occurrences below.

    The word is in the middle, with its sentence around it; the number on the right is the similarity.

    Args:
        contexts: C pairs of a sentence, a list of words, and the index of the query word.
        neighbors: C lists of (sentence, index, similarity), the nearest first.
        letters: number of letters of the sentence on each side.
        ax: axes to draw on; `None`: a new figure with a size for the lines.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If there are no contexts, not as many lists of neighbours, or an index is outside of its sentence.

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
    occurrences = [*contexts, *((sentence, index) for group in neighbors for sentence, index, _ in group)]
    for sentence, index in occurrences:
        if not 0 <= index < len(sentence):
            raise ValueError(message(f"the index of one of {len(sentence)} words", str(index), "0 for the first word"))
    lines = sum(map(len, neighbors)) + 2 * len(contexts) - 1
    # The word in the middle may have 10 letters before the sentence touches the similarities.
    ax = axes(ax, (2 * letters + 20) * _ADVANCE + 0.2, (lines + 0.6) * _LINE)
    line = 0
    for number, (context, group) in enumerate(zip(contexts, neighbors, strict=True)):
        color = COLORS[number % len(COLORS)]
        ax.axhspan(-line - 0.5, -line + 0.5, color=color, alpha=0.12, linewidth=0)
        _concordance(ax, *context, -line, letters, color)
        for sentence, index, score in group:
            line += 1
            _concordance(ax, sentence, index, -line, letters, color)
            ax.text(letters + 17, -line, f"{score:.2f}", ha="right", va="center", fontsize=_FONT, color=color)
        line += 2
    ax.set_xlim(-letters - 2, letters + 18)
    ax.set_ylim(-lines + 0.2, 0.8)
    ax.set_xticks([])
    ax.set_yticks([])
    bare(ax, "top", "right", "bottom", "left")
    return ax


def _concordance(ax: "Axes", sentence: Sequence[str], index: int, y: float, letters: int, color: str) -> None:
    """Draws a line: the word in the middle, the words before it aligned to the right, those after it to the left."""
    word = sentence[index]
    before, after = _last(sentence[:index], letters), _first(sentence[index + 1 :], letters + 10 - len(word))
    style: dict[str, Any] = {"va": "center", "fontsize": _FONT, "family": ["DejaVu Sans Mono", *font_families()]}
    ax.text(-1, y, before, ha="right", **style)
    ax.text(0, y, word, ha="left", color=color, weight="bold", **style)
    ax.text(len(word) + 1, y, after, ha="left", **style)


def _first(words: Sequence[str], letters: int) -> str:
    """Joins as many words as fit, from the first on."""
    text = ""
    for word in words:
        if len(text) + len(word) + 1 > letters:
            return text
        text = f"{text} {word}".strip()
    return text


def _last(words: Sequence[str], letters: int) -> str:
    """Joins as many words as fit, up to the last."""
    backwards = _first([word[::-1] for word in reversed(words)], letters)
    return backwards[::-1]
