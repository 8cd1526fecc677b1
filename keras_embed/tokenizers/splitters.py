"""Splitters: texts to words, in TensorFlow graph code.

A splitter is any object with `tokenize(strings (B,)) -> ragged strings (B, None)`: the classes here, those of
tensorflow_text, and those of keras_hub that return strings. `any_splitter.as_tokenizer` checks one.
"""

from collections.abc import Iterator

from keras_embed._backend import tf
from keras_embed._errors import check_one_of
from keras_embed._types import Config, TFTensor

# Whitespace by its number of UTF-8 bytes, so that as many spaces replace it and byte offsets do not change. Zero-width
# space and the byte order mark count as whitespace: they separate words and are invisible.
_SPACES = (
    (r"[\t\n\x0b\x0c\r]", " "),
    (r"[\x{85}\x{A0}]", "  "),
    (r"[\x{1680}\x{2000}-\x{200B}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}]", "   "),
)

_LETTER = r"[\pL\pM\pN_\x{200C}\x{200D}]"  # the joiners are part of Persian and Indic words
_URL_END = r"[^\s.,;:!?\"'»”’)\]}>]"
_DOMAIN = r"[\pL\pN\-]+(?:\.[\pL\pN\-]*[\pL\pN])+"
# RE2 takes the first alternative that matches, so the order is part of the grammar.
_WORD = "|".join(
    (
        rf"(?i:https?://|ftp://|www\.)[^ <>\"]*{_URL_END}",  # URLs, without trailing punctuation
        rf"[\pL\pN._%+\-]+@{_DOMAIN}",  # e-mail addresses
        rf"[@#]{_LETTER}+",  # mentions and hashtags
        r"\p{Nd}+(?:[.,:/]\p{Nd}+)+",  # 3.14 1,000,000 12:30 1/2
        r"(?:\pL\.){2,}",  # U.S. e.g. т.е.
        rf"{_LETTER}+(?:['’ʼ\-‐‑]{_LETTER}+)*",  # words, don't, state-of-the-art, 3rd
        r"[\x{1F1E6}-\x{1F1FF}]{2}",  # flags
        # Any other character, with its combining marks, skin tones and joined characters.
        r"[^ ](?:[\pM\x{1F3FB}-\x{1F3FF}]|\x{200D}[^ \pL\pN])*",
    )
)


class WordTokenizer:
    """Splits texts into words as most corpora for tagging do.

    Not split: words with inner apostrophes and hyphens ("don't", "state-of-the-art"), numbers with their
    separators ("3.14", "12:30"), abbreviations ("U.S.", "e.g."), URLs, e-mail addresses, @mentions and #hashtags,
    emoji with their modifiers. Every other character is a token of its own. Only whitespace is dropped.

    Example:
    >>> WordTokenizer().tokenize(["Don't e-mail bob@example.org!"]).to_list()
    [[b"Don't", b'e-mail', b'bob@example.org', b'!']]
    """

    def tokenize(self, strings: TFTensor) -> TFTensor:
        """Splits each text.

        Args:
            strings: string tensor (B,). Bytes that are not UTF-8 are read as U+FFFD.

        Returns:
            ragged string tensor (B, None).
        """
        return _tokenize(strings, _WORD)

    def tokenize_with_offsets(self, strings: TFTensor) -> tuple[TFTensor, TFTensor, TFTensor]:
        """Splits each text, and returns the offsets of each token.

        Returns:
            tokens, starts and limits, each ragged (B, None): int64 byte offsets in the text, limits exclusive.
        """
        return _tokenize_with_offsets(strings, _WORD)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WordTokenizer)

    def __hash__(self) -> int:
        return hash(WordTokenizer)

    def get_config(self) -> Config:
        return {}

    @classmethod
    def from_config(cls, config: Config) -> "WordTokenizer":
        """Creates the splitter from its config."""
        return cls(**config)


class WhitespaceTokenizer:
    """Splits texts at Unicode whitespace: for text that is tokenised already.

    Example:
    >>> WhitespaceTokenizer().tokenize(["EU rejects German call ."]).to_list()
    [[b'EU', b'rejects', b'German', b'call', b'.']]
    """

    def tokenize(self, strings: TFTensor) -> TFTensor:
        """Splits each text.

        Args:
            strings: string tensor (B,). Bytes that are not UTF-8 are read as U+FFFD.

        Returns:
            ragged string tensor (B, None).
        """
        return _tokenize(strings, "[^ ]+")

    def tokenize_with_offsets(self, strings: TFTensor) -> tuple[TFTensor, TFTensor, TFTensor]:
        """Splits each text, and returns the offsets of each token.

        Returns:
            tokens, starts and limits, each ragged (B, None): int64 byte offsets in the text, limits exclusive.
        """
        return _tokenize_with_offsets(strings, "[^ ]+")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WhitespaceTokenizer)

    def __hash__(self) -> int:
        return hash(WhitespaceTokenizer)

    def get_config(self) -> Config:
        return {}

    @classmethod
    def from_config(cls, config: Config) -> "WhitespaceTokenizer":
        """Creates the splitter from its config."""
        return cls(**config)


