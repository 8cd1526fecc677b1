"""Attention weights: alignments of a translator, and the heads of a Transformer."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_positive, message
from keras_embed.plots._canvas import axes, font_families, optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

_CELL = 0.3  # inches of a token's row or column
_LETTER = 0.1  # inches of a letter of its label


def alignment(
    source_tokens: Sequence[str],
    target_tokens: Sequence[str],
    weights: ArrayLike,
    colorbar: bool = True,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plots the attention weights of source words for each target word.

    Rows are target words, from the top; columns are source words; lighter means more weight.

    Args:
        source_tokens: S words.
        target_tokens: T words.
        weights: (T, S) from 0 to 1. Further rows and columns are padding and are cropped.
        colorbar: True to draw a colour scale.
        ax: axes to draw on; `None`: a new figure with a size for the words.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If there are no words, or fewer weights than words.

    References:
        Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473, figure 3.

    Example:
    >>> ax = alignment(["la", "maison", "bleue"], ["the", "blue", "house"], [[0.9, 0.1, 0], [0, 0.1, 0.9], [0, 1, 0]])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['the', 'blue', 'house']
    """
    matrix = _cut(weights, len(target_tokens), len(source_tokens))  # (T, S)
    cell = max(_CELL, 2.0 / max(matrix.shape))
    width = cell * matrix.shape[1] + _room(target_tokens) + (0.6 if colorbar else 0.1)
    # "compressed" handles images with a fixed aspect; with "constrained", long labels would overhang.
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
    weights: ArrayLike,
    source_tokens: Sequence[str] | None = None,
    columns: int = 4,
    names: Sequence[str] | None = None,
) -> "list[Axes]":
    """Plots the attention weights of each head of a layer, one subplot for each head.

    Rows are query words, columns are key words; lighter means more weight.

    Args:
        tokens: T query words.
        weights: (H, T, S) from 0 to 1. Further rows and columns are padding and are cropped.
        source_tokens: S key words; `None`: the query words, as in self-attention.
        columns: number of subplots in a row.
        names: H titles; `None`: "head 1", ...

    Returns:
        The H `matplotlib.axes.Axes`, in a list.

    Raises:
        ValueError: If the weights have another shape, or there are not as many names as heads.

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, figures 3 to 5.

    Example:
    >>> import numpy as np
    >>> pictures = attention_heads(["a", "small", "cat"], np.full((2, 3, 3), 1 / 3))
    >>> [ax.get_title() for ax in pictures]
    ['head 1', 'head 2']
    """
    check_positive("columns", columns)
    keys = tokens if source_tokens is None else source_tokens
    heads = np.asarray(weights)
    if heads.ndim != 3 or not len(heads):
        raise ValueError(message("weights of shape (H, T, S)", f"shape {heads.shape}", "those of one sentence"))
    titles = list(names) if names is not None else [f"head {index + 1}" for index in range(len(heads))]
    if len(titles) != len(heads):
        raise ValueError(message(f"{len(heads)} names, one a head", f"{len(titles)}"))
    matrices = [_cut(head, len(tokens), len(keys)) for head in heads]
    columns = min(columns, len(heads))
    rows = math.ceil(len(heads) / columns)
    cell = max(0.8 * _CELL, 1.4 / max(len(tokens), len(keys)))
    width = columns * (cell * len(keys) + 0.15) + _room(tokens)
    height = rows * (cell * len(tokens) + 0.3) + _room(keys)
    pyplot = optional("matplotlib.pyplot", "matplotlib", "pictures")
    figure, grid = pyplot.subplots(rows, columns, figsize=(width, height), layout="constrained", squeeze=False)
    pictures = list(grid.flat)
    for index, (ax, matrix, title) in enumerate(zip(pictures, matrices, titles, strict=False)):
        _heat(ax, matrix)
        # Words only at the edges of the grid: the subplots share them.
        _words(ax, keys if index < columns else [], tokens if index % columns == 0 else [], fontsize=8)
        ax.set_title(title, fontsize=9)
    for ax in pictures[len(heads) :]:
        ax.remove()
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.06)
    return pictures[: len(heads)]


def _cut(weights: ArrayLike, rows: int, columns: int) -> NDArray[np.float64]:
    """Crops padding from a matrix of weights."""
    matrix = np.asarray(weights, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] < rows or matrix.shape[1] < columns or not rows or not columns:
        expected = f"weights of shape ({rows}, {columns}) or larger, of at least one word each"
        raise ValueError(message(expected, f"shape {matrix.shape}", "a row for each target word"))
    return matrix[:rows, :columns]


def _heat(ax: "Axes", matrix: NDArray[np.float64]) -> "AxesImage":
    image = ax.imshow(matrix, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    for side in ax.spines.values():
        side.set_color("0.6")
    return image


def _words(ax: "Axes", above: Sequence[str], beside: Sequence[str], fontsize: float = 10) -> None:
    """Labels the columns above the image and the rows beside it."""
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=fontsize)
    ax.set_xticks(range(len(above)), [_shown(token) for token in above])
    if max(map(len, above), default=0) > 2:  # long labels are rotated
        for label in ax.get_xticklabels():
            label.set(rotation=60, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(beside)), [_shown(token) for token in beside])
    families = font_families()
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_fontfamily(families)


def _shown(token: str) -> str:
    """Returns a subword without the marker of a preceding space of byte-pair encoding and SentencePiece."""
    return token.lstrip("Ġ▁") or token


def _room(tokens: Sequence[str]) -> float:
    """Returns the width of the longest label in inches."""
    return 0.4 + _LETTER * max(map(len, tokens), default=0)
