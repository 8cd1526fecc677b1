"""Steps that make texts or words alike: lower case, Unicode's normal forms, accents."""

import functools
import re
import sys
import unicodedata
from typing import Any

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_one_of
from keras_embed.text._strings import lower
from keras_embed.text.steps import WordStep

_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


class Lowercase(WordStep):
    """Lower case by Unicode's full rules, as `str.lower`: Cyrillic too, a final sigma is ς, İ becomes i with a dot.

    The two lanes differ only in letters that the Unicode versions of Python and TensorFlow do not both know (40 rare
    ones in Python 3.11 and TensorFlow 2.21, such as U+2C2F of Glagolitic).

    Example:
    >>> Lowercase().python(["ЧАЙ", "ΟΔΟΣ"])
    ['чай', 'οδος']
    """

    def word(self, word: str) -> str:
        """Lower-cases one string."""
        return word.lower()

    def tensor(self, strings: Any) -> Any:
        """Lower-cases a tensor."""
        return lower(strings)

    def get_config(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}


class UnicodeNormalize(WordStep):
    """One of Unicode's four normal forms. The graph lane needs tensorflow_text.

    Args:
        form: "NFC" (a letter with its accent is one character), "NFD", "NFKC" (also ﬁ to fi and ² to 2) or "NFKD".

    Raises:
        ValueError: for another `form`.

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

    def tensor(self, strings: Any) -> Any:
        """Normalises a tensor."""
        return tf_text.normalize_utf8(strings, self.form)

    def get_config(self) -> dict[str, Any]:
        """The form."""
        return {"form": self.form}


class StripAccents(WordStep):
    """Takes accents off letters. The graph lane needs tensorflow_text.

    Without `marks`, as scikit-learn's `strip_accents="unicode"`: normal form KD, and no combining mark is left. This
    makes й и and ё е. With `marks`, only those go, and the rest is composed again: the way to remove stress marks.

    Args:
        marks: combining characters to take off, such as "\\u0301"; `None` for all.

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

    def tensor(self, strings: Any) -> Any:
        """Strips a tensor."""
        marks = _combining() if self.marks is None else "".join(f"\\x{{{ord(mark):X}}}" for mark in self.marks)
        parts = tf_text.normalize_utf8(strings, "NFKD")
        stripped = tf.strings.regex_replace(parts, f"[{marks}]", "") if marks else parts
        return stripped if self.marks is None else tf_text.normalize_utf8(stripped, "NFC")

    def get_config(self) -> dict[str, Any]:
        """The marks."""
        return {"marks": self.marks}


@functools.cache
def _combining() -> str:
    return character_class("".join(c if unicodedata.combining(c) else " " for c in map(chr, range(sys.maxunicode + 1))))


def character_class(wanted: str) -> str:
    """What stands in an RE2 class' brackets, for the string of all characters with blanks where they are unwanted."""
    runs = (match.span() for match in re.finditer(r"[^ ]+", wanted))
    return "".join(f"\\x{{{start:X}}}-\\x{{{end - 1:X}}}" for start, end in runs)
