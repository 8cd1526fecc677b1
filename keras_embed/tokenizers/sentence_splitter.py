"""Splitting of running text into sentences."""

import re
from collections.abc import Iterable

from keras_embed._errors import message
from keras_embed._types import Config

_WORDS = """
adm al apr aug brig bros capt cf cmdr co col corp cpl dec dept dr drs eq esq est ex feb fig figs gen gov hon inc
jan jr jul jun lieut lt ltd maj messrs mlle mme mr mrs ms mt nov nos oct op p pp pres prof pvt rep rev rs sen sept
sergt sgt sr st viz vol vols vs e.g i.e a.m p.m ph.d u.s u.k
"""
#: English abbreviations that precede a name or a number, so that no sentence ends after them.
ABBREVIATIONS = tuple(_WORDS.split())

_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
_SPACES = re.compile(r"\s+")
# Sentence-final punctuation, closing quotes and brackets, whitespace, and then a possible beginning of a sentence.
_ENDS = re.compile(
    r"""([.!?…]+(?=["'”’»)\]]*\s)|[。！？]+)(["'”’»)\]」』）]*)(\s*)(?=["'“‘«(\[¿¡—–_「『（-]*([^\W_]))""",
)
_LAST_WORD = re.compile(r"""[^\s"'“‘«(\[]+$""")


class SentenceSplitter:
    """Splits texts into sentences, by rules for languages with capital letters.

    A sentence ends after ".", "!", "?" or "…" and closing quotes and brackets, if whitespace follows and then anything
    but a lower-case letter. It does not end after an abbreviation or a single initial of a name. Chinese and Japanese
    full stops need no whitespace. An empty line always ends a sentence; a single line break is whitespace.

    Args:
        abbreviations: words, lower-case and without their final full stop, after which no sentence ends.
        lines: ends a sentence at each line break, for text with one sentence or paragraph a line.

    Raises:
        ValueError: If `abbreviations` is one string.

    Example:
    >>> SentenceSplitter().split('Mr. J. Smith paid 3.5 dollars. "Really?" he asked. Yes!')
    ['Mr. J. Smith paid 3.5 dollars.', '"Really?" he asked.', 'Yes!']
    """

    def __init__(self, abbreviations: Iterable[str] = ABBREVIATIONS, lines: bool = False) -> None:
        if isinstance(abbreviations, str):
            raise ValueError(message("a list of words", repr(abbreviations), f"{abbreviations.split()}"))
        self.abbreviations = frozenset(word.lower().removesuffix(".") for word in abbreviations)
        self.lines = lines

    def split(self, text: str) -> list[str]:
        """Splits a text into sentences, none of them empty, with single spaces between words.

        Args:
            text: any string.
        """
        paragraphs = text.splitlines() if self.lines else _PARAGRAPHS.split(text.replace("\r\n", "\n"))
        return [sentence for paragraph in paragraphs for sentence in self._sentences(paragraph)]

    def _sentences(self, paragraph: str) -> list[str]:
        text = _SPACES.sub(" ", paragraph).strip()
        begin, found = 0, []
        for match in _ENDS.finditer(text):
            if match[4].islower() and match[4] != match[4].title():  # Georgian sentences begin with lower case
                continue
            if match[1] != "." or match[2] or not self._continues(text[begin : match.start()]):
                found.append(text[begin : match.end(2)])
                begin = match.end()
        return [*found, text[begin:]] if text[begin:] else found

    def _continues(self, before: str) -> bool:
        """Returns True if a full stop after this text belongs to an abbreviation or to an initial of a name."""
        word = _LAST_WORD.search(before)
        if word is None:
            return False
        letters = word[0]
        initial = len(letters) == 1 and letters.isalpha() and letters.isupper() and letters != "I"
        initials = len(letters) > 1 and all(len(part) == 1 and part.isupper() for part in letters.split("."))
        return initial or initials or letters.lower() in self.abbreviations

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SentenceSplitter) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((SentenceSplitter, self.abbreviations, self.lines))

    def get_config(self) -> Config:
        """Returns the arguments."""
        return {"abbreviations": sorted(self.abbreviations), "lines": self.lines}

    @classmethod
    def from_config(cls, config: Config) -> "SentenceSplitter":
        """Creates the splitter from its config."""
        return cls(**config)
