"""Which layers of a frozen encoder a task has learnt to read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.plots._canvas import COLORS, axes, bare


def layer_weights(weights: Mapping[str, Any], layers: Sequence[str] | None = None, ax: Any = None) -> Any:
    """Draws how much each layer counts in the learnt mixes of some tasks (Peters et al. 2018, fig. 2).

    Args:
        weights: name of a task to (L,) weights that sum to one, as `layers.ScalarMix` has them after a softmax.
        layers: the L names of the layers; None: "characters" for the first, then "LSTM 1", ..., as ELMo has them.
        ax: where to draw; a new figure where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: for no task, tasks of unequal numbers of layers, or another number of names than layers.

    Example:
    >>> ax = layer_weights({"parts of speech": [0.25, 0.5, 0.25], "names": [0.3, 0.3, 0.4]})
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['characters', 'LSTM 1', 'LSTM 2']
    """
    shapes = sorted({np.shape(row) for row in weights.values()})
    if len(shapes) != 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        raise ValueError(message("weights of shape (L,) for each task, at least one", f"shapes {shapes}"))
    (number,) = shapes[0]
    names = ["characters", *(f"LSTM {place}" for place in range(1, number))] if layers is None else list(layers)
    if len(names) != number:
        raise ValueError(message(f"{number} names, one a layer", f"{len(names)}"))
    ax = axes(ax, 1.5 + 1.5 * number, 3.5)
    width = 0.8 / len(weights)
    for place, (task, row) in enumerate(weights.items()):
        left = np.arange(number) - 0.4 + (place + 0.5) * width
        bars = ax.bar(left, row, 0.92 * width, color=COLORS[place % len(COLORS)], label=task)
        ax.bar_label(bars, fmt="%.2f", padding=-14, fontsize=9, color="white")
    ax.axhline(1 / number, color="0.4", linestyle="--", linewidth=1)  # where training begins
    ax.set_xticks(range(number), names)
    ax.set_ylabel("weight")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    bare(ax, "top", "right")
    return ax
