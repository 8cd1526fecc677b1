"""Parallel text: what says the same in two languages, line by line."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, overload

from keras_embed.corpora._lines import Source, error, numbered_lines, source_name


class Translation(NamedTuple):
    """A text and its translation.

    Args:
        source: the text.
        target: the same in the other language.

    Example:
    >>> source, target = Translation("Go.", "Va !")
    """

    source: str
    target: str

    def reversed(self) -> "Translation":
        """The other way round."""
        return Translation(self.target, self.source)


class Translations(Sequence[Translation]):
    """An immutable list of translations with a name.

    Args:
        pairs: any iterable of `Translation`, such as a reader, or of pairs of strings.
        name: where they come from.

    Example:
    >>> corpus = Translations([("Go.", "Va !"), ("Run!", "Cours !")], name="mine")
    >>> corpus
    Translations(name='mine', pairs=2)
    >>> corpus.sources, corpus.targets
    (['Go.', 'Run!'], ['Va !', 'Cours !'])
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], name: str = "") -> None:
        self._pairs = tuple(itertools.starmap(Translation, pairs))
        self.name = name

    @overload
    def __getitem__(self, index: int) -> Translation: ...

    @overload
    def __getitem__(self, index: slice) -> "Translations": ...

    def __getitem__(self, index: int | slice) -> "Translation | Translations":
        if isinstance(index, slice):
            return Translations(self._pairs[index], self.name)
        return self._pairs[index]

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[Translation]:
        return iter(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Translations) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Translations(name={self.name!r}, pairs={len(self)})"

    @property
    def sources(self) -> list[str]:
        """The texts."""
        return [pair.source for pair in self._pairs]

    @property
    def targets(self) -> list[str]:
        """Their translations."""
        return [pair.target for pair in self._pairs]

    def reversed(self) -> "Translations":
        """The same pairs, the other way round."""
        return Translations((pair.reversed() for pair in self._pairs), self.name)


def read_translations(source_file: Source, target_file: Source) -> Iterator[Translation]:
    r"""Streams pairs from two files that belong together line by line. White space around a line is dropped.

    Args:
        source_file: a path or an open file, a text a line; gz and xz are read directly.
        target_file: the translations of these lines.

    Yields:
        `Translation`.

    Raises:
        ValueError: while reading, with file and line: for an empty line, a file that ends before the other, bytes that
            are not UTF-8, a truncated file, an empty file.

    Example:
    >>> import io
    >>> next(read_translations(io.StringIO("Go.\n"), io.StringIO("Va !\n")))
    Translation(source='Go.', target='Va !')
    """
    files = (source_file, target_file)
    number = 0
    for number, lines in enumerate(itertools.zip_longest(*map(numbered_lines, files)), start=1):
        texts = []
        for file, line in zip(files, lines, strict=True):
            if line is None:
                names = ", ".join(map(source_name, files))
                raise error(file, number, f"files of the same length ({names})", "the end of this one before the other")
            texts.append(line[1].strip())
            if not texts[-1]:
                raise error(file, number, "a text in each line", "an empty line", "to leave the pair out of both files")
        yield Translation(*texts)
    if not number:
        raise error(source_file, 1, "at least one pair", "an empty file")


def read_tab_separated(file: Source) -> Iterator[Translation]:
    r"""Streams pairs from one file: text, tab, translation. Further columns, such as a licence, are passed over.

    Args:
        file: a path or an open file; gz and xz are read directly.

    Yields:
        `Translation`.

    Raises:
        ValueError: while reading, with file and line: for a line without two texts, bytes that are not UTF-8, a
            truncated file, an empty file.

    Example:
    >>> import io
    >>> next(read_tab_separated(io.StringIO("Go.\tVa !\n")))
    Translation(source='Go.', target='Va !')
    """
    number = 0
    for number, line in numbered_lines(file):
        columns = [column.strip() for column in line.split("\t")[:2]]
        if len(columns) < 2 or not all(columns):
            raise error(file, number, "a text, a tab and its translation", repr(line))
        yield Translation(*columns)
    if not number:
        raise error(file, 1, "at least one pair", "an empty file")
