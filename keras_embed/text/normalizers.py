"""What is done to a word before it is looked up."""

import unicodedata
from typing import Any

from keras_embed._backend import tf, tf_text
from keras_embed.text._strings import lower, map_strings


class WordNormalizer:
    """Makes words alike that a vocabulary should not tell apart.

    Args:
        lowercase: to lower case, by Unicode's rules and not ASCII's alone.
        zero_digits: every decimal digit (`\\p{Nd}`) becomes 0, as in Lample et al. 2016.
        compose: to normal form C first, so that a letter with an accent is one code point. Needs tensorflow_text.

    Call arguments:
        strings: string tensor of any shape, dense or ragged.

    Example:
    >>> WordNormalizer().normalize_python("Year-1984")
    'year-0000'
    """

    def __init__(self, lowercase: bool = True, zero_digits: bool = True, compose: bool = False) -> None:
        self.lowercase = lowercase
        self.zero_digits = zero_digits
        self.compose = compose

    def __call__(self, strings: Any) -> Any:
        """Returns: string tensor of the same shape."""
        return map_strings(self._normalize, strings)

    def _normalize(self, strings: Any) -> Any:
        if self.compose:
            strings = tf_text.normalize_utf8(strings, "NFC")
        if self.lowercase:
            strings = lower(strings)
        if self.zero_digits:
            strings = tf.strings.regex_replace(strings, r"\p{Nd}", "0")
        return strings

    def normalize_python(self, token: str) -> str:
        """The same for one word in plain Python."""
        if self.compose:
            token = unicodedata.normalize("NFC", token)
        if self.lowercase:
            token = token.lower()
        if self.zero_digits:
            token = "".join("0" if unicodedata.category(character) == "Nd" else character for character in token)
        return token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WordNormalizer) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((self.lowercase, self.zero_digits, self.compose))

    def get_config(self) -> dict[str, Any]:
        """The three settings."""
        return {"lowercase": self.lowercase, "zero_digits": self.zero_digits, "compose": self.compose}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WordNormalizer":
        """Rebuilds the normaliser from `get_config`'s answer."""
        return cls(**config)
