"""Words in the plane, and the words around a word."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.plots._canvas import COLORS, axes, bare, optional

METHODS = ("pca", "tsne", "umap")
_FONT = 9.0  # points, of the words of a map
_LEGIBLE = 150  # more labels than this cover each other


def word_map(
    vectors: Any,
    words: Sequence[str] | Mapping[str, Sequence[str]],
    method: str = "pca",
    seed: int = 0,
    ax: Any = None,
) -> Any:
    """Draws words as points in the plane, near each other where their vectors are.

    Vectors are brought to unit length first, so that distance means angle.

    Args:
        vectors: `vectors.WordVectors`.
        words: which words; or group name to words, and each group has a colour and a line in the legend.
        method: "pca": the two directions in which these words differ most, exact and repeatable. "tsne" (van der
            Maaten and Hinton 2008) and "umap" (McInnes et al. 2018) keep neighbourhoods instead; in their pictures
            distances between far words, and the sizes of groups, mean nothing.
        seed: of "tsne" and "umap".
        ax: where to draw; a new figure where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        KeyError: for a word without a vector.
        ValueError: for fewer than three words, or an unknown method.

    Example:
    >>> import numpy as np
    >>> from keras_embed.vectors import WordVectors
    >>> vectors = WordVectors(["sun", "moon", "tea"], np.eye(3))
    >>> ax = word_map(vectors, ["sun", "moon", "tea"])
    >>> [text.get_text() for text in ax.texts]
    ['sun', 'moon', 'tea']
    """
    check_one_of("method", method, METHODS)
    groups = dict(words) if isinstance(words, Mapping) else {"": words}
    shown = [word for group in groups.values() for word in group]
    if len(shown) < 3:
        raise ValueError(message("at least three words for a map", f"{len(shown)}", "vectors.words[:50]"))
    points = _plane(_unit(vectors.rows(shown)), method, seed)  # (N, 2)
    ax = axes(ax, 8, 6)
    first, colors = 0, []
    for number, (name, members) in enumerate(groups.items()):
        color = COLORS[number % len(COLORS)]
        part = points[first : first + len(members)]
        first += len(members)
        ax.scatter(part[:, 0], part[:, 1], s=18, color=color, label=name or None, linewidths=0)
        colors += [color] * len(members)
    if len(groups) > 1:
        ax.legend(frameon=False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.margins(0.08)
    bare(ax, "top", "right", "bottom", "left")
    if len(shown) <= _LEGIBLE:
        _name_points(ax, shown, points, colors)
    return ax


def _name_points(ax: Any, words: Sequence[str], points: Any, colors: Sequence[str]) -> None:
    """Writes each word at the corner of its point where it is least in the way of those before it."""
    places = ax.transData.transform(points) * 72 / ax.figure.dpi  # in points of type
    taken: list[tuple[float, float, float, float]] = []  # left, bottom, right, top
    for word, (x, y), at, color in zip(words, points, places, colors, strict=True):
        width, height = 0.6 * _FONT * len(word), 1.1 * _FONT
        corners = [(3.0, 3.0), (3.0, -3.0 - height), (-3.0 - width, 3.0), (-3.0 - width, -3.0 - height)]
        boxes = [(at[0] + dx, at[1] + dy, at[0] + dx + width, at[1] + dy + height) for dx, dy in corners]
        best = min(range(4), key=lambda number: sum(_shared(boxes[number], other) for other in taken))
        taken.append(boxes[best])
        side, lift = ("left", "right")[best // 2], (3, -3)[best % 2]
        style = {"ha": side, "va": ("bottom", "top")[best % 2], "fontsize": _FONT, "color": color}
        ax.annotate(word, (x, y), (3 if side == "left" else -3, lift), textcoords="offset points", **style)


def _shared(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The area that two boxes have in common."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def nearest_neighbors(vectors: Any, word: str, top: int = 10, ax: Any = None) -> Any:
    """Draws the words nearest to a word as bars, their cosine similarity as length.

    Args:
        vectors: `vectors.WordVectors`.
        word: whose neighbours.
        top: how many.
        ax: where to draw; a new figure where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: unless `top` is a positive integer.

    Example:
    >>> from keras_embed.vectors import WordVectors
    >>> vectors = WordVectors(["sun", "moon", "tea"], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    >>> [label.get_text() for label in nearest_neighbors(vectors, "sun", top=2).get_yticklabels()]
    ['moon', 'tea']
    """
    check_positive("top", top)
    neighbors = vectors.most_similar(word, top=top)
    ax = axes(ax, 6, 0.8 + 0.3 * len(neighbors))
    bars = ax.barh([n.word for n in neighbors], [n.score for n in neighbors], color=COLORS[0])
    ax.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
    ax.invert_yaxis()
    ax.set_title(f"nearest to “{word}”")
    ax.set_xlabel("cosine similarity")
    bare(ax, "top", "right")
    return ax


def _unit(rows: Any) -> NDArray[np.float64]:
    rows = np.asarray(rows, np.float64)  # (N, D)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def _plane(rows: NDArray[np.float64], method: str, seed: int) -> Any:
    """(N, D) -> (N, 2)."""
    if method == "tsne":
        manifold = optional("sklearn.manifold", "scikit-learn", "t-SNE")
        perplexity = min(30.0, (len(rows) - 1) / 3)  # must stay below the number of points
        return manifold.TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(rows)
    if method == "umap":
        umap = optional("umap", "umap-learn", "UMAP")
        neighbors = min(15, len(rows) - 1)
        # Its spectral start needs more points than this; a random one does as well for so few.
        start = "spectral" if len(rows) > 15 else "random"
        return umap.UMAP(n_neighbors=neighbors, init=start, random_state=seed, n_jobs=1).fit_transform(rows)
    centred = rows - rows.mean(0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    plane = left[:, :2] * singular[:2]
    plane = np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))  # vectors of one dimension lie on a line
    # A singular vector's sign is arbitrary: the point farthest out along each axis lies on its positive side.
    signs = np.sign(plane[np.abs(plane).argmax(0), [0, 1]])
    return plane * np.where(signs == 0, 1, signs)
