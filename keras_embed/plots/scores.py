"""How training went, and what a classifier confuses."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.plots._canvas import COLORS, axes, bare


def learning_curves(histories: Any, metric: str = "loss", ax: Any = None) -> Any:
    """Draws a figure over the epochs: validation as a full line, training as a dashed one.

    Args:
        histories: what `fit` returned, or its `history` dict; or name to either, to compare runs.
        metric: which figure: "loss", "accuracy", ...
        ax: where to draw; a new figure where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: for a figure that a history does not have.

    Example:
    >>> ax = learning_curves({"loss": [0.9, 0.5], "val_loss": [1.0, 0.7]})
    >>> [line.get_label() for line in ax.lines]
    ['training', 'validation']
    """
    runs = {name: getattr(run, "history", run) for name, run in _named(histories).items()}
    ax = axes(ax, 6, 4)
    for number, (name, run) in enumerate(runs.items()):
        found = {part: run[key] for key, part in ((metric, "training"), (f"val_{metric}", "validation")) if key in run}
        if not found:
            raise ValueError(message("a figure that the history has", metric, f"one of {sorted(run)}"))
        for part, values in found.items():
            style = "--" if part == "training" and len(found) == 2 else "-"
            label = f"{name}, {part}" if name else part
            epochs = range(1, len(values) + 1)
            ax.plot(epochs, values, style, color=COLORS[number % len(COLORS)], label=label, marker=".")
    ax.set_xlabel("epoch")
    ax.set_ylabel(metric)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(frameon=False)
    bare(ax, "top", "right")
    return ax


def _named(histories: Any) -> Mapping[str, Any]:
    """Name to history; one alone has the empty name. A `history` dict has lists of numbers under its names."""
    if isinstance(histories, Mapping) and not any(isinstance(v, (list, tuple)) for v in histories.values()):
        return histories
    return {"": histories}


def confusion_matrix(matrix: Any, labels: Sequence[str], normalize: bool = False, ax: Any = None) -> Any:
    """Draws a confusion matrix: a row for each true class, a column for each predicted one.

    Args:
        matrix: (K, K) counts, true classes in rows, as `report(...).confusion` of a classifier has them.
        labels: the K names.
        normalize: shares of each row instead of counts; a class without examples has zeros.
        ax: where to draw; a new figure where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: for a matrix that is not K x K.

    Example:
    >>> ax = confusion_matrix([[8, 2], [1, 9]], ["no", "yes"], normalize=True)
    >>> [text.get_text() for text in ax.texts]
    ['0.80', '0.20', '0.10', '0.90']
    """
    counts = np.asarray(matrix, np.float64)  # (K, K)
    if counts.shape != (len(labels), len(labels)):
        raise ValueError(
            message(f"a matrix of shape ({len(labels)}, {len(labels)}), one row a label", f"shape {counts.shape}")
        )
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = 2.5 + 0.5 * len(labels)
    ax = axes(ax, side, side)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        value = f"{share:.2f}" if normalize else f"{int(counts[row, column])}"
        ax.text(column, row, value, ha="center", va="center", fontsize=9, color="white" if share > 0.5 else "black")
    ax.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(labels)), labels)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    return ax
