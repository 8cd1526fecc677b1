"""Steps that split texts into words, and words into n-grams."""

import functools
import re
import sys

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed._types import Config, TFTensor
from keras_embed.text.normalization import character_class
from keras_embed.text.steps import Rows, Step, call_back

#: Patterns for "runs of at least N word characters". With greedy matching, word boundaries add nothing.
_RUNS = {
    prefix + boundary + word + boundary: least
    for prefix in ("", "(?u)")
    for boundary in ("", r"\b")
    for word, least in ((r"\w+", 1), (r"\w\w+", 2), (r"\w\w\w+", 3), (r"\w{2,}", 2), (r"\w{3,}", 3))
}


class TokenPattern(Step):
    """Splits texts into the matches of a regular expression.

    The default is scikit-learn's: runs of two or more of Python's word characters (`\\\\w`: letters, decimal digits and
    other numbers of any script, and the underscore; not combining marks). Runs of at least one, two or three word
    characters have a graph lane, with exactly Python's characters; any other pattern runs in Python only.

    Args:
        pattern: for `re.findall`; if it has a group, the group's matches are the words.

    Raises:
        ValueError: If the pattern has several groups or is not a regular expression.

    Example:
    >>> TokenPattern().python(["Чай, с 2 лимонами?"])
    ['Чай', 'лимонами']
    >>> TokenPattern(r"[#@]\\\\w+").in_graph
    False
    """

    def __init__(self, pattern: str = r"(?u)\b\w\w+\b") -> None:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ValueError(message("`pattern` to be a regular expression", f"{pattern!r}: {error}")) from error
        if compiled.groups > 1:
            raise ValueError(message("`pattern` with at most one group", repr(pattern), "(?:...) for the others"))
        self.pattern = pattern
        self.in_graph = pattern in _RUNS
        # The same runs without word boundaries match a third faster.
        least = _RUNS.get(pattern)
        self._find = (compiled if least is None else re.compile(r"\w" * (least - 1) + r"\w+")).findall

    def rows(self, rows: Rows) -> Rows:
        """Finds the words of each row."""
        find = self._find
        return [find(row[0]) if len(row) == 1 else [word for text in row for word in find(text)] for row in rows]

    def graph(self, strings: TFTensor) -> TFTensor:
        """Finds the words of each row in the graph, or calls back into Python."""
        if not self.in_graph:
            return call_back(self.rows, strings, "TokenPattern")
        apart = tf.strings.regex_replace(strings.flat_values, f"[^{word_characters()}]+", " ")
        words = strings.with_flat_values(tf.strings.split(apart)).merge_dims(1, 2)  # (B, None)
        least = _RUNS[self.pattern]
        if least == 1:
            return words
        return tf.ragged.boolean_mask(words, tf.strings.length(words, "UTF8_CHAR") >= least)

    def get_config(self) -> Config:
        """Returns the pattern."""
        return {"pattern": self.pattern}


@functools.cache
def word_characters() -> str:
    r"""Returns Python's `\w` as ranges for RE2, whose `\w` is ASCII and whose classes follow another Unicode."""
    return character_class(re.sub(r"\W", " ", "".join(map(chr, range(sys.maxunicode + 1)))))


class WordNgrams(Step):
    """Word n-grams, joined by a space: the shortest first, then the longer ones, as in scikit-learn.

    Args:
        shortest: number of words of the shortest n-gram.
        longest: number of words of the longest.

    Raises:
        ValueError: If not 1 <= shortest <= longest.

    Example:
    >>> WordNgrams(1, 2).python(["to", "be", "or"])
    ['to', 'be', 'or', 'to be', 'be or']
    """

    def __init__(self, shortest: int = 1, longest: int = 1) -> None:
        self.shortest, self.longest = check_range("ngrams", (shortest, longest))

    def rows(self, rows: Rows) -> Rows:
        """Joins the words of each row."""
        return rows if self.longest == 1 else [self._of_row(row) for row in rows]

    def _of_row(self, row: list[str]) -> list[str]:
        runs = list(row) if self.shortest == 1 else []
        for length in range(max(self.shortest, 2), min(self.longest, len(row)) + 1):
            runs += map(" ".join, zip(*(row[start:] for start in range(length)), strict=False))
        return runs

    def graph(self, strings: TFTensor) -> TFTensor:
        """Joins the words of each row in the graph."""
        if self.longest == 1:
            return strings
        widths = tuple(range(self.shortest, self.longest + 1))
        return tf.strings.ngrams(strings, ngram_width=widths, separator=" ")

    def get_config(self) -> Config:
        """Returns the two lengths."""
        return {"shortest": self.shortest, "longest": self.longest}


class CharacterNgrams(Step):
    """Character n-grams inside words, as scikit-learn's `analyzer="char_wb"`: words are padded by a space on each side.

    Words are separated by whitespace. A word shorter than the shortest n-gram is one term.

    Args:
        shortest: number of characters of the shortest n-gram.
        longest: number of characters of the longest.

    Raises:
        ValueError: If not 1 <= shortest <= longest.

    Example:
    >>> CharacterNgrams(3, 3).python(["чай и"])
    [' ча', 'чай', 'ай ', ' и ']
    """

    def __init__(self, shortest: int = 3, longest: int = 5) -> None:
        self.shortest, self.longest = check_range("ngrams", (shortest, longest))

    def rows(self, rows: Rows) -> Rows:
        """Splits the words of each row into n-grams."""
        return [[run for text in row for word in text.split() for run in self._of_word(f" {word} ")] for row in rows]

    def _of_word(self, word: str) -> list[str]:
        if len(word) < self.shortest:
            return [word]
        lengths = range(self.shortest, min(self.longest, len(word)) + 1)
        return [word[start : start + length] for length in lengths for start in range(len(word) - length + 1)]

    def graph(self, strings: TFTensor) -> TFTensor:
        """Splits the words of each row into n-grams in the graph."""
        # The whitespace of `str.split`; RE2's \s and `tf.strings.split` know that of ASCII only.
        spaces = r"[\t-\r\x1c-\x20\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+"
        apart = tf.strings.regex_replace(strings.flat_values, spaces, " ")
        words = strings.with_flat_values(tf.strings.split(apart)).merge_dims(1, 2)  # (B, None)
        padded = tf.strings.join([" ", words.flat_values, " "])  # (N,)
        characters = tf.strings.unicode_split(padded, "UTF-8")  # (N, None)
        runs = tf.strings.ngrams(characters, tuple(range(self.shortest, self.longest + 1)), separator="")
        short = tf.ragged.boolean_mask(padded[:, None], characters.row_lengths()[:, None] < self.shortest)
        return words.with_flat_values(tf.concat([runs, short], 1)).merge_dims(1, 2)

    def get_config(self) -> Config:
        """Returns the two lengths."""
        return {"shortest": self.shortest, "longest": self.longest}


def check_range(name: str, lengths: object) -> tuple[int, int]:
    """Raises `ValueError` unless `lengths` is a pair of integers with 1 <= shortest <= longest."""
    pair = tuple(lengths) if isinstance(lengths, (tuple, list)) else ()
    if len(pair) != 2 or not all(type(n) is int for n in pair) or not 1 <= pair[0] <= pair[1]:
        raise ValueError(message(f"`{name}` as (shortest, longest) with 1 <= shortest <= longest", lengths, "(1, 2)"))
    return pair[0], pair[1]
