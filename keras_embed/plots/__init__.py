"""Plots with matplotlib: word maps, neighbours, tagged sentences, learning curves, confusion matrices, attention.

Every function draws on the axes `ax`, or on those of a new figure, and returns the `matplotlib.axes.Axes`. To save the
figure, use `ax.figure.savefig("picture.png")`.
"""

from keras_embed.plots.attention import alignment, attention_heads
from keras_embed.plots.contexts import neighbors_in_context
from keras_embed.plots.layers import layer_weights
from keras_embed.plots.positions import positional_encodings
from keras_embed.plots.scores import confusion_matrix, learning_curves
from keras_embed.plots.tags import tagged_sentence
from keras_embed.plots.words import nearest_neighbors, word_map

__all__ = [
    "alignment",
    "attention_heads",
    "confusion_matrix",
    "layer_weights",
    "learning_curves",
    "nearest_neighbors",
    "neighbors_in_context",
    "positional_encodings",
    "tagged_sentence",
    "word_map",
]
