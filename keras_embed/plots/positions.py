"""Positional encodings of a Transformer."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from keras_embed._errors import message
from keras_embed.plots._canvas import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def positional_encodings(matrix: ArrayLike, ax: "Axes | None" = None) -> "Axes":
    """Plots positional encodings with a row for each position and a column for each dimension.

    Args:
        matrix: (T, D) floats, sinusoids or learned embeddings. Red is positive, blue negative, white is zero.
        ax: axes to draw on; `None`: a new figure.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: If the array has another rank.

    Example:
    >>> import numpy as np
    >>> ax = positional_encodings(np.sin(np.arange(20)[:, None] / 100.0 ** (np.arange(8) / 8)))
    >>> (ax.get_xlabel(), ax.get_ylabel())
    ('dimension', 'position')
    """
    values = np.asarray(matrix, np.float64)
    if values.ndim != 2 or not values.size:
        raise ValueError(message("encodings of shape (T, D)", f"shape {values.shape}"))
    largest = float(np.abs(values).max()) or 1.0
    ax = axes(ax, 7, 4.5)
    # The first sinusoids change with every position: no smoothing between pixels.
    image = ax.imshow(values, cmap="RdBu_r", vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest")
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9)
    ax.set_xlabel("dimension")
    ax.set_ylabel("position")
    for axis in (ax.xaxis, ax.yaxis):
        locator: Any = axis.get_major_locator()
        locator.set_params(integer=True)
    return ax
