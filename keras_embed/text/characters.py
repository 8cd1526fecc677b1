"""The characters of words as numbers: code points of a learnt alphabet, or UTF-8 bytes.

Both classes have one interface: `len`, `encode` for graphs, `encode_python` for one word in plain Python.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed.text._strings import check_utf8
from keras_embed.text.vocabulary import rank_by_count


class CharacterVocabulary:
    """An immutable alphabet: code points to numbers, 0 padding, 1 unknown, 2 and up the characters.

    Args:
        characters: the alphabet, each character once, the most frequent first by custom.

    Raises:
        ValueError: for a character twice, or of more than one code point.

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
        # Sorted for a binary search. The sentinel, above every code point, keeps the search inside an array that
        # is never empty.
        self._points = np.append(points[order], np.int32(0x110000))
        self._point_ids = np.append(order + 2, 1).astype(np.int32)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 1) -> "CharacterVocabulary":
        """Keeps the characters seen at least `min_count` times, the most frequent first, ties by code point.

        Args:
            counts: words, or single characters, and how often each was seen.
            min_count: rarer characters become unknown.
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

    def encode(self, tokens: Any, max_characters: int) -> Any:
        """Numbers of the characters of each word, in TensorFlow graph code.

        Bytes that are not UTF-8 count as U+FFFD.

        Args:
            tokens: string tensor (N,).
            max_characters: only that many characters from a word's beginning are kept.

        Returns:
            int32 (N, C), 0 = padding; C is the longest word's length, at least 1 and at most `max_characters`.

        Raises:
            ValueError: unless `max_characters` is a positive integer.
        """
        check_positive("max_characters", max_characters)
        # Cut first: a word of 10,000 characters then costs no more than one of `max_characters`.
        cut = tf.strings.substr(tokens, 0, max_characters, unit="UTF8_CHAR")
        points = tf.strings.unicode_decode(cut, "UTF-8")  # ragged (N, None)
        flat = points.flat_values
        place = tf.searchsorted(self._points, flat)
        known = tf.gather(self._points, place) == flat
        ids = points.with_flat_values(tf.where(known, tf.gather(self._point_ids, place), 1))
        width = tf.maximum(ids.bounding_shape(axis=1), 1)
        return tf.ensure_shape(ids.to_tensor(shape=tf.stack([-1, width])), [None, None])  # (N, C)

    def encode_python(self, token: str, max_characters: int) -> list[int]:
        """What `encode` gives for one word, without padding.

        Raises:
            ValueError: unless `max_characters` is a positive integer.
        """
        check_positive("max_characters", max_characters)
        return [self._ids.get(character, 1) for character in token[:max_characters]]

    def get_config(self) -> dict[str, Any]:
        """The alphabet as one string."""
        return {"characters": "".join(self._characters)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CharacterVocabulary":
        """Rebuilds the alphabet from `get_config`'s answer."""
        return cls(**config)


class ByteCharacters:
    """UTF-8 bytes as characters: number = byte + 2, 0 padding, 1 never used. Nothing is unknown.

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

    def encode(self, tokens: Any, max_characters: int) -> Any:
        """Numbers of the bytes of each word, in TensorFlow graph code.

        Args:
            tokens: string tensor (N,).
            max_characters: only that many bytes from a word's beginning are kept.

        Returns:
            int32 (N, C), 0 = padding; C is the longest word's length, at least 1 and at most `max_characters`.

        Raises:
            ValueError: unless `max_characters` is a positive integer.
        """
        check_positive("max_characters", max_characters)
        cut = tf.strings.substr(tokens, 0, max_characters)
        lengths = tf.strings.length(cut)  # (N,)
        width = tf.maximum(tf.reduce_max(tf.concat([lengths, [1]], 0)), 1)
        values = tf.cast(tf.io.decode_raw(cut, tf.uint8, fixed_length=width), tf.int32)  # (N, C)
        inside = tf.range(width)[None, :] < lengths[:, None]  # a NUL byte is a character, the filling is not
        return tf.where(inside, values + 2, 0)

    def encode_python(self, token: str, max_characters: int) -> list[int]:
        """What `encode` gives for one word, without padding.

        Raises:
            ValueError: unless `max_characters` is a positive integer.
        """
        check_positive("max_characters", max_characters)
        return [byte + 2 for byte in token.encode("utf-8")[:max_characters]]

    def get_config(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ByteCharacters":
        """Rebuilds the object from `get_config`'s answer."""
        return cls(**config)
