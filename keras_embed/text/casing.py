"""Casing features of words.

The classes are those of Reimers and Gurevych's BiLSTM-CRF (https://arxiv.org/abs/1707.06799), in their order of
tests, with two changes: letters and digits are those of Unicode, and words of both cases with no digit in them
("iPhone", "McDonald") have a class of their own, `mixed`.
"""

import unicodedata
from typing import Any

from keras_embed._backend import tf
from keras_embed.text._strings import map_strings

CASING_CLASSES = (
    "padding",
    "lower",
    "upper",
    "title",
    "mixed",
    "numeric",
    "mainly_numeric",
    "contains_digit",
    "other",
)
(_PADDING, _LOWER, _UPPER, _TITLE, _MIXED, _NUMERIC, _MAINLY_NUMERIC, _CONTAINS_DIGIT, _OTHER) = range(9)

_NO_CAPITAL = r"[^\p{Lu}\p{Lt}]*"
_UNCASED = r"[^\p{Lu}\p{Lt}\p{Ll}]*"


def casing_ids(tokens: Any) -> Any:
    r"""The casing class of each word, as an index into `CASING_CLASSES`, in TensorFlow graph code.

    The first that fits: the empty string is padding; numeric, all digits (`\p{Nd}`); mainly numeric, more than half
    digits; lower or upper, all letters that have a case have this one; title, a capital first and no other capital;
    contains digit; mixed, both cases; other.

    Args:
        tokens: string tensor of any shape, dense or ragged.

    Returns:
        int32 tensor of the same shape.
    """
    return map_strings(_casing_ids, tokens)


def _casing_ids(tokens: Any) -> Any:
    def fits(pattern: str) -> Any:
        return tf.strings.regex_full_match(tokens, pattern)

    length = tf.strings.length(tokens, unit="UTF8_CHAR")
    rest = tf.strings.length(tf.strings.regex_replace(tokens, r"\p{Nd}", ""), unit="UTF8_CHAR")
    digits = length - rest
    # From the weakest rule to the strongest: each `where` overrules those before it.
    ids = tf.fill(tf.shape(tokens), _OTHER)
    has_upper, has_lower = fits(r"(?s).*[\p{Lu}\p{Lt}].*"), fits(r"(?s).*\p{Ll}.*")
    ids = tf.where(has_upper & has_lower, _MIXED, ids)
    ids = tf.where(digits > 0, _CONTAINS_DIGIT, ids)
    ids = tf.where(fits(rf"[\p{{Lu}}\p{{Lt}}]{_NO_CAPITAL}"), _TITLE, ids)
    ids = tf.where(fits(rf"{_UNCASED}\p{{Lu}}[^\p{{Lt}}\p{{Ll}}]*"), _UPPER, ids)
    ids = tf.where(has_lower & ~has_upper, _LOWER, ids)
    ids = tf.where(2 * digits > length, _MAINLY_NUMERIC, ids)
    ids = tf.where((digits > 0) & (rest == 0), _NUMERIC, ids)
    return tf.where(length == 0, _PADDING, ids)


def casing_id(token: str) -> int:
    """`casing_ids` for one word in plain Python.

    Example:
    >>> [CASING_CLASSES[casing_id(word)] for word in ["Москва", "eBay", "iPhone7", "1999"]]
    ['title', 'mixed', 'contains_digit', 'numeric']
    """
    categories = [unicodedata.category(character) for character in token]
    digits, capitals = categories.count("Nd"), categories.count("Lu") + categories.count("Lt")
    small = categories.count("Ll")
    rules = (
        (not token, _PADDING),
        (digits == len(token), _NUMERIC),
        (2 * digits > len(token), _MAINLY_NUMERIC),
        (small > 0 and not capitals, _LOWER),
        (capitals > 0 and not small and "Lt" not in categories, _UPPER),
        (capitals == 1 and categories[:1] in (["Lu"], ["Lt"]), _TITLE),
        (digits > 0, _CONTAINS_DIGIT),
        (capitals > 0 and small > 0, _MIXED),
    )
    return next((casing for holds, casing in rules if holds), _OTHER)
