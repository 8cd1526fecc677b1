"""Weights of a frozen encoder's layers in a task."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from keras_embed._errors import message
from keras_embed.plots._canvas import COLORS, axes, bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def layer_weights(
    weights: Mapping[str, ArrayLike], layers: Sequence[str] | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Plots the learnt weight of each layer in the scalar mixes of some tasks.

    Args:
        weights: name of a task to (L,) weights that sum to one, such as those of `layers.ScalarMix` after a softmax.
        layers: names of the L layers; `None`: "characters" for the first, then "LSTM 1", ..., as in ELMo.
        ax: axes to draw on; `None`: a new figure.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If there is no task, the tasks differ in their number of layers, or there are not L names.

    References:
        Peters et al. 2018, https://arxiv.org/abs/1802.05365, figure 2.

    Example:
    >>> ax = layer_weights({"parts of speech": [0.25, 0.5, 0.25], "names": [0.3, 0.3, 0.4]})
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['characters', 'LSTM 1', 'LSTM 2']
    """
    shapes = sorted({np.shape(row) for row in weights.values()})
    if len(shapes) != 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        raise ValueError(message("weights of shape (L,) for each task, at least one", f"shapes {shapes}"))
    (count,) = shapes[0]
    names = ["characters", *(f"LSTM {index}" for index in range(1, count))] if layers is None else list(layers)
    if len(names) != count:
        raise ValueError(message(f"{count} names, one a layer", f"{len(names)}"))
    ax = axes(ax, 1.5 + 1.5 * count, 3.5)
    width = 0.8 / len(weights)
    # Grouped bars: one group for each layer, one bar for each task.
    for index, (task, row) in enumerate(weights.items()):
        left = np.arange(count) - 0.4 + (index + 0.5) * width
        bars = ax.bar(left, np.asarray(row), 0.92 * width, color=COLORS[index % len(COLORS)], label=task)
        ax.bar_label(bars, fmt="%.2f", padding=-14, fontsize=9, color="white")
    ax.axhline(1 / count, color="0.4", linestyle="--", linewidth=1)  # the initial weights
    ax.set_xticks(range(count), names)
    ax.set_ylabel("weight")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    bare(ax, "top", "right")
    return ax
