"""Which words of a file are wanted."""

import re
from collections.abc import Iterable, Sequence

from keras_embed._errors import check_positive, message

_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")


class Selection:
    """The words that are wanted, as the bytes that a file may hold for them.

    Args:
        words: words, or `None` for all.
        limit: how many rows of the file are looked at, `None` for all.
    """

    def __init__(self, words: Iterable[str] | None = None, limit: int | None = None) -> None:
        if isinstance(words, str):
            raise ValueError(message("`words` as an iterable of words", words, f"words=[{words!r}]"))
        if limit is not None:
            check_positive("limit", limit)
        self.limit = limit
        self.words: frozenset[str] | None = None if words is None else frozenset(words)
        self.tokens: frozenset[bytes] | None = None
        if self.words is not None:
            tokens = {word.encode("utf-8", "surrogatepass") for word in self.words}
            # A word that was read as `cut\xd1` may be asked for by that name.
            self.tokens = frozenset(
                tokens | {_ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), token) for token in tokens}
            )

    @property
    def everything(self) -> bool:
        """Whether all rows are wanted."""
        return self.words is None and self.limit is None

    def rows(self, tokens: Sequence[bytes | str]) -> list[int] | None:
        """The rows that are wanted out of a file's words, `None` for all of them."""
        if self.everything:
            return None
        stop = len(tokens) if self.limit is None else min(self.limit, len(tokens))
        if self.tokens is None or self.words is None:
            return list(range(stop))
        return [row for row in range(stop) if tokens[row] in self.tokens or tokens[row] in self.words]
