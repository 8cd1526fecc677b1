"""Strings: vocabularies, characters, n-grams, tag schemes, pipelines, term counts. Imports no framework."""

from keras_embed.text.characters import ByteCharacters, CharacterVocabulary
from keras_embed.text.elmo_characters import ElmoCharacters, ElmoCodePoints, elmo_features
from keras_embed.text.language_model_vocabulary import LanguageModelVocabulary
from keras_embed.text.normalization import Lowercase, StripAccents, UnicodeNormalize, WordNormalizer
from keras_embed.text.pipeline import Pipeline
from keras_embed.text.stemming import Lemmatizer, SnowballStemmer, UposKeys
from keras_embed.text.steps import HostWordStep, Step, WordStep
from keras_embed.text.subword_index import SubwordIndex
from keras_embed.text.tag_schemes import (
    SCHEMES,
    Span,
    TagScheme,
    allowed_transitions,
    convert,
    infer_scheme,
    register_scheme,
    spans,
)
from keras_embed.text.term_counts import TermCounts
from keras_embed.text.token_steps import CharacterNgrams, TokenPattern, WordNgrams
from keras_embed.text.vocabulary import Vocabulary
from keras_embed.text.word_lists import KeepWords, StopWords

__all__ = [
    "ByteCharacters",
    "CharacterNgrams",
    "CharacterVocabulary",
    "ElmoCharacters",
    "ElmoCodePoints",
    "HostWordStep",
    "KeepWords",
    "LanguageModelVocabulary",
    "Lemmatizer",
    "Lowercase",
    "Pipeline",
    "SCHEMES",
    "SnowballStemmer",
    "Span",
    "Step",
    "StopWords",
    "StripAccents",
    "SubwordIndex",
    "TagScheme",
    "TermCounts",
    "TokenPattern",
    "UnicodeNormalize",
    "UposKeys",
    "Vocabulary",
    "WordNgrams",
    "WordNormalizer",
    "WordStep",
    "allowed_transitions",
    "convert",
    "elmo_features",
    "infer_scheme",
    "register_scheme",
    "spans",
]
