"""Words by a regular expression."""

import functools
import re
import sys
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed.text.steps import Rows, Step, call_back
from keras_embed.text.unicode_steps import character_class

#: Patterns that say "runs of at least so many word characters". With greedy matching, word boundaries add nothing.
_RUNS = {
    prefix + boundary + word + boundary: least
    for prefix in ("", "(?u)")
    for boundary in ("", r"\b")
    for word, least in ((r"\w+", 1), (r"\w\w+", 2), (r"\w\w\w+", 3), (r"\w{2,}", 2), (r"\w{3,}", 3))
}


class TokenPattern(Step):
    """Splits texts into what a regular expression finds.

    The default is scikit-learn's: runs of two or more of Python's word characters (`\\\\w`: letters, decimal digits and
    other numbers of any script, and the underscore; combining marks are none). Runs of at least one, two or three word
    characters have a graph lane, with exactly Python's characters; any other pattern is Python's alone.

    Args:
        pattern: what `re.findall` looks for; with a group, what the group matches.

    Raises:
        ValueError: for a pattern with several groups, or one that is no regular expression.

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
        # The same runs, without the boundaries: a third faster.
        least = _RUNS.get(pattern)
        self._find = (compiled if least is None else re.compile(r"\w" * (least - 1) + r"\w+")).findall

    def rows(self, rows: Rows) -> Rows:
        """Finds the words of each row."""
        find = self._find
        return [find(row[0]) if len(row) == 1 else [word for text in row for word in find(text)] for row in rows]

    def graph(self, strings: Any) -> Any:
        """Finds the words of each row in the graph, or by a call back into Python."""
        if not self.in_graph:
            return call_back(self.rows, strings, "TokenPattern")
        apart = tf.strings.regex_replace(strings.flat_values, f"[^{word_characters()}]+", " ")
        words = strings.with_flat_values(tf.strings.split(apart)).merge_dims(1, 2)  # (B, None)
        least = _RUNS[self.pattern]
        if least == 1:
            return words
        return tf.ragged.boolean_mask(words, tf.strings.length(words, "UTF8_CHAR") >= least)

    def get_config(self) -> dict[str, Any]:
        """The pattern."""
        return {"pattern": self.pattern}


@functools.cache
def word_characters() -> str:
    r"""Python's `\w` as ranges for RE2, whose own classes are of another Unicode version, and whose `\w` is ASCII."""
    return character_class(re.sub(r"\W", " ", "".join(map(chr, range(sys.maxunicode + 1)))))
