"""Normalisation of texts and words: lower case, Unicode's normal forms, accents, digits."""

import functools
import re
import sys
import unicodedata

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_one_of
from keras_embed._types import Config, TFTensor
from keras_embed.text.steps import WordStep
from keras_embed.text.strings import lower, map_strings

_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


class WordNormalizer:
    """Normalises words before they are looked up in a vocabulary.

    Args:
        lowercase: lower-cases by Unicode's rules.
        zero_digits: replaces every decimal digit (`\\p{Nd}`) by 0, as in Lample et al. 2016.
        compose: converts to normal form C first, so that an accented letter is one code point. Needs tensorflow_text.

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

    def __call__(self, strings: TFTensor) -> TFTensor:
        """Returns a string tensor of the same shape."""
        return map_strings(self._normalize, strings)

    def _normalize(self, strings: TFTensor) -> TFTensor:
        if self.compose:
            strings = tf_text.normalize_utf8(strings, "NFC")
        if self.lowercase:
            strings = lower(strings)
        if self.zero_digits:
            strings = tf.strings.regex_replace(strings, r"\p{Nd}", "0")
        return strings

    def normalize_python(self, token: str) -> str:
        """Normalises one word in Python."""
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

    def get_config(self) -> Config:
        """Returns the arguments."""
        return {"lowercase": self.lowercase, "zero_digits": self.zero_digits, "compose": self.compose}

    @classmethod
    def from_config(cls, config: Config) -> "WordNormalizer":
        """Creates the normaliser from its config."""
        return cls(**config)


class Lowercase(WordStep):
    """Lower-cases by Unicode's full rules, as `str.lower`: a final sigma becomes ς, İ becomes i with a dot.

    The two lanes differ only in letters that the Unicode versions of Python and TensorFlow do not both know (40 rare
    ones in Python 3.11 and TensorFlow 2.21, such as U+2C2F of Glagolitic).

    Example:
    >>> Lowercase().python(["ЧАЙ", "ΟΔΟΣ"])
    ['чай', 'οδος']
    """

    def word(self, word: str) -> str:
        """Lower-cases one string."""
        return word.lower()

    def tensor(self, strings: TFTensor) -> TFTensor:
        """Lower-cases a tensor."""
        return lower(strings)

    def get_config(self) -> Config:
        """Returns an empty config."""
        return {}


class UnicodeNormalize(WordStep):
    """Converts to one of Unicode's four normal forms. The graph lane needs tensorflow_text.

    Args:
        form: "NFC" (a letter with its accent is one character), "NFD", "NFKC" (also ﬁ to fi and ² to 2) or "NFKD".

    Raises:
        ValueError: If `form` is not one of these.

    Example:
    >>> UnicodeNormalize("NFKC").python(["ﬁn²"])
    ['fin2']
    """

    def __init__(self, form: str = "NFC") -> None:
        check_one_of("form", form, _FORMS)
        self.form = form

    def word(self, word: str) -> str:
        """Normalises one string."""
        return unicodedata.normalize(self.form, word)  # type: ignore[arg-type]

    def tensor(self, strings: TFTensor) -> TFTensor:
        """Normalises a tensor."""
        return tf_text.normalize_utf8(strings, self.form)

    def get_config(self) -> Config:
        """Returns the form."""
        return {"form": self.form}


class StripAccents(WordStep):
    """Removes accents from letters. The graph lane needs tensorflow_text.

    Without `marks`, as scikit-learn's `strip_accents="unicode"`: normal form KD without combining marks, which turns
    й into и and ё into е. With `marks`, only those are removed and the rest is composed again: use it to remove stress
    marks.

    Args:
        marks: combining characters to remove, such as "\\u0301"; `None` for all.

    Example:
    >>> StripAccents().python(["café"]), StripAccents("\\u0301").python(["за\\u0301мок й"])
    (['cafe'], ['замок й'])
    """

    def __init__(self, marks: str | None = None) -> None:
        self.marks = marks

    def word(self, word: str) -> str:
        """Strips one string."""
        if word.isascii():
            return word
        parts = unicodedata.normalize("NFKD", word)
        if self.marks is None:
            return "".join(character for character in parts if not unicodedata.combining(character))
        return unicodedata.normalize("NFC", "".join(part for part in parts if part not in self.marks))

    def tensor(self, strings: TFTensor) -> TFTensor:
        """Strips a tensor."""
        marks = _combining() if self.marks is None else "".join(f"\\x{{{ord(mark):X}}}" for mark in self.marks)
        parts = tf_text.normalize_utf8(strings, "NFKD")
        stripped = tf.strings.regex_replace(parts, f"[{marks}]", "") if marks else parts
        return stripped if self.marks is None else tf_text.normalize_utf8(stripped, "NFC")

    def get_config(self) -> Config:
        """Returns the marks."""
        return {"marks": self.marks}


@functools.cache
def _combining() -> str:
    return character_class("".join(c if unicodedata.combining(c) else " " for c in map(chr, range(sys.maxunicode + 1))))


def character_class(wanted: str) -> str:
    """Returns the ranges of an RE2 character class, without brackets.

    Args:
        wanted: the string of all Unicode characters, with spaces in place of the unwanted ones.
    """
    runs = (match.span() for match in re.finditer(r"[^ ]+", wanted))
    return "".join(f"\\x{{{start:X}}}-\\x{{{end - 1:X}}}" for start, end in runs)
