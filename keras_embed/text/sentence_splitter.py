"""Where sentences end in running text."""

import re
from collections.abc import Iterable
from typing import Any

from keras_embed._errors import message

_WORDS = """
adm al apr aug brig bros capt cf cmdr co col corp cpl dec dept dr drs eq esq est ex feb fig figs gen gov hon inc
jan jr jul jun lieut lt ltd maj messrs mlle mme mr mrs ms mt nov nos oct op p pp pres prof pvt rep rev rs sen sept
sergt sgt sr st viz vol vols vs e.g i.e a.m p.m ph.d u.s u.k
"""
#: English abbreviations that stand before a name or a number, so that no sentence ends behind them.
ABBREVIATIONS = tuple(_WORDS.split())

_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
_SPACES = re.compile(r"\s+")
# Marks, what closes with them, blanks, and then something that a sentence may begin with.
_ENDS = re.compile(
    r"""([.!?…]+(?=["'”’»)\]]*\s)|[。！？]+)(["'”’»)\]」』）]*)(\s*)(?=["'“‘«(\[¿¡—–_「『（-]*([^\W_]))""",
)
_LAST_WORD = re.compile(r"""[^\s"'“‘«(\[]+$""")


class SentenceSplitter:
    """Splits texts into sentences, by rules for languages with capital letters.

    A sentence ends behind ".", "!", "?" or "…", and quotes and brackets that close there, where blanks follow and then
    something that is no small letter. It does not end behind an abbreviation, nor behind the single capital letter of
    somebody's name. Chinese and Japanese full stops need no blanks. An empty line always ends a sentence, a single
    line break is a blank.

    Args:
        abbreviations: words, without their last point and in small letters, behind which no sentence ends.
        lines: whether each line break ends a sentence, for text that has one sentence or paragraph on a line.

    Raises:
        ValueError: for one string instead of a list of words.

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
        """The sentences of a text, with single blanks between words; none is empty.

        Args:
            text: any string.
        """
        paragraphs = text.splitlines() if self.lines else _PARAGRAPHS.split(text.replace("\r\n", "\n"))
        return [sentence for paragraph in paragraphs for sentence in self._sentences(paragraph)]

    def _sentences(self, paragraph: str) -> list[str]:
        text = _SPACES.sub(" ", paragraph).strip()
        begin, found = 0, []
        for match in _ENDS.finditer(text):
            if match[4].islower() and match[4] != match[4].title():  # Georgian small letters begin sentences
                continue
            if match[1] != "." or match[2] or not self._goes_on(text[begin : match.start()]):
                found.append(text[begin : match.end(2)])
                begin = match.end()
        return [*found, text[begin:]] if text[begin:] else found

    def _goes_on(self, before: str) -> bool:
        """Whether a point behind this is that of an abbreviation or of somebody's initial."""
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

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"abbreviations": sorted(self.abbreviations), "lines": self.lines}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SentenceSplitter":
        """Rebuilds the splitter from `get_config`'s answer."""
        return cls(**config)
