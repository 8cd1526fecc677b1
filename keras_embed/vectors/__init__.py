"""Static word vectors in NumPy: loading, queries, evaluation, training. Importing it imports no framework."""

from keras_embed.vectors import evaluation, storage
from keras_embed.vectors._search import Neighbor
from keras_embed.vectors.alignment import Coverage, align
from keras_embed.vectors.formats.load import load
from keras_embed.vectors.formats.read_report import ReadReport
from keras_embed.vectors.formats.registry import register_format
from keras_embed.vectors.formats.save_word2vec import save_word2vec
from keras_embed.vectors.quantized import QuantizedMatrix
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.training.cooccurrence import Cooccurrences, cooccurrences
from keras_embed.vectors.training.train_fasttext import train_fasttext
from keras_embed.vectors.training.train_glove import train_glove
from keras_embed.vectors.training.train_word2vec import train_word2vec
from keras_embed.vectors.word_vectors import UnknownWordError, WordVectors

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
    "register_format",
    "save_word2vec",
    "storage",
    "train_fasttext",
    "train_glove",
    "train_word2vec",
]
