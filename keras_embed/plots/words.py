"""Word vectors: maps of words in the plane, and the nearest neighbours of a word."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.plots._canvas import COLORS, axes, bare, optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_embed.vectors import WordVectors

METHODS = ("pca", "tsne", "umap")
_FONT = 9.0  # points, of the words of a map
_MAX_LABELS = 150  # more labels than this overlap


def word_map(
    vectors: "WordVectors",
    words: Sequence[str] | Mapping[str, Sequence[str]],
    method: str = "pca",
    seed: int = 0,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plots words as points in the plane, close to each other if their vectors are.

    Vectors are normalised to unit length first, so that distances depend on angles.

    Args:
        vectors: `vectors.WordVectors`.
        words: the words; or a mapping from group names to words, with a colour and a legend entry for each group.
        method: "pca": the two directions of greatest variance of these words, exact and deterministic. "tsne" (van der
            Maaten and Hinton 2008) and "umap" (McInnes et al. 2018) preserve neighbourhoods instead; their distances
            between distant words, and the sizes of groups, have no meaning.
        seed: seed of "tsne" and "umap".
        ax: axes to draw on; `None`: a new figure.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        KeyError: If a word has no vector.
        ValueError: If there are fewer than three words, or the method is unknown.

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
    for index, (name, members) in enumerate(groups.items()):
        color = COLORS[index % len(COLORS)]
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
    if len(shown) <= _MAX_LABELS:
        _name_points(ax, shown, points, colors)
    return ax


def _name_points(ax: "Axes", words: Sequence[str], points: NDArray[np.float64], colors: Sequence[str]) -> None:
    """Labels each point at the corner where the word overlaps least with the previous labels."""
    positions = ax.transData.transform(points) * 72 / ax.figure.dpi  # in points of type
    taken: list[tuple[float, float, float, float]] = []  # left, bottom, right, top
    for word, (x, y), at, color in zip(words, points, positions, colors, strict=True):
        width, height = 0.6 * _FONT * len(word), 1.1 * _FONT
        corners = [(3.0, 3.0), (3.0, -3.0 - height), (-3.0 - width, 3.0), (-3.0 - width, -3.0 - height)]
        boxes = [(at[0] + dx, at[1] + dy, at[0] + dx + width, at[1] + dy + height) for dx, dy in corners]
        best = min(range(4), key=lambda corner: sum(_overlap(boxes[corner], other) for other in taken))
        taken.append(boxes[best])
        side, lift = ("left", "right")[best // 2], (3, -3)[best % 2]
        style: dict[str, Any] = {"ha": side, "va": ("bottom", "top")[best % 2], "fontsize": _FONT, "color": color}
        ax.annotate(word, (x, y), (3 if side == "left" else -3, lift), textcoords="offset points", **style)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Computes the area of the intersection of two boxes."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def nearest_neighbors(vectors: "WordVectors", word: str, top: int = 10, ax: "Axes | None" = None) -> "Axes":
    """Plots the nearest neighbours of a word as bars of their cosine similarity.

    Args:
        vectors: `vectors.WordVectors`.
        word: the query word.
        top: number of neighbours.
        ax: axes to draw on; `None`: a new figure.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If `top` is not a positive integer.

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


def _unit(rows: ArrayLike) -> NDArray[np.float64]:
    rows = np.asarray(rows, np.float64)  # (N, D)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def _plane(rows: NDArray[np.float64], method: str, seed: int) -> NDArray[np.float64]:
    """Projects (N, D) to (N, 2)."""
    if method == "tsne":
        manifold = optional("sklearn.manifold", "scikit-learn", "t-SNE")
        perplexity = min(30.0, (len(rows) - 1) / 3)  # must stay below the number of points
        tsne = manifold.TSNE(perplexity=perplexity, init="pca", random_state=seed)
        return np.asarray(tsne.fit_transform(rows), np.float64)
    if method == "umap":
        umap = optional("umap", "umap-learn", "UMAP")
        neighbors = min(15, len(rows) - 1)
        # The spectral initialisation needs more points than this; a random one is as good for so few.
        start = "spectral" if len(rows) > 15 else "random"
        projection = umap.UMAP(n_neighbors=neighbors, init=start, random_state=seed, n_jobs=1)
        return np.asarray(projection.fit_transform(rows), np.float64)
    centred = rows - rows.mean(0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    plane = left[:, :2] * singular[:2]
    plane = np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))  # vectors of one dimension lie on a line
    # The sign of a singular vector is arbitrary: the farthest point along each axis is placed on its positive side.
    signs = np.sign(plane[np.abs(plane).argmax(0), [0, 1]])
    return np.asarray(plane * np.where(signs == 0, 1, signs))
