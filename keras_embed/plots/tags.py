"""A sentence with its tags, and how sure the tagger is of each."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_embed._errors import check_positive, message
from keras_embed.plots._canvas import COLORS, axes, bare, font_families

_FONT = 11.0  # points, of the words
_SMALL = 8.0  # of tags and confidences
_ADVANCE = 0.602  # width of a letter of matplotlib's own monospaced font, in its size
_LINE = 0.62  # inches of a line of words, its tags and its confidences


def tagged_sentence(
    tokens: Sequence[str],
    tags: Sequence[str],
    scores: Any = None,
    width: int = 72,
    outside: str = "O",
    ax: Any = None,
) -> Any:
    """Draws a tagged sentence: each tag above its word, the confidence below, colour where a name is.

    The colour is that of the type ("PER" in "B-PER"), and the fuller, the more confident the tagger is. Pieces of one
    span are joined where the tags say so ("I-PER", "E-PER").

    Args:
        tokens: T words.
        tags: T tags. In a scheme such as BIO or without one.
        scores: (T,) confidences from 0 to 1; None: none are shown.
        width: letters in a line, after which the sentence goes on in the next one.
        outside: the tag that has no colour and is not written.
        ax: where to draw; a new figure, as large as the sentence needs, where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: for no words, or another number of tags or scores than of words.

    Example:
    >>> ax = tagged_sentence(["Ada", "Hill", "left", "Rome"], ["B-PER", "I-PER", "O", "B-LOC"], [0.9, 0.8, 1, 0.7])
    >>> [text.get_text() for text in ax.texts][:3]
    ['Ada', 'PER', '.90']
    """
    check_positive("width", width)
    confidences = None if scores is None else np.asarray(scores, np.float64)
    _check(tokens, tags, confidences)
    kinds = [_type(tag, outside) for tag in tags]
    colors = {kind: COLORS[number % len(COLORS)] for number, kind in enumerate(dict.fromkeys(filter(None, kinds)))}
    labels = [kind if kind and not _goes_on(tag) else "" for tag, kind in zip(tags, kinds, strict=True)]
    places = _places(tokens, labels, width)
    lines = places[-1][0] + 1
    letters = max(start + room for _, start, room in places)
    inches = _FONT * _ADVANCE / 72
    ax = axes(ax, letters * inches + 0.2, lines * _LINE + 0.1)
    families = ["DejaVu Sans Mono", *font_families()]
    for number, (line, start, room) in enumerate(places):
        kind, y, x = kinds[number], -line, start + room / 2
        score = 1.0 if confidences is None else float(confidences[number])
        if kind:
            # A span's next piece in the same line touches the one before.
            joined = start > 0 and _goes_on(tags[number]) and kinds[number - 1] == kind
            _box(ax, start - (0.7 if joined else 0.3), start + room + 0.3, y, colors[kind], score)
        ax.text(x, y, tokens[number], ha="center", va="center", fontsize=_FONT, family=families)
        small = {"ha": "center", "va": "center", "fontsize": _SMALL, "color": colors.get(kind, "0.45")}
        if labels[number]:
            ax.text(x, y + 0.36, labels[number], weight="bold", **small)
        if confidences is not None:
            ax.text(x, y - 0.34, _number(score), **small)
    ax.set_xlim(-1, letters + 1)
    ax.set_ylim(-lines + 0.45, 0.55)
    ax.set_xticks([])
    ax.set_yticks([])
    bare(ax, "top", "right", "bottom", "left")
    return ax


def _check(tokens: Sequence[str], tags: Sequence[str], scores: Any) -> None:
    if not len(tokens) or len(tags) != len(tokens):
        raise ValueError(message(f"a tag for each of {len(tokens)} words, of which there is one", f"{len(tags)} tags"))
    if scores is not None and scores.shape != (len(tokens),):
        raise ValueError(message(f"scores of shape ({len(tokens)},)", f"shape {scores.shape}", "one for each word"))


def _type(tag: str, outside: str) -> str:
    """What a tag names: "PER" in "B-PER", the whole tag where it has no scheme, nothing outside."""
    if tag in ("", outside):
        return ""
    return tag[2:] if tag[1:2] == "-" and tag[0] in "BIESLU" else tag


def _goes_on(tag: str) -> bool:
    return tag[:2] in ("I-", "E-", "L-")


def _cells(text: str) -> int:
    """Letters that a text is wide: those of Chinese, Japanese and Korean count twice, combining ones nothing."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def _places(tokens: Sequence[str], labels: Sequence[str], width: int) -> list[tuple[int, int, int]]:
    """Line, first letter and letters of each word; a label or a confidence may need more than its word."""
    places, line, start = [], 0, 0
    for token, label in zip(tokens, labels, strict=True):
        room = max(_cells(token), -(-_cells(label) * 9 // 10), 2)
        if start and start + room > width:
            line, start = line + 1, 0
        places.append((line, start, room))
        start += room + 1
    return places


def _box(ax: Any, left: float, right: float, y: float, color: str, score: float) -> None:
    """The coloured ground of a word."""
    opacity = 0.08 + 0.37 * min(max(score, 0.0), 1.0)
    ax.fill_between([left, right], y - 0.2, y + 0.2, color=color, alpha=opacity, linewidth=0, antialiased=False)


def _number(score: float) -> str:
    """.97: two digits say enough, and fit under a short word."""
    return "1.0" if score >= 0.995 else f"{score:.2f}".removeprefix("0")
