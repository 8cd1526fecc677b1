"""Strings: vocabularies, characters, casing, tokenizers, tag schemes. Importing it imports no framework."""

from keras_embed.text.casing import CASING_CLASSES, casing_id, casing_ids
from keras_embed.text.characters import ByteCharacters, CharacterVocabulary
from keras_embed.text.ngrams import (
    character_ngrams,
    fnv1a,
    ngram_bucket_table,
    ngram_buckets,
    subword_buckets,
)
from keras_embed.text.normalizers import WordNormalizer
from keras_embed.text.serialization import (
    as_tokenizer,
    deserialize,
    deserialize_tokenizer,
    serialize,
    serialize_tokenizer,
)
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
from keras_embed.text.tokenizers import WhitespaceTokenizer, WordTokenizer
from keras_embed.text.vocabulary import PADDING, UNKNOWN, Vocabulary

__all__ = [
    "ByteCharacters",
    "CASING_CLASSES",
    "CharacterVocabulary",
    "Constraints",
    "OUTSIDE",
    "PADDING",
    "SCHEMES",
    "Span",
    "SpanTables",
    "SubwordIndex",
    "UNKNOWN",
    "Vocabulary",
    "WhitespaceTokenizer",
    "WordNormalizer",
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
    "fnv1a",
    "infer_scheme",
    "ngram_bucket_table",
    "ngram_buckets",
    "serialize",
    "serialize_tokenizer",
    "span_tables",
    "span_types",
    "spans",
    "split_tag",
    "subword_buckets",
    "tags_of",
]
