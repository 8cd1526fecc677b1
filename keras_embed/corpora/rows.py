"""Base class of the corpora: named, immutable sequences of rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Generic, Self, TypeVar, overload

Row = TypeVar("Row", covariant=True)


class Rows(Sequence[Row], Generic[Row]):
    """An immutable sequence of rows with a name.

    Subclasses take the rows and the name as their first two arguments, and slices are of the same class and name.

    Args:
        rows: the rows.
        name: the name of the corpus.
    """

    #: What `repr` calls the rows.
    _unit: ClassVar[str] = "rows"

    def __init__(self, rows: Iterable[Row], name: str = "") -> None:
        self._rows = tuple(rows)
        self.name = name

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Row | Self:
        return type(self)(self._rows[index], self.name) if isinstance(index, slice) else self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        # The name is a label: a slice of everything, or a copy under another name, is equal.
        return isinstance(other, type(self)) and self._rows == other._rows

    def __hash__(self) -> int:
        return hash(self._rows)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, {self._unit}={len(self)})"
