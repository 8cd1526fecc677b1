"""Corpora: readers that stream and a registry of data sets."""

from keras_embed.corpora.conll import read_conll
from keras_embed.corpora.conllu import read_conllu
from keras_embed.corpora.entry import Entry, File
from keras_embed.corpora.plain import read_parallel, read_plain
from keras_embed.corpora.registry import describe, load, names, register
from keras_embed.corpora.sentence import Corpus, Sentence
from keras_embed.corpora.sentence_shards import SentenceShards
from keras_embed.corpora.translations import Translation, Translations, read_tab_separated, read_translations

__all__ = [
    "Corpus",
    "Entry",
    "File",
    "Sentence",
    "SentenceShards",
    "Translation",
    "Translations",
    "describe",
    "load",
    "names",
    "read_conll",
    "read_conllu",
    "read_parallel",
    "read_plain",
    "read_tab_separated",
    "read_translations",
    "register",
]
