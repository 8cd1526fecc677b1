"""Corpora: streaming readers and a registry of data sets.

Less common readers, and functions that find answers in texts, are in the modules `labelled`, `questions`,
`column_files`, `sentence_shards` and `answers` of this package.
"""

from keras_embed.corpora.column_files import read_conll, read_conllu, read_plain
from keras_embed.corpora.downloads import File
from keras_embed.corpora.entries import Entry
from keras_embed.corpora.labelled import LabelledPairs, LabelledTexts, read_pairs, read_snli, read_texts
from keras_embed.corpora.questions import Answer, Question, Questions, read_squad, write_squad_predictions
from keras_embed.corpora.registry import describe, load, names, register
from keras_embed.corpora.roles import read_roles
from keras_embed.corpora.sentences import Corpus, Sentence
from keras_embed.corpora.translations import Translations, read_tab_separated, read_translations

__all__ = [
    "Answer",
    "Corpus",
    "Entry",
    "File",
    "LabelledPairs",
    "LabelledTexts",
    "Question",
    "Questions",
    "Sentence",
    "Translations",
    "describe",
    "load",
    "names",
    "read_conll",
    "read_conllu",
    "read_pairs",
    "read_plain",
    "read_roles",
    "read_snli",
    "read_squad",
    "read_tab_separated",
    "read_texts",
    "read_translations",
    "register",
    "write_squad_predictions",
]