_OTHERS = "other"
_LANGUAGES = ("en", "fr", "it", _OTHERS)
#: An apostrophe between two letters: English "dog 's", French and Italian "l' homme".
_BETWEEN_LETTERS = {"en": r"\1 '\2", "fr": r"\1' \2", "it": r"\1' \2"}


class MosesTokenizer:
    """Separates words and punctuation by the rules of Moses' `tokenizer.perl`, for corpora and references split so.

    Hyphens in words, commas in numbers and sequences of full stops are not split; apostrophes follow the language.
    Unlike Moses, there are no lists of abbreviations: a full stop at the end of a word is not split only if the word
    contains another one or the next word begins with a lower-case letter; and nothing is escaped.

    Args:
        language: "en", "fr", "it" or "other".

    Raises:
        ValueError: If `language` is not one of these.

    References:
        Koehn et al. 2007. Moses: Open Source Toolkit for Statistical Machine Translation. ACL 2007.

    Example:
    >>> MosesTokenizer("en").tokenize(["The dog's well-known (1,000 times)."]).to_list()
    [[b'The', b'dog', b"'s", b'well-known', b'(', b'1,000', b'times', b')', b'.']]
    """

    def __init__(self, language: str = "en") -> None:
        check_one_of("language", language, _LANGUAGES)
        self.language = language

    def tokenize(self, strings: TFTensor) -> TFTensor:
        """Splits each text.

        Args:
            strings: string tensor (B,). Bytes that are not UTF-8 are read as U+FFFD.

        Returns:
            ragged string tensor (B, None).
        """
        text = tf.strings.join([" ", as_spaces(strings), " "])
        for pattern, rewrite in self._steps():
            text = tf.strings.regex_replace(text, pattern, rewrite)
        return tf.strings.split(text)

    def _steps(self) -> Iterator[tuple[str, str]]:
        """Yields patterns and their replacements, in this order."""
        yield r"([^\pL\pM\pN\s.'`,\-])", r" \1 "
        yield r"\.{2,}", r" \0 "
        yield r"([^\pN]),", r"\1 , "
        yield r",([^\pN])", r" , \1"
        if self.language == _OTHERS:
            yield r"'", r" ' "
        else:
            yield r"([^\pL])'([^\pL])", r"\1 ' \2"
            # Before a letter; in English, digits take an "s": the 1990 's.
            yield (r"([^\pL\pN])'(\pL)" if self.language == "en" else r"([^\pL])'(\pL)"), r"\1 ' \2"
            yield r"(\pL)'([^\pL])", r"\1 ' \2"
            yield r"(\pL)'(\pL)", _BETWEEN_LETTERS[self.language]
            if self.language == "en":
                yield r"(\pN)'s", r"\1 's"
        yield r"([^\s.])\.(\s*)$", r"\1 . "
        yield r"(\s[^\s.]+)\.(\s+[^\s\p{Ll}])", r"\1 .\2"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MosesTokenizer) and self.language == other.language

    def __hash__(self) -> int:
        return hash((MosesTokenizer, self.language))

    def get_config(self) -> Config:
        """Returns the language."""
        return {"language": self.language}

    @classmethod
    def from_config(cls, config: Config) -> "MosesTokenizer":
        """Creates the splitter from its config."""
        return cls(**config)


def as_spaces(strings: TFTensor) -> TFTensor:
    """Replaces whitespace by as many spaces as it has bytes, so that byte offsets do not change."""
    text = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8")
    for pattern, spaces in _SPACES:
        text = tf.strings.regex_replace(text, pattern, spaces)
    return text


def _tokenize(strings: TFTensor, pattern: str) -> TFTensor:
    return tf.strings.split(tf.strings.regex_replace(as_spaces(strings), f"({pattern})", r"\1 "))  # (B, None)


def _tokenize_with_offsets(strings: TFTensor, pattern: str) -> tuple[TFTensor, TFTensor, TFTensor]:
    text = as_spaces(strings)
    tokens = tf.strings.split(tf.strings.regex_replace(text, f"({pattern})", r"\1 "))  # (B, None)
    # With each token replaced by a line break, the gaps are the parts before the line breaks.
    gaps = tf.strings.split(tf.strings.regex_replace(text, pattern, "\n"), "\n")[:, :-1]  # (B, None)
    lengths = tf.cast(tf.strings.length(tokens.flat_values), tf.int64)
    ends = tf.cumsum(lengths + tf.cast(tf.strings.length(gaps.flat_values), tf.int64))  # in the concatenated batch
    before_row = tf.gather(tf.concat([tf.zeros([1], tf.int64), ends], 0), tokens.row_starts())
    limits = ends - tf.gather(before_row, tokens.value_rowids())
    return tokens, tokens.with_flat_values(limits - lengths), tokens.with_flat_values(limits)
