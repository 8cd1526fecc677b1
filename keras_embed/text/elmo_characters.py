"""Words as rows of characters, as published ELMo models read them."""

from collections.abc import Mapping
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message

#: What a sentence's beginning and end look like as words.
BOUNDARIES = ("<S>", "</S>")
_LEAST = 3  # a mark before the word, one letter, a mark behind it


class ElmoMarks:
    """Numbers that are no letters, as a row of an ELMo model holds them.

    Args:
        sentence_beginning: the one "letter" of the word that stands before a sentence.
        sentence_end: that of the word behind it.
        word_beginning: stands before the letters of each word.
        word_end: stands behind them.
        padding: fills the row up.

    Example:
    >>> ElmoMarks(257, 258, 259, 260, 261).row([106, 117], width=6)
    [259, 106, 117, 260, 261, 261]
    """

    def __init__(
        self, sentence_beginning: int, sentence_end: int, word_beginning: int, word_end: int, padding: int
    ) -> None:
        self.sentence_beginning, self.sentence_end = sentence_beginning, sentence_end
        self.word_beginning, self.word_end, self.padding = word_beginning, word_end, padding

    def row(self, letters: list[int], width: int) -> list[int]:
        """A word's row: marked, cut to fit, filled up."""
        marked = [self.word_beginning, *letters[: width - 2], self.word_end]
        return marked + [self.padding] * (width - len(marked))

    def rows(self, letters: Any, lengths: Any, width: int) -> Any:
        """The same in TensorFlow graph code.

        Args:
            letters: int32 (N, width - 2), of which the first `lengths` are real.
            lengths: int32 (N,).
            width: of the rows.
        """
        before = tf.fill(tf.stack([tf.shape(letters)[0], 1]), self.word_beginning)
        behind = tf.fill(tf.stack([tf.shape(letters)[0], 1]), self.padding)
        shifted = tf.concat([before, letters, behind], axis=1)  # (N, width)
        places = tf.range(width)[None, :]
        ends = lengths[:, None] + 1
        filled = tf.where(places > ends, self.padding, shifted)
        return tf.where(places == ends, self.word_end, filled)

    def boundary_rows(self, width: int) -> tuple[list[int], list[int]]:
        """The rows of a sentence's beginning and end."""
        return self.row([self.sentence_beginning], width), self.row([self.sentence_end], width)

    def as_tuple(self) -> tuple[int, int, int, int, int]:
        """The numbers in the order of the arguments."""
        return self.sentence_beginning, self.sentence_end, self.word_beginning, self.word_end, self.padding


#: Published numbers plus 1, so that 0 is left for words that are padding.
BYTE_MARKS = ElmoMarks(257, 258, 259, 260, 261)


class ElmoCharacters:
    """A word's bytes between two marks, as all published English and Russian models read them.

    A word is its UTF-8 bytes, cut to the first `max_characters - 2`, even inside a letter. Bytes are 1 to 256, marks
    257 to 261, and 0 is left for words that are padding: published numbers plus 1, as at inference. The words "<S>"
    and "</S>" stand for a sentence's boundaries.

    Args:
        max_characters: L, width of a row; a model's `max_characters_per_token`.
        extra_tokens: words with a number of their own in place of their bytes, 1 to 256 and best one of no byte that
            a text has (AllenNLP's `tokens_to_add`, plus 1).

    Raises:
        ValueError: for rows that are too short for a word, and numbers of `extra_tokens` outside 1 ... 256.

    Example:
    >>> ElmoCharacters(max_characters=6).encode_python("it")
    [259, 106, 117, 260, 261, 261]
    """

    def __init__(self, max_characters: int = 50, extra_tokens: Mapping[str, int] | None = None) -> None:
        if not isinstance(max_characters, int) or max_characters < _LEAST:
            raise ValueError(message(f"`max_characters` of at least {_LEAST}", max_characters, "max_characters=50"))
        self.max_characters = max_characters
        self.extra_tokens = dict(extra_tokens or {})
        for token, number in self.extra_tokens.items():
            if not 1 <= number <= 256:
                raise ValueError(message("numbers from 1 to 256 for `extra_tokens`", f"{token!r}: {number}"))
        self._special = dict(zip(BOUNDARIES, BYTE_MARKS.as_tuple(), strict=False)) | self.extra_tokens

    def __len__(self) -> int:
        return BYTE_MARKS.padding + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ElmoCharacters) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash(self.max_characters)

    @property
    def marks(self) -> ElmoMarks:
        """The numbers that are no bytes."""
        return BYTE_MARKS

    def encode(self, tokens: Any) -> Any:
        """The rows of some words, in TensorFlow graph code.

        Args:
            tokens: string tensor (N,).

        Returns:
            int32 (N, L).
        """
        cut = tf.strings.substr(tokens, 0, self.max_characters - 2)
        letters = tf.cast(tf.io.decode_raw(cut, tf.uint8, fixed_length=self.max_characters - 2), tf.int32) + 1
        rows = BYTE_MARKS.rows(letters, tf.strings.length(cut), self.max_characters)
        for token, number in self._special.items():
            row = tf.constant(BYTE_MARKS.row([number], self.max_characters))
            rows = tf.where((tokens == token)[:, None], row, rows)
        return tf.ensure_shape(rows, [None, self.max_characters])

    def encode_python(self, token: str) -> list[int]:
        """What `encode` gives for one word. What UTF-8 has no bytes for is left out."""
        number = self._special.get(token)
        letters = [byte + 1 for byte in token.encode("utf-8", "ignore")] if number is None else [number]
        return BYTE_MARKS.row(letters, self.max_characters)

    def resources(self) -> list[Any]:
        """What an exporter must hold: nothing."""
        return []

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"max_characters": self.max_characters, "extra_tokens": self.extra_tokens}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ElmoCharacters":
        """Rebuilds the object from `get_config`'s answer."""
        return cls(**config)
