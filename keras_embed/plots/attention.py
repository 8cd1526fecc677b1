"""Where a model looks: alignments of words, and the heads of a Transformer."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_embed._errors import check_positive, message
from keras_embed.plots._canvas import axes, font_families, optional

_CELL = 0.3  # inches of a token's row or column
_LETTER = 0.1  # inches of a letter of its label


def alignment(
    source_tokens: Sequence[str],
    target_tokens: Sequence[str],
    weights: Any,
    colorbar: bool = True,
    ax: Any = None,
) -> Any:
    """Draws which source words a translator looked at when it wrote each target word (Bahdanau et al. 2015, fig. 3).

    A row is a target word, read from the top; a column is a source word; the lighter, the more weight.

    Args:
        source_tokens: S words.
        target_tokens: T words.
        weights: (T, S) from 0 to 1. More rows or columns, padding, are left out.
        colorbar: whether a scale stands beside it.
        ax: where to draw; a new figure, as large as the words need, where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: for no words, or fewer weights than words.

    Example:
    >>> ax = alignment(["la", "maison", "bleue"], ["the", "blue", "house"], [[0.9, 0.1, 0], [0, 0.1, 0.9], [0, 1, 0]])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['the', 'blue', 'house']
    """
    matrix = _cut(weights, len(target_tokens), len(source_tokens))  # (T, S)
    cell = max(_CELL, 2.0 / max(matrix.shape))
    width = cell * matrix.shape[1] + _room(target_tokens) + (0.6 if colorbar else 0.1)
    # "compressed" knows of pictures whose shape is fixed; "constrained" lets long labels hang over.
    ax = axes(ax, width, cell * matrix.shape[0] + _room(source_tokens), "compressed")
    image = _heat(ax, matrix)
    _words(ax, source_tokens, target_tokens)
    if colorbar:
        bar = ax.figure.colorbar(image, ax=ax, fraction=0.05, pad=0.03, ticks=(0, 0.5, 1))
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0, labelsize=9)
    return ax


def attention_heads(
    tokens: Sequence[str],
    weights: Any,
    source_tokens: Sequence[str] | None = None,
    columns: int = 4,
    names: Sequence[str] | None = None,
) -> Any:
    """Draws the attention of each head of a layer, one picture a head (Vaswani et al. 2017, figs. 3 to 5).

    A row is a word that looks, a column one that is looked at; the lighter, the more weight.

    Args:
        tokens: T words that look.
        weights: (H, T, S) from 0 to 1. More rows or columns, padding, are left out.
        source_tokens: S words that are looked at; None: the same words, as in self-attention.
        columns: pictures beside each other.
        names: H titles; None: "head 1", ...

    Returns:
        The H `matplotlib.axes.Axes`, in a list.

    Raises:
        ValueError: for weights of another shape, or another number of names than heads.

    Example:
    >>> import numpy as np
    >>> pictures = attention_heads(["a", "small", "cat"], np.full((2, 3, 3), 1 / 3))
    >>> [ax.get_title() for ax in pictures]
    ['head 1', 'head 2']
    """
    check_positive("columns", columns)
    seen = tokens if source_tokens is None else source_tokens
    heads = np.asarray(weights)
    if heads.ndim != 3 or not len(heads):
        raise ValueError(message("weights of shape (H, T, S)", f"shape {heads.shape}", "those of one sentence"))
    titles = list(names) if names is not None else [f"head {number + 1}" for number in range(len(heads))]
    if len(titles) != len(heads):
        raise ValueError(message(f"{len(heads)} names, one a head", f"{len(titles)}"))
    matrices = [_cut(head, len(tokens), len(seen)) for head in heads]
    columns = min(columns, len(heads))
    rows = math.ceil(len(heads) / columns)
    cell = max(0.8 * _CELL, 1.4 / max(len(tokens), len(seen)))
    width = columns * (cell * len(seen) + 0.15) + _room(tokens)
    height = rows * (cell * len(tokens) + 0.3) + _room(seen)
    pyplot = optional("matplotlib.pyplot", "matplotlib", "pictures")
    figure, grid = pyplot.subplots(rows, columns, figsize=(width, height), layout="constrained", squeeze=False)
    pictures = list(grid.flat)
    for place, (ax, matrix, title) in enumerate(zip(pictures, matrices, titles, strict=False)):
        _heat(ax, matrix)
        # Words at the edges of the grid only: the pictures share them.
        _words(ax, seen if place < columns else [], tokens if place % columns == 0 else [], fontsize=8)
        ax.set_title(title, fontsize=9)
    for ax in pictures[len(heads) :]:
        ax.remove()
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.06)
    return pictures[: len(heads)]


def _cut(weights: Any, rows: int, columns: int) -> Any:
    """The real part of a matrix of weights."""
    matrix = np.asarray(weights, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] < rows or matrix.shape[1] < columns or not rows or not columns:
        expected = f"weights of shape ({rows}, {columns}) or larger, of at least one word each"
        raise ValueError(message(expected, f"shape {matrix.shape}", "a row for each target word"))
    return matrix[:rows, :columns]


def _heat(ax: Any, matrix: Any) -> Any:
    image = ax.imshow(matrix, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    for side in ax.spines.values():
        side.set_color("0.6")
    return image


def _words(ax: Any, above: Sequence[str], beside: Sequence[str], fontsize: float = 10) -> None:
    """Labels columns above the picture and rows beside it."""
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=fontsize)
    upright = max(map(len, above), default=0) > 2
    turned = {"rotation": 60, "ha": "left", "rotation_mode": "anchor"} if upright else {}
    ax.set_xticks(range(len(above)), [_shown(token) for token in above], **turned)
    ax.set_yticks(range(len(beside)), [_shown(token) for token in beside])
    families = font_families()
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_fontfamily(families)


def _shown(token: str) -> str:
    """A piece without the mark of the blank before it, as byte pairs and SentencePiece have it."""
    return token.lstrip("Ġ▁") or token


def _room(tokens: Sequence[str]) -> float:
    """Inches that the longest label needs."""
    return 0.4 + _LETTER * max(map(len, tokens), default=0)
