"""The arrays of a file by name, taken one after the other and checked."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from keras_embed._errors import message

Shape = tuple[int, ...]


class Arrays:
    """Named arrays that are read when they are taken.

    Args:
        source: what errors call the file.
        shapes: name -> shape.
        read: from a name to its array.
        names: the name that a reader asks for -> the name in the file, where they differ.
    """

    def __init__(
        self,
        source: Any,
        shapes: Mapping[str, Shape],
        read: Callable[[str], Any],
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.source = str(source)
        self._shapes = dict(shapes)
        self._read = read
        self._names = dict(names) if names is not None else {name: name for name in shapes}
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def shape(self, name: str) -> Shape:
        """The shape of an array that must be there."""
        if name not in self._names:
            near = difflib.get_close_matches(name, self._names, n=3) or sorted(self._names)[:3]
            received = f"{len(self._names)} others" + (f", such as {', '.join(near)}" if near else "")
            raise ValueError(f"{self.source}: {message(f'an array {name}', received)}")
        return tuple(self._shapes[self._names[name]])

    def take(self, name: str, shape: Shape) -> Any:
        """An array as float32.

        Raises:
            ValueError: if it is missing or has another shape; with the file, the name and both shapes.
        """
        found = self.shape(name)
        if found != tuple(shape):
            raise ValueError(
                f"{self.source}: "
                + message(
                    f"{self._names[name]} of shape {tuple(shape)}",
                    f"shape {found}",
                    "the options of just these weights",
                )
            )
        self._taken.add(name)
        return np.asarray(self._read(self._names[name]), dtype="float32")

    def number(self, template: str) -> int:
        """How many of `template.format(0)`, `template.format(1)`... there are."""
        number = 0
        while template.format(number) in self:
            number += 1
        return number

    def check_all_taken(self) -> None:
        """Raises `ValueError` if a reader left arrays behind: then the settings are those of a smaller model."""
        left = sorted(set(self._names) - self._taken)
        if left:
            raise ValueError(
                f"{self.source}: "
                + message(
                    "no other weights than the options ask for",
                    f"{len(left)} more: {', '.join(left[:4])}",
                    "the options of just these weights",
                )
            )
