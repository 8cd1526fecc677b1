"""Strings: vocabularies, characters, casing, tokenizers, tag schemes. Importing it imports no framework."""

from keras_embed.text.casing import CASING_CLASSES, casing_id, casing_ids
from keras_embed.text.characters import ByteCharacters, CharacterVocabulary
from keras_embed.text.elmo_characters import BOUNDARIES, BYTE_MARKS, ElmoCharacters, ElmoMarks
from keras_embed.text.elmo_code_points import ElmoCodePoints
from keras_embed.text.elmo_features import elmo_features
from keras_embed.text.language_model_vocabulary import LanguageModelVocabulary
from keras_embed.text.lemmas import Lemmatizer, UposKeys
from keras_embed.text.moses_tokenizer import MosesTokenizer
from keras_embed.text.ngrams import (
    character_ngrams,
    fnv1a,
    ngram_bucket_table,
    ngram_buckets,
    subword_buckets,
)
from keras_embed.text.normalizers import WordNormalizer
from keras_embed.text.packing import pack, unpack
from keras_embed.text.pipeline import Pipeline
from keras_embed.text.predicates import PREDICATE_MARK, mark_predicate
from keras_embed.text.sentence_splitter import SentenceSplitter
from keras_embed.text.serialization import (
    as_tokenizer,
    deserialize,
    deserialize_tokenizer,
    serialize,
    serialize_tokenizer,
)
from keras_embed.text.stemming import SnowballStemmer
from keras_embed.text.steps import HostWordStep, Step, WordStep
from keras_embed.text.subword_index import SubwordIndex
from keras_embed.text.tag_schemes import (
    OUTSIDE,
    SCHEMES,
    Constraints,
    Span,
    SpanTables,
    allowed_transitions,
    check_sequence,
    continuations,
    convert,
    infer_scheme,
    span_tables,
    span_types,
    spans,
    split_tag,
    tags_of,
)
from keras_embed.text.term_counts import TermCounts
from keras_embed.text.term_matrix import SparseRows, TermMatrix
from keras_embed.text.term_weights import IDF, idf
from keras_embed.text.token_pattern import TokenPattern
from keras_embed.text.tokenize_step import Tokenize
from keras_embed.text.tokenizers import WhitespaceTokenizer, WordTokenizer
from keras_embed.text.unicode_steps import Lowercase, StripAccents, UnicodeNormalize
from keras_embed.text.vocabulary import PADDING, UNKNOWN, Vocabulary
from keras_embed.text.word_lists import KeepWords, StopWords
from keras_embed.text.word_ngrams import CharacterNgrams, WordNgrams
from keras_embed.text.words_pipeline import words_pipeline

__all__ = [
    "BOUNDARIES",
    "BYTE_MARKS",
    "ByteCharacters",
    "CASING_CLASSES",
    "CharacterNgrams",
    "CharacterVocabulary",
    "Constraints",
    "ElmoCharacters",
    "ElmoCodePoints",
    "ElmoMarks",
    "HostWordStep",
    "IDF",
    "KeepWords",
    "LanguageModelVocabulary",
    "Lemmatizer",
    "Lowercase",
    "MosesTokenizer",
    "OUTSIDE",
    "PADDING",
    "PREDICATE_MARK",
    "Pipeline",
    "SCHEMES",
    "SentenceSplitter",
    "SnowballStemmer",
    "Span",
    "SpanTables",
    "SparseRows",
    "Step",
    "StopWords",
    "StripAccents",
    "SubwordIndex",
    "TermCounts",
    "TermMatrix",
    "TokenPattern",
    "Tokenize",
    "UNKNOWN",
    "UnicodeNormalize",
    "UposKeys",
    "Vocabulary",
    "WhitespaceTokenizer",
    "WordNgrams",
    "WordNormalizer",
    "WordStep",
    "WordTokenizer",
    "allowed_transitions",
    "as_tokenizer",
    "casing_id",
    "casing_ids",
    "character_ngrams",
    "check_sequence",
    "continuations",
    "convert",
    "deserialize",
    "deserialize_tokenizer",
    "elmo_features",
    "fnv1a",
    "idf",
    "infer_scheme",
    "mark_predicate",
    "ngram_bucket_table",
    "ngram_buckets",
    "pack",
    "serialize",
    "serialize_tokenizer",
    "span_tables",
    "span_types",
    "spans",
    "split_tag",
    "subword_buckets",
    "tags_of",
    "unpack",
    "words_pipeline",
]
