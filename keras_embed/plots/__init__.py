"""Pictures, by matplotlib: word maps, nearest neighbours, learning curves, confusion matrices.

Every function draws into the `ax` it is given or into a figure of its own, and returns the `matplotlib.axes.Axes`;
`ax.figure.savefig("picture.png")` keeps it.
"""

from keras_embed.plots.scores import confusion_matrix, learning_curves
from keras_embed.plots.words import nearest_neighbors, word_map

__all__ = ["confusion_matrix", "learning_curves", "nearest_neighbors", "word_map"]
