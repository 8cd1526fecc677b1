"""Raw text into words, in TensorFlow graph code.

A tokenizer is any object with `tokenize(strings (B,)) -> ragged strings (B, None)`: the two classes here, those of
tensorflow_text, and those of keras_hub that give strings. `keras_embed.text.as_tokenizer` takes any of them.
"""

from typing import Any

from keras_embed._backend import tf

# White space by the number of its UTF-8 bytes, so that blanks can take its place without moving anything. Zero-width
# space and the byte order mark separate words too and cannot be seen: they count as white space.
_SPACES = (
    (r"[\t\n\x0b\x0c\r]", " "),
    (r"[\x{85}\x{A0}]", "  "),
    (r"[\x{1680}\x{2000}-\x{200B}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}]", "   "),
)

_LETTER = r"[\pL\pM\pN_\x{200C}\x{200D}]"  # the joiners are part of Persian and Indic words
_URL_END = r"[^\s.,;:!?\"'»”’)\]}>]"
_DOMAIN = r"[\pL\pN\-]+(?:\.[\pL\pN\-]*[\pL\pN])+"
# RE2 takes the first alternative that fits, so the order is part of the grammar.
_WORD = "|".join(
    (
        rf"(?i:https?://|ftp://|www\.)[^ <>\"]*{_URL_END}",  # URLs, without the punctuation after them
        rf"[\pL\pN._%+\-]+@{_DOMAIN}",  # e-mail addresses
        rf"[@#]{_LETTER}+",  # mentions and hashtags
        r"\p{Nd}+(?:[.,:/]\p{Nd}+)+",  # 3.14 1,000,000 12:30 1/2
        r"(?:\pL\.){2,}",  # U.S. e.g. т.е.
        rf"{_LETTER}+(?:['’ʼ\-‐‑]{_LETTER}+)*",  # words, don't, state-of-the-art, 3rd
        r"[\x{1F1E6}-\x{1F1FF}]{2}",  # flags
        # Any other character, with the marks, skin tones and joined characters that make one sign with it.
        r"[^ ](?:[\pM\x{1F3FB}-\x{1F3FF}]|\x{200D}[^ \pL\pN])*",
    )
)


class WordTokenizer:
    """Words as most corpora for tagging have them.

    Kept whole: words with inner apostrophes and hyphens ("don't", "state-of-the-art"), numbers with their
    separators ("3.14", "12:30"), abbreviations ("U.S.", "e.g."), URLs, e-mail addresses, @mentions and #hashtags,
    emoji with what modifies them. Every other character is a token by itself. Nothing but white space is lost.

    Example:
    >>> WordTokenizer().tokenize(["Don't e-mail bob@example.org!"]).to_list()
    [[b"Don't", b'e-mail', b'bob@example.org', b'!']]
    """

    def tokenize(self, strings: Any) -> Any:
        """Splits each text.

        Args:
            strings: string tensor (B,). Bytes that are not UTF-8 are read as U+FFFD.

        Returns:
            ragged string tensor (B, None).
        """
        return _tokenize(strings, _WORD)

    def tokenize_with_offsets(self, strings: Any) -> tuple[Any, Any, Any]:
        """As `tokenize`, and where each token begins and ends.

        Returns:
            tokens, starts and limits, each ragged (B, None): int64 byte positions in the text, limits exclusive.
        """
        return _tokenize_with_offsets(strings, _WORD)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WordTokenizer)

    def __hash__(self) -> int:
        return hash(WordTokenizer)

    def get_config(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WordTokenizer":
        """Rebuilds the tokenizer from `get_config`'s answer."""
        return cls(**config)


class WhitespaceTokenizer:
    """Splits at white space, Unicode's included: for text that is tokenised already.

    Example:
    >>> WhitespaceTokenizer().tokenize(["EU rejects German call ."]).to_list()
    [[b'EU', b'rejects', b'German', b'call', b'.']]
    """

    def tokenize(self, strings: Any) -> Any:
        """Splits each text.

        Args:
            strings: string tensor (B,). Bytes that are not UTF-8 are read as U+FFFD.

        Returns:
            ragged string tensor (B, None).
        """
        return _tokenize(strings, "[^ ]+")

    def tokenize_with_offsets(self, strings: Any) -> tuple[Any, Any, Any]:
        """As `tokenize`, and where each token begins and ends.

        Returns:
            tokens, starts and limits, each ragged (B, None): int64 byte positions in the text, limits exclusive.
        """
        return _tokenize_with_offsets(strings, "[^ ]+")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WhitespaceTokenizer)

    def __hash__(self) -> int:
        return hash(WhitespaceTokenizer)

    def get_config(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WhitespaceTokenizer":
        """Rebuilds the tokenizer from `get_config`'s answer."""
        return cls(**config)


def blank_spaces(strings: Any) -> Any:
    """White space to as many blanks as it has bytes; the rest stays where it is."""
    text = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8")
    for pattern, blanks in _SPACES:
        text = tf.strings.regex_replace(text, pattern, blanks)
    return text


def _tokenize(strings: Any, pattern: str) -> Any:
    return tf.strings.split(tf.strings.regex_replace(blank_spaces(strings), f"({pattern})", r"\1 "))  # (B, None)


def _tokenize_with_offsets(strings: Any, pattern: str) -> tuple[Any, Any, Any]:
    text = blank_spaces(strings)
    tokens = tf.strings.split(tf.strings.regex_replace(text, f"({pattern})", r"\1 "))  # (B, None)
    # With each token replaced by one mark, the gaps are what stands before the marks.
    gaps = tf.strings.split(tf.strings.regex_replace(text, pattern, "\n"), "\n")[:, :-1]  # (B, None)
    lengths = tf.cast(tf.strings.length(tokens.flat_values), tf.int64)
    ends = tf.cumsum(lengths + tf.cast(tf.strings.length(gaps.flat_values), tf.int64))  # of the whole batch in a row
    before_row = tf.gather(tf.concat([tf.zeros([1], tf.int64), ends], 0), tokens.row_starts())
    limits = ends - tf.gather(before_row, tokens.value_rowids())
    return tokens, tokens.with_flat_values(limits - lengths), tokens.with_flat_values(limits)
