"""Texts and pairs of texts with what is said of them as a whole."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, overload

Label: TypeAlias = str | float | tuple[str, ...] | None
"""A class, a score, any number of classes, or nothing known."""


class LabelledText(NamedTuple):
    """A text and its label.

    Args:
        text: the text.
        label: a class; a tuple of classes where it may have any number of them; None where nothing is known.

    Example:
    >>> text, label = LabelledText("Great fun.", "positive")
    """

    text: str
    label: Label = None


class LabelledPair(NamedTuple):
    """Two texts and how they relate.

    Args:
        first: a text, such as a premise.
        second: a text, such as a hypothesis.
        label: a class, a number such as a similarity, or None where nothing is known.

    Example:
    >>> first, second, score = LabelledPair("A man runs.", "Someone runs.", 4.2)
    """

    first: str
    second: str
    label: Label = None


class _Labelled(Sequence[Any]):
    """An immutable list of one kind of records, with a name."""

    _record: Any
    _what: str

    def __init__(self, items: Iterable[Any], name: str = "") -> None:
        self._items = tuple(itertools.starmap(self._record, items))
        self.name = name

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> Any: ...

    def __getitem__(self, index: int | slice) -> Any:
        return type(self)(self._items[index], self.name) if isinstance(index, slice) else self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, {self._what}={len(self)})"

    @property
    def labels(self) -> list[Label]:
        """Their labels."""
        return [item.label for item in self._items]


class LabelledTexts(_Labelled):
    """An immutable list of labelled texts with a name; what `TextClassifier` learns from.

    Args:
        items: any iterable of `LabelledText`, such as a reader, or of pairs of a text and a label.
        name: where they come from.

    Example:
    >>> corpus = LabelledTexts([("Great fun.", "positive"), ("Dull.", "negative")], name="mine")
    >>> corpus
    LabelledTexts(name='mine', texts=2)
    >>> corpus.texts, corpus.labels
    (['Great fun.', 'Dull.'], ['positive', 'negative'])
    """

    _record = LabelledText
    _what = "texts"

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return [item.text for item in self._items]


class LabelledPairs(_Labelled):
    """An immutable list of labelled pairs of texts with a name; what `PairClassifier` learns from.

    Args:
        items: any iterable of `LabelledPair`, such as a reader, or of triples of two texts and a label.
        name: where they come from.

    Example:
    >>> corpus = LabelledPairs([("A man runs.", "Someone runs.", 4.2)], name="mine")
    >>> corpus.pairs, corpus.labels
    ([('A man runs.', 'Someone runs.')], [4.2])
    """

    _record = LabelledPair
    _what = "pairs"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The two texts of each."""
        return [(item.first, item.second) for item in self._items]
