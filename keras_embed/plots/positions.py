"""What a Transformer is told about places in a sentence."""

from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.plots._canvas import axes


def positional_encodings(matrix: Any, ax: Any = None) -> Any:
    """Draws encodings of positions: a row for each position, a column for each dimension.

    Args:
        matrix: (T, D) floats, sinusoids or learned embeddings. Red is above zero, blue below, white is zero.
        ax: where to draw; a new figure where `None`.

    Returns:
        `matplotlib.axes.Axes`.

    Raises:
        ValueError: for an array of another rank.

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
    # Sinusoids of the first dimensions are as fine as a position: no smoothing between pixels.
    image = ax.imshow(values, cmap="RdBu_r", vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest")
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9)
    ax.set_xlabel("dimension")
    ax.set_ylabel("position")
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_major_locator().set_params(integer=True)
    return ax
