"""Corpora: readers that stream and a registry of data sets."""

from keras_embed.corpora.answers import answer_f1 as answer_f1
from keras_embed.corpora.answers import closest_window as closest_window
from keras_embed.corpora.answers import find_answer as find_answer
from keras_embed.corpora.answers import normalize_answer as normalize_answer
from keras_embed.corpora.conll import read_conll
from keras_embed.corpora.conllu import read_conllu
from keras_embed.corpora.entry import Entry, File
from keras_embed.corpora.fairytaleqa import read_fairytaleqa as read_fairytaleqa
from keras_embed.corpora.inference import read_snli, read_sts
from keras_embed.corpora.labelled import LabelledPair, LabelledPairs, LabelledText, LabelledTexts
from keras_embed.corpora.plain import read_parallel, read_plain
from keras_embed.corpora.questions import Answer as Answer
from keras_embed.corpora.questions import Question as Question
from keras_embed.corpora.questions import Questions as Questions
from keras_embed.corpora.registry import describe, load, names, register
from keras_embed.corpora.roles import read_roles
from keras_embed.corpora.sentence import Corpus, Sentence
from keras_embed.corpora.sentence_shards import SentenceShards
from keras_embed.corpora.squad import read_squad as read_squad
from keras_embed.corpora.squad import write_squad_predictions as write_squad_predictions
from keras_embed.corpora.sst import read_sst
from keras_embed.corpora.tables import read_pairs, read_texts
from keras_embed.corpora.translations import Translation, Translations, read_tab_separated, read_translations

__all__ = [
    "Answer",
    "Corpus",
    "Entry",
    "File",
    "LabelledPair",
    "LabelledPairs",
    "LabelledText",
    "LabelledTexts",
    "Question",
    "Questions",
    "Sentence",
    "SentenceShards",
    "Translation",
    "Translations",
    "answer_f1",
    "closest_window",
    "describe",
    "find_answer",
    "load",
    "names",
    "normalize_answer",
    "read_conll",
    "read_conllu",
    "read_fairytaleqa",
    "read_pairs",
    "read_parallel",
    "read_plain",
    "read_roles",
    "read_snli",
    "read_squad",
    "read_sst",
    "read_sts",
    "read_tab_separated",
    "read_texts",
    "read_translations",
    "register",
    "write_squad_predictions",
]
