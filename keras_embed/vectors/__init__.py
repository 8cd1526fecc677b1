"""Static word vectors in NumPy: reading, asking, training. Importing it imports no framework."""

from keras_embed.vectors import evaluation, storage
from keras_embed.vectors._queries import Neighbor
from keras_embed.vectors._unknown_word import UnknownWordError
from keras_embed.vectors.cooccurrence import Cooccurrences, cooccurrences
from keras_embed.vectors.quantized import QuantizedMatrix
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.train_fasttext import train_fasttext
from keras_embed.vectors.train_glove import train_glove
from keras_embed.vectors.train_word2vec import train_word2vec
from keras_embed.vectors.word_vectors import WordVectors

__all__ = [
    "Cooccurrences",
    "Neighbor",
    "QuantizedMatrix",
    "Subwords",
    "UnknownWordError",
    "WordVectors",
    "cooccurrences",
    "evaluation",
    "storage",
    "train_fasttext",
    "train_glove",
    "train_word2vec",
]
