"""Static word vectors in NumPy: reading, asking, training. Importing it imports no framework."""

from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

__all__ = ["Subwords", "WordVectors"]
