"""Static word vectors in NumPy: reading, asking, training. Importing it imports no framework."""

from keras_embed.vectors import evaluation, storage
from keras_embed.vectors._queries import Neighbor
from keras_embed.vectors._unknown_word import UnknownWordError
from keras_embed.vectors.alignment import align
from keras_embed.vectors.coverage import Coverage
from keras_embed.vectors.formats.load import load
from keras_embed.vectors.formats.read_report import ReadReport
from keras_embed.vectors.formats.save_word2vec import save_word2vec
from keras_embed.vectors.quantized import QuantizedMatrix
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.training.cooccurrence import Cooccurrences, cooccurrences
from keras_embed.vectors.training.train_fasttext import train_fasttext
from keras_embed.vectors.training.train_glove import train_glove
from keras_embed.vectors.training.train_word2vec import train_word2vec
from keras_embed.vectors.word_vectors import WordVectors

__all__ = [
    "Cooccurrences",
    "Coverage",
    "Neighbor",
    "QuantizedMatrix",
    "ReadReport",
    "Subwords",
    "UnknownWordError",
    "WordVectors",
    "align",
    "cooccurrences",
    "evaluation",
    "load",
    "save_word2vec",
    "storage",
    "train_fasttext",
    "train_glove",
    "train_word2vec",
]
