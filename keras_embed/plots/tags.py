"""A sentence with its tags and their confidences."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_positive, message
from keras_embed.plots._canvas import COLORS, axes, bare, font_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FONT = 11.0  # points, of the words
_SMALL = 8.0  # of tags and confidences
_ADVANCE = 0.602  # width of a letter of matplotlib's own monospaced font, relative to its size
_LINE = 0.62  # inches of a line of words with tags and confidences


class _Cell(NamedTuple):
    """Position of a word: its line, its first letter in the line, and its width in letters."""

    line: int
    start: int
    width: int


def tagged_sentence(
    tokens: Sequence[str],
    tags: Sequence[str],
    scores: ArrayLike | None = None,
    width: int = 72,
    outside: str = "O",
    ax: "Axes | None" = None,
) -> "Axes":
    """Plots a tagged sentence, with tags above the words, confidences below, and coloured spans.

    The colour depends on the type ("PER" in "B-PER") and is more opaque the more confident the tagger is. The tokens of
    one span are joined if the tags are in a scheme ("I-PER", "E-PER").

    Args:
        tokens: T words.
        tags: T tags, in a scheme such as BIO or without one.
        scores: (T,) confidences from 0 to 1; `None`: not shown.
        width: maximum number of letters in a line.
        outside: the tag that has no colour and no label.
        ax: axes to draw on; `None`: a new figure with a size for the sentence.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If there are no words, or not as many tags or scores as words.

    Example:
    >>> ax = tagged_sentence(["Ada", "Hill", "left", "Rome"], ["B-PER", "I-PER", "O", "B-LOC"], [0.9, 0.8, 1, 0.7])
    >>> [text.get_text() for text in ax.texts][:3]
    ['Ada', 'PER', '.90']
    """
    check_positive("width", width)
    confidences = None if scores is None else np.asarray(scores, np.float64)
    _check(tokens, tags, confidences)
    kinds = [_type(tag, outside) for tag in tags]
    colors = {kind: COLORS[index % len(COLORS)] for index, kind in enumerate(dict.fromkeys(filter(None, kinds)))}
    labels = [kind if kind and not _continues(tag) else "" for tag, kind in zip(tags, kinds, strict=True)]
    cells = _cells(tokens, labels, width)
    lines = cells[-1].line + 1
    letters = max(cell.start + cell.width for cell in cells)
    inches = _FONT * _ADVANCE / 72
    ax = axes(ax, letters * inches + 0.2, lines * _LINE + 0.1)
    families = ["DejaVu Sans Mono", *font_families()]
    for index, (line, start, room) in enumerate(cells):
        kind, y, x = kinds[index], -line, start + room / 2
        score = 1.0 if confidences is None else float(confidences[index])
        if kind:
            # The next token of a span in the same line touches the one before.
            joined = start > 0 and _continues(tags[index]) and kinds[index - 1] == kind
            _box(ax, start - (0.7 if joined else 0.3), start + room + 0.3, y, colors[kind], score)
        ax.text(x, y, tokens[index], ha="center", va="center", fontsize=_FONT, family=families)
        small: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": _SMALL, "color": colors.get(kind, "0.45")}
        if labels[index]:
            ax.text(x, y + 0.36, labels[index], weight="bold", **small)
        if confidences is not None:
            ax.text(x, y - 0.34, _format_score(score), **small)
    # Data units are letters horizontally and lines vertically.
    ax.set_xlim(-1, letters + 1)
    ax.set_ylim(-lines + 0.45, 0.55)
    ax.set_xticks([])
    ax.set_yticks([])
    bare(ax, "top", "right", "bottom", "left")
    return ax


def _check(tokens: Sequence[str], tags: Sequence[str], scores: NDArray[np.float64] | None) -> None:
    if not len(tokens) or len(tags) != len(tokens):
        raise ValueError(message(f"a tag for each of {len(tokens)} words, of which there is one", f"{len(tags)} tags"))
    if scores is not None and scores.shape != (len(tokens),):
        raise ValueError(message(f"scores of shape ({len(tokens)},)", f"shape {scores.shape}", "one for each word"))


def _type(tag: str, outside: str) -> str:
    """Returns the type of a tag: "PER" of "B-PER", the whole tag if it has no scheme, "" outside."""
    if tag in ("", outside):
        return ""
    return tag[2:] if tag[1:2] == "-" and tag[0] in "BIESLU" else tag


def _continues(tag: str) -> bool:
    return tag[:2] in ("I-", "E-", "L-")


def _text_width(text: str) -> int:
    """Returns the width in letters; Chinese, Japanese and Korean ones count twice, combining ones not at all."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def _cells(tokens: Sequence[str], labels: Sequence[str], width: int) -> list[_Cell]:
    """Breaks the words into lines; a label or a confidence may be wider than its word."""
    cells, line, start = [], 0, 0
    for token, label in zip(tokens, labels, strict=True):
        room = max(_text_width(token), -(-_text_width(label) * 9 // 10), 2)
        if start and start + room > width:
            line, start = line + 1, 0
        cells.append(_Cell(line, start, room))
        start += room + 1
    return cells


def _box(ax: "Axes", left: float, right: float, y: float, color: str, score: float) -> None:
    """Draws the coloured background of a word."""
    opacity = 0.08 + 0.37 * min(max(score, 0.0), 1.0)
    ax.fill_between([left, right], y - 0.2, y + 0.2, color=color, alpha=opacity, linewidth=0, antialiased=False)


def _format_score(score: float) -> str:
    """Formats a confidence with two digits, such as ".97", which fits under a short word."""
    return "1.0" if score >= 0.995 else f"{score:.2f}".removeprefix("0")
