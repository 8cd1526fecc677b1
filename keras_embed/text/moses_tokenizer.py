"""Words as the Moses tokenizer has them, in TensorFlow graph code."""

from collections.abc import Iterator
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import check_one_of
from keras_embed.text.tokenizers import blank_spaces

_OTHERS = "other"
_LANGUAGES = ("en", "fr", "it", _OTHERS)
#: A quotation mark between a letter and another: English "dog 's", French and Italian "l' homme".
_BETWEEN_LETTERS = {"en": r"\1 '\2", "fr": r"\1' \2", "it": r"\1' \2"}


class MosesTokenizer:
    """Words and punctuation apart, by the rules of Moses' `tokenizer.perl`: for corpora and references cut that way.

    Hyphens stay in words, commas in numbers, rows of full stops together; apostrophes follow the language. Unlike
    Moses, there are no lists of abbreviations: a full stop at the end of a word stays only where the word has another
    one in it or the next word begins with a small letter; and nothing is escaped.

    Args:
        language: "en", "fr", "it" or "other".

    Raises:
        ValueError: for another `language`.

    References:
        Koehn et al. 2007. Moses: Open Source Toolkit for Statistical Machine Translation. ACL 2007.

    Example:
    >>> MosesTokenizer("en").tokenize(["The dog's well-known (1,000 times)."]).to_list()
    [[b'The', b'dog', b"'s", b'well-known', b'(', b'1,000', b'times', b')', b'.']]
    """

    def __init__(self, language: str = "en") -> None:
        check_one_of("language", language, _LANGUAGES)
        self.language = language

    def tokenize(self, strings: Any) -> Any:
        """Splits each text.

        Args:
            strings: string tensor (B,). Bytes that are not UTF-8 are read as U+FFFD.

        Returns:
            ragged string tensor (B, None).
        """
        text = tf.strings.join([" ", blank_spaces(strings), " "])
        for pattern, rewrite in self._steps():
            text = tf.strings.regex_replace(text, pattern, rewrite)
        return tf.strings.split(text)

    def _steps(self) -> Iterator[tuple[str, str]]:
        """What is replaced, in this order."""
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

    def get_config(self) -> dict[str, Any]:
        """The language."""
        return {"language": self.language}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MosesTokenizer":
        """Rebuilds the tokenizer from `get_config`'s answer."""
        return cls(**config)
