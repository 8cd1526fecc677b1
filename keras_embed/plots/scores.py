"""Learning curves and confusion matrices."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from keras_embed._errors import message
from keras_embed.plots._canvas import COLORS, axes, bare

if TYPE_CHECKING:
    from keras.callbacks import History
    from matplotlib.axes import Axes

    #: The result of `fit`, or its `history` dict.
    Run: TypeAlias = History | Mapping[str, Sequence[float]]


def learning_curves(histories: "Run | Mapping[str, Run]", metric: str = "loss", ax: "Axes | None" = None) -> "Axes":
    """Plots a metric over the epochs, solid for validation and dashed for training.

    Args:
        histories: the result of `fit`, or its `history` dict; or a mapping from names to either, to compare runs.
        metric: "loss", "accuracy", ...
        ax: axes to draw on; `None`: a new figure.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If a history does not have the metric.

    Example:
    >>> ax = learning_curves({"loss": [0.9, 0.5], "val_loss": [1.0, 0.7]})
    >>> [line.get_label() for line in ax.lines]
    ['training', 'validation']
    """
    runs: dict[str, Mapping[str, Sequence[float]]] = {
        name: getattr(run, "history", run) for name, run in _named(histories).items()
    }
    ax = axes(ax, 6, 4)
    for index, (name, run) in enumerate(runs.items()):
        found = {part: run[key] for key, part in ((metric, "training"), (f"val_{metric}", "validation")) if key in run}
        if not found:
            raise ValueError(message("a `metric` that the history has", metric, f"one of {sorted(run)}"))
        for part, values in found.items():
            style = "--" if part == "training" and len(found) == 2 else "-"
            label = f"{name}, {part}" if name else part
            epochs = range(1, len(values) + 1)
            ax.plot(epochs, values, style, color=COLORS[index % len(COLORS)], label=label, marker=".")
    ax.set_xlabel("epoch")
    ax.set_ylabel(metric)
    locator: Any = ax.xaxis.get_major_locator()
    locator.set_params(integer=True)
    ax.legend(frameon=False)
    bare(ax, "top", "right")
    return ax


def _named(histories: "Run | Mapping[str, Run]") -> Mapping[str, Any]:
    """Maps names to histories; a single one has the empty name. The values of a `history` dict are lists."""
    if isinstance(histories, Mapping) and not any(isinstance(v, (list, tuple)) for v in histories.values()):
        return histories
    return {"": histories}


def confusion_matrix(
    matrix: ArrayLike, labels: Sequence[str], normalize: bool = False, ax: "Axes | None" = None
) -> "Axes":
    """Plots a confusion matrix with a row for each true class and a column for each predicted one.

    Args:
        matrix: (K, K) counts, true classes in rows, such as `report(...).confusion` of a classifier.
        labels: names of the K classes.
        normalize: True to show the shares of each row instead of counts; a class without examples has zeros.
        ax: axes to draw on; `None`: a new figure.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If the matrix is not K x K.

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
    # Colours show shares of each true class, whatever the numbers show.
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
