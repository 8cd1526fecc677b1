"""Static word vectors in NumPy: reading, asking, training. Importing it imports no framework."""

from keras_embed.vectors import evaluation, storage
from keras_embed.vectors._queries import Neighbor
from keras_embed.vectors._unknown_word import UnknownWordError
from keras_embed.vectors.alignment import align
from keras_embed.vectors.coverage import Coverage
from keras_embed.vectors.load import load
from keras_embed.vectors.quantized import QuantizedMatrix
from keras_embed.vectors.read_report import ReadReport
from keras_embed.vectors.save_word2vec import save_word2vec
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

__all__ = [
    "Coverage",
    "Neighbor",
    "QuantizedMatrix",
    "ReadReport",
    "Subwords",
    "UnknownWordError",
    "WordVectors",
    "align",
    "evaluation",
    "load",
    "save_word2vec",
    "storage",
]
