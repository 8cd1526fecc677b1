"""Parallel texts: pairs of a text and its translation, and their readers."""

import itertools
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keras_embed.corpora.lines import Source, aligned_lines, line_error, numbered_lines, source_name
from keras_embed.corpora.rows import Rows


class Translation(NamedTuple):
    """A text and its translation.

    Args:
        source: the text.
        target: its translation.

    Example:
    >>> source, target = Translation("Go.", "Va !")
    """

    source: str
    target: str

    def reversed(self) -> "Translation":
        """Returns the pair with source and target exchanged."""
        return Translation(self.target, self.source)


class Translations(Rows[Translation]):
    """An immutable sequence of translations with a name.

    Args:
        pairs: any iterable of `Translation`, such as a reader, or of pairs of strings.
        name: name of the corpus.

    Example:
    >>> corpus = Translations([("Go.", "Va !"), ("Run!", "Cours !")], name="mine")
    >>> corpus
    Translations(name='mine', pairs=2)
    >>> corpus.sources, corpus.targets
    (['Go.', 'Run!'], ['Va !', 'Cours !'])
    """

    _unit = "pairs"

    def __init__(self, pairs: Iterable[tuple[str, str]], name: str = "") -> None:
        super().__init__(itertools.starmap(Translation, pairs), name)

    @property
    def sources(self) -> list[str]:
        """The texts."""
        return [pair.source for pair in self]

    @property
    def targets(self) -> list[str]:
        """Their translations."""
        return [pair.target for pair in self]

    def reversed(self) -> "Translations":
        """Returns the same pairs with sources and targets exchanged."""
        return Translations((pair.reversed() for pair in self), self.name)


def read_translations(source_file: Source, target_file: Source, encoding: str = "utf-8") -> Iterator[Translation]:
    r"""Streams pairs from two line-aligned files. Whitespace around a line is dropped.

    Args:
        source_file: a path or an open file, one text per line; gz and xz are decompressed.
        target_file: the translations of these lines.
        encoding: the encoding of both files.

    Yields:
        `Translation`.

    Raises:
        ValueError: While reading, with file and line: for an empty line, files of different lengths, bytes that are not
            UTF-8, a truncated file, an empty file.

    Example:
    >>> import io
    >>> next(read_translations(io.StringIO("Go.\n"), io.StringIO("Va !\n")))
    Translation(source='Go.', target='Va !')
    """
    files = (source_file, target_file)
    for number, lines in aligned_lines(*files, unit="pair", encoding=encoding):
        texts = [line.strip() for line in lines]
        for file, text in zip(files, texts, strict=True):
            if not text:
                advice = "to remove the pair from both files"
                raise line_error(file, number, "a text in each line", "an empty line", advice)
        yield Translation(*texts)


def read_tab_separated(file: Source, header: bool | None = None, encoding: str = "utf-8") -> Iterator[Translation]:
    r"""Streams pairs from one file: text, tab, translation. Further columns, such as a licence, are ignored.

    Args:
        file: a path, an open file or a list of lines; gz and xz are decompressed.
        header: True if the first line names the columns. None: if it consists of words such as "source" and "target"
            or codes of languages, which is a warning.
        encoding: the encoding of the file.

    Yields:
        `Translation`.

    Raises:
        ValueError: While reading, with file and line: for a line without two texts or with more columns than the
            first, invalid bytes, a truncated file, an empty file.

    Example:
    >>> import io
    >>> next(read_tab_separated(io.StringIO("Go.\tVa !\n")))
    Translation(source='Go.', target='Va !')
    """
    width = count = 0
    for number, line in numbered_lines(file, encoding):
        cells = line.split("\t")
        columns = [column.strip() for column in cells[:2]]
        if len(columns) < 2 or not all(columns):
            raise line_error(file, number, "a text, a tab and its translation", repr(line))
        if number == 1:
            width = len(cells)
            if header or (header is None and _is_header(file, columns)):
                continue
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise line_error(file, number, f"{width} columns, as in the first line", f"{len(cells)}: {line[:60]!r}")
        count += 1
        yield Translation(*columns)
    if not count:
        raise line_error(file, 1, "at least one pair", "an empty file")


_HEADER = frozenset("source target src tgt trg text translation input output reference".split())
_LANGUAGES = frozenset("ar cs da de el en es et fa fi fr he hi hu it ja ko nl no pl pt ro ru sv tr uk vi zh".split())


def _is_header(file: Source, columns: list[str]) -> bool:
    names = [column.casefold() for column in columns]
    if not (set(names) <= _HEADER or (set(names) <= _LANGUAGES and names[0] != names[1])):
        return False
    warnings.warn(
        f"{source_name(file)}, line 1: {columns} is taken for a header, not for a pair. header=False reads it as one.",
        stacklevel=2,
    )
    return True
