"""Runs of neighbouring words, and of neighbouring characters, as terms."""

from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed.text.steps import Rows, Step


class WordNgrams(Step):
    """Runs of words, joined by a space: all of the shortest first, then the longer ones, as scikit-learn has them.

    Args:
        shortest: number of words of the shortest run.
        longest: number of words of the longest.

    Raises:
        ValueError: unless 1 <= shortest <= longest.

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

    def graph(self, strings: Any) -> Any:
        """Joins the words of each row in the graph."""
        if self.longest == 1:
            return strings
        widths = tuple(range(self.shortest, self.longest + 1))
        return tf.strings.ngrams(strings, ngram_width=widths, separator=" ")

    def get_config(self) -> dict[str, Any]:
        """The two lengths."""
        return {"shortest": self.shortest, "longest": self.longest}


class CharacterNgrams(Step):
    """Runs of characters inside words, as scikit-learn's `analyzer="char_wb"`: a blank stands before and after a word.

    Words are what white space separates. A word shorter than the shortest run is one term.

    Args:
        shortest: number of characters of the shortest run.
        longest: number of characters of the longest.

    Raises:
        ValueError: unless 1 <= shortest <= longest.

    Example:
    >>> CharacterNgrams(3, 3).python(["чай и"])
    [' ча', 'чай', 'ай ', ' и ']
    """

    def __init__(self, shortest: int = 3, longest: int = 5) -> None:
        self.shortest, self.longest = check_range("ngrams", (shortest, longest))

    def rows(self, rows: Rows) -> Rows:
        """Cuts the words of each row."""
        return [[run for text in row for word in text.split() for run in self._of_word(f" {word} ")] for row in rows]

    def _of_word(self, word: str) -> list[str]:
        if len(word) < self.shortest:
            return [word]
        lengths = range(self.shortest, min(self.longest, len(word)) + 1)
        return [word[start : start + length] for length in lengths for start in range(len(word) - length + 1)]

    def graph(self, strings: Any) -> Any:
        """Cuts the words of each row in the graph."""
        # What `str.split` takes for white space; RE2's \s is ASCII's, and so is what `tf.strings.split` looks for.
        spaces = r"[\t-\r\x1c-\x20\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+"
        apart = tf.strings.regex_replace(strings.flat_values, spaces, " ")
        words = strings.with_flat_values(tf.strings.split(apart)).merge_dims(1, 2)  # (B, None)
        padded = tf.strings.join([" ", words.flat_values, " "])  # (N,)
        characters = tf.strings.unicode_split(padded, "UTF-8")  # (N, None)
        runs = tf.strings.ngrams(characters, tuple(range(self.shortest, self.longest + 1)), separator="")
        short = tf.ragged.boolean_mask(padded[:, None], characters.row_lengths()[:, None] < self.shortest)
        return words.with_flat_values(tf.concat([runs, short], 1)).merge_dims(1, 2)

    def get_config(self) -> dict[str, Any]:
        """The two lengths."""
        return {"shortest": self.shortest, "longest": self.longest}


def check_range(name: str, lengths: Any) -> tuple[int, int]:
    """Raises `ValueError` unless `lengths` is a pair of whole numbers, 1 <= shortest <= longest."""
    pair = tuple(lengths) if isinstance(lengths, (tuple, list)) else ()
    if len(pair) != 2 or not all(type(n) is int for n in pair) or not 1 <= pair[0] <= pair[1]:
        raise ValueError(message(f"`{name}` as (shortest, longest) with 1 <= shortest <= longest", lengths, "(1, 2)"))
    return pair[0], pair[1]
