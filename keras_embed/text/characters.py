"""Casing classes of words, and their characters as ids: code points of an alphabet, or UTF-8 bytes.

The casing classes are those of Reimers and Gurevych's BiLSTM-CRF (https://arxiv.org/abs/1707.06799), tested in their
order, with two changes: letters and digits are those of Unicode, and words of both cases without digits ("iPhone",
"McDonald") have a class of their own, `mixed`.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed._types import Config, TFTensor
from keras_embed.text.strings import check_utf8, map_strings
from keras_embed.text.vocabulary import rank_by_count

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


def casing_ids(tokens: TFTensor) -> TFTensor:
    r"""Computes the casing class of each word, as an index into `CASING_CLASSES`, in TensorFlow graph code.

    The first matching rule wins: padding, the empty string; numeric, all digits (`\p{Nd}`); mainly numeric, more than
    half digits; lower or upper, all cased letters have this case; title, a capital first and no other capital;
    contains digit; mixed, both cases; other.

    Args:
        tokens: string tensor of any shape, dense or ragged.

    Returns:
        int32 tensor of the same shape.
    """
    return map_strings(_casing_ids, tokens)


def _casing_ids(tokens: TFTensor) -> TFTensor:
    def fits(pattern: str) -> TFTensor:
        return tf.strings.regex_full_match(tokens, pattern)

    length = tf.strings.length(tokens, unit="UTF8_CHAR")
    rest = tf.strings.length(tf.strings.regex_replace(tokens, r"\p{Nd}", ""), unit="UTF8_CHAR")
    digits = length - rest
    # From the last rule to the first: each `where` overrides the rules before it.
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
    """Computes `casing_ids` of one word in Python.

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


class CharacterVocabulary:
    """An immutable alphabet: code points to ids, 0 padding, 1 out-of-vocabulary, 2 and up the characters.

    Args:
        characters: the alphabet, each character once, by convention the most frequent first.

    Raises:
        ValueError: If a character is repeated or has more than one code point.

    Example:
    >>> alphabet = CharacterVocabulary("etaoin")
    >>> alphabet.encode_python("tea!", max_characters=10)
    [3, 2, 4, 1]
    """

    def __init__(self, characters: Iterable[str]) -> None:
        self._characters = tuple(characters)
        for character in self._characters:
            if not isinstance(character, str) or len(character) != 1:
                raise ValueError(message("single characters", character, "CharacterVocabulary.from_counts"))
            check_utf8(character, "every character")
        self._ids = {character: index + 2 for index, character in enumerate(self._characters)}
        if len(self._ids) != len(self._characters):
            repeated = Counter(self._characters).most_common(1)[0][0]
            raise ValueError(message("each character once", f"{repeated!r} more than once"))
        points = np.array([ord(character) for character in self._characters], np.int32)
        order = np.argsort(points)
        # Sorted for a binary search. The sentinel, above all code points, keeps the found index inside the array.
        self._points = np.append(points[order], np.int32(0x110000))
        self._point_ids = np.append(order + 2, 1).astype(np.int32)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 1) -> "CharacterVocabulary":
        """Keeps the characters seen at least `min_count` times, the most frequent first, ties by code point.

        Args:
            counts: words or single characters, to number of occurrences.
            min_count: rarer characters are out of vocabulary.
        """
        characters: Counter[str] = Counter()
        for word, count in counts.items():
            for character in word:
                characters[character] += count
        return cls(character for character, _ in rank_by_count(characters, min_count))

    def __len__(self) -> int:
        return len(self._characters) + 2

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CharacterVocabulary) and self._characters == other._characters

    def __hash__(self) -> int:
        return hash(self._characters)

    def encode(self, tokens: TFTensor, max_characters: int) -> TFTensor:
        """Computes the ids of the characters of each word, in TensorFlow graph code.

        Bytes that are not UTF-8 count as U+FFFD.

        Args:
            tokens: string tensor (N,).
            max_characters: longer words are truncated to this many characters.

        Returns:
            int32 (N, C), 0 = padding; C is the longest word's length, at least 1 and at most `max_characters`.

        Raises:
            ValueError: If `max_characters` is not a positive integer.
        """
        check_positive("max_characters", max_characters)
        # Truncate first: a word of 10,000 characters then costs no more than one of `max_characters`.
        cut = tf.strings.substr(tokens, 0, max_characters, unit="UTF8_CHAR")
        points = tf.strings.unicode_decode(cut, "UTF-8")  # ragged (N, None)
        flat = points.flat_values
        index = tf.searchsorted(self._points, flat)
        known = tf.gather(self._points, index) == flat
        ids = points.with_flat_values(tf.where(known, tf.gather(self._point_ids, index), 1))
        width = tf.maximum(ids.bounding_shape(axis=1), 1)
        return tf.ensure_shape(ids.to_tensor(shape=tf.stack([-1, width])), [None, None])  # (N, C)

    def encode_python(self, token: str, max_characters: int) -> list[int]:
        """Computes the ids of one word in Python, without padding.

        Raises:
            ValueError: If `max_characters` is not a positive integer.
        """
        check_positive("max_characters", max_characters)
        return [self._ids.get(character, 1) for character in token[:max_characters]]

    def get_config(self) -> Config:
        """Returns the alphabet as one string."""
        return {"characters": "".join(self._characters)}

    @classmethod
    def from_config(cls, config: Config) -> "CharacterVocabulary":
        """Creates the alphabet from its config."""
        return cls(**config)


class ByteCharacters:
    """UTF-8 bytes as characters: id = byte + 2, 0 padding, 1 unused. No word is out of vocabulary.

    Example:
    >>> ByteCharacters().encode_python("é!", max_characters=10)
    [197, 171, 35]
    """

    def __len__(self) -> int:
        return 256 + 2

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByteCharacters)

    def __hash__(self) -> int:
        return hash(ByteCharacters)

    def encode(self, tokens: TFTensor, max_characters: int) -> TFTensor:
        """Computes the ids of the bytes of each word, in TensorFlow graph code.

        Args:
            tokens: string tensor (N,).
            max_characters: longer words are truncated to this many bytes.

        Returns:
            int32 (N, C), 0 = padding; C is the longest word's length, at least 1 and at most `max_characters`.

        Raises:
            ValueError: If `max_characters` is not a positive integer.
        """
        check_positive("max_characters", max_characters)
        cut = tf.strings.substr(tokens, 0, max_characters)
        lengths = tf.strings.length(cut)  # (N,)
        width = tf.maximum(tf.reduce_max(tf.concat([lengths, [1]], 0)), 1)
        values = tf.cast(tf.io.decode_raw(cut, tf.uint8, fixed_length=width), tf.int32)  # (N, C)
        inside = tf.range(width)[None, :] < lengths[:, None]  # a NUL byte is a character, the padding is not
        return tf.where(inside, values + 2, 0)

    def encode_python(self, token: str, max_characters: int) -> list[int]:
        """Computes the ids of one word in Python, without padding.

        Raises:
            ValueError: If `max_characters` is not a positive integer.
        """
        check_positive("max_characters", max_characters)
        return [byte + 2 for byte in token.encode("utf-8")[:max_characters]]

    def get_config(self) -> Config:
        return {}

    @classmethod
    def from_config(cls, config: Config) -> "ByteCharacters":
        """Creates the object from its config."""
        return cls(**config)
