"""Labelled texts and pairs of texts, and their readers: tables, sentiment trees, SNLI, and the STS benchmark."""

import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from keras_embed._errors import check_one_of
from keras_embed.corpora.lines import Source, line_error, numbered_lines
from keras_embed.corpora.rows import Rows
from keras_embed.corpora.tables import Cell, Column, table_rows

Label: TypeAlias = str | float | tuple[str, ...] | None
"""A class, a score, any number of classes, or None for an unlabelled text."""


class LabelledText(NamedTuple):
    """A text and its label.

    Args:
        text: the text.
        label: a class; a tuple of classes for multi-label data; None for an unlabelled text.

    Example:
    >>> text, label = LabelledText("Great fun.", "positive")
    """

    text: str
    label: Label = None


class LabelledPair(NamedTuple):
    """Two texts and their relation.

    Args:
        first: a text, such as a premise.
        second: a text, such as a hypothesis.
        label: a class, a number such as a similarity, or None for an unlabelled pair.

    Example:
    >>> first, second, score = LabelledPair("A man runs.", "Someone runs.", 4.2)
    """

    first: str
    second: str
    label: Label = None


_LabelledRow = TypeVar("_LabelledRow", LabelledText, LabelledPair, covariant=True)


class _Labelled(Rows[_LabelledRow]):
    @property
    def labels(self) -> list[Label]:
        """The labels."""
        return [row.label for row in self]


class LabelledTexts(_Labelled[LabelledText]):
    """An immutable sequence of labelled texts with a name: training data of `TextClassifier`.

    Args:
        items: any iterable of `LabelledText`, such as a reader, or of pairs of a text and a label.
        name: name of the corpus.

    Example:
    >>> corpus = LabelledTexts([("Great fun.", "positive"), ("Dull.", "negative")], name="mine")
    >>> corpus
    LabelledTexts(name='mine', texts=2)
    >>> corpus.texts, corpus.labels
    (['Great fun.', 'Dull.'], ['positive', 'negative'])
    """

    _unit = "texts"

    def __init__(self, items: Iterable[tuple[str, Label]], name: str = "") -> None:
        super().__init__(itertools.starmap(LabelledText, items), name)

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return [row.text for row in self]


class LabelledPairs(_Labelled[LabelledPair]):
    """An immutable sequence of labelled pairs of texts with a name: training data of `PairClassifier`.

    Args:
        items: any iterable of `LabelledPair`, such as a reader, or of triples of two texts and a label.
        name: name of the corpus.

    Example:
    >>> corpus = LabelledPairs([("A man runs.", "Someone runs.", 4.2)], name="mine")
    >>> corpus.pairs, corpus.labels
    ([('A man runs.', 'Someone runs.')], [4.2])
    """

    _unit = "pairs"

    def __init__(self, items: Iterable[tuple[str, str, Label]], name: str = "") -> None:
        super().__init__(itertools.starmap(LabelledPair, items), name)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The two texts of each pair."""
        return [(row.first, row.second) for row in self]


# --- tables ---


def read_texts(
    file: Source,
    text: Column = 0,
    label: Column | None = 1,
    separator: str | None = None,
    header: bool | None = None,
    label_separator: str | None = None,
    encoding: str = "utf-8",
) -> Iterator[LabelledText]:
    r"""Streams texts and their classes from a table.

    In tables separated by commas or semicolons, cells may be quoted and contain line feeds, as spreadsheets write them.
    In tables separated by tabs, a quote is an ordinary character. JSON lines are read too, with columns by name; a
    list of strings as label becomes a tuple. Whitespace around labels is dropped. A table is read as a stream if
    `separator` and `header`, or the names of columns, are given, and into memory otherwise.

    Args:
        file: a path, an open file of text or bytes, or a list of lines; gz and xz are decompressed.
        text: the column of the text, by name or by index.
        label: the column of the class, or None for unlabelled texts.
        separator: the separator of columns. None infers it from all lines: a comma, a tab, a semicolon or a bar, if
            all rows have the same number of cells under it alone.
        header: True if the first line names the columns. None: if a column is given by name, and if the first line
            consists of words such as "text" and "label", which is a warning.
        label_separator: the separator between several classes of one text; labels are tuples then.
        encoding: the encoding of the file. Under "utf-8", byte-order marks of UTF-16 and UTF-32 are followed.

    Yields:
        `LabelledText`.

    Raises:
        ValueError: While reading, with file and line: for a line with too few columns or more than the first row, an
            empty label, a name that is not in the header, separators that fit equally well, an unterminated quote, a
            cell of more characters than `csv.field_size_limit()`, bytes that are invalid in the encoding, a truncated
            file, a file without rows.

    Example:
    >>> import io
    >>> next(read_texts(io.StringIO('id,review,stars\n7,"Well, no.",1\n'), "review", "stars"))
    LabelledText(text='Well, no.', label='1')
    >>> next(read_texts(io.StringIO('Yes "and" no.\t3,5\n'), separator="\t", label_separator=","))
    LabelledText(text='Yes "and" no.', label=('3', '5'))
    """
    checked = 1 if label is not None and label_separator is None else None
    for line, (first, cell) in table_rows(file, [text, label], separator, header, encoding, checked):
        classes: Label = cell.strip() if isinstance(cell, str) else cell
        if label_separator is not None and isinstance(cell, str):
            classes = tuple(filter(None, (one.strip() for one in cell.split(label_separator))))
        yield LabelledText(_text(file, line, first), classes)


def read_pairs(
    file: Source,
    first: Column = 0,
    second: Column = 1,
    label: Column | None = 2,
    separator: str | None = None,
    header: bool | None = None,
    scores: bool = False,
    encoding: str = "utf-8",
) -> Iterator[LabelledPair]:
    r"""Streams pairs of texts and their relation from a table; see `read_texts`.

    Args:
        file: a path or an open file; gz and xz are decompressed.
        first: the column of the first text, by name or by index.
        second: the column of the second text.
        label: the column of the class or the score, or None for unlabelled pairs.
        separator: the separator of columns; None infers it.
        header: True if the first line names the columns; None infers it.
        scores: True if labels are numbers.
        encoding: the encoding of the file.

    Yields:
        `LabelledPair`.

    Raises:
        ValueError: As `read_texts`, and for a score that is not a number.

    Example:
    >>> import io
    >>> next(read_pairs(io.StringIO('A man runs.,"Someone, a man, runs.",4.2\n'), scores=True))
    LabelledPair(first='A man runs.', second='Someone, a man, runs.', label=4.2)
    """
    checked = 2 if label is not None and not scores else None
    for line, (one, two, cell) in table_rows(file, [first, second, label], separator, header, encoding, checked):
        value: Label = cell.strip() if isinstance(cell, str) else cell
        if scores and cell is not None:
            value = _score(file, line, cell)
        yield LabelledPair(_text(file, line, one), _text(file, line, two), value)


def _text(file: Source, line: int, cell: Cell) -> str:
    if not isinstance(cell, str):
        raise line_error(file, line, "a text", repr(cell))
    return cell


def _score(file: Source, line: int, cell: Cell) -> float:
    try:
        number = float(cell) if isinstance(cell, str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        advice = "header=True if the line names the columns, or scores=False for classes"
        raise line_error(file, line, "a number as score", repr(cell), advice)
    return number


def _check_not_empty(file: Source, count: int, unit: str) -> None:
    if not count:
        raise line_error(file, 1, f"at least one {unit}", "a file without any")


# --- the Stanford Sentiment Treebank ---

_TREE_TOKEN = re.compile(r"[()]|[^\s()]+")
_CLASSES = {
    5: ("very negative", "negative", "neutral", "positive", "very positive"),
    2: ("negative", "negative", None, "positive", "positive"),
}
_ESCAPES = {"-LRB-": "(", "-RRB-": ")"}


def read_sst(file: Source, classes: int = 5, phrases: bool = False, encoding: str = "utf-8") -> Iterator[LabelledText]:
    r"""Streams sentences, or all their phrases, from trees such as `(3 (2 Effective) (2 film))`, one per line.

    The escapes `-LRB-`, `-RRB-`, `\/` and `\*` are decoded.

    Args:
        file: a path or an open file, such as `train.txt` of `trainDevTestTrees_PTB.zip`; gz and xz are decompressed.
        classes: 5, from "very negative" to "very positive"; or 2, "negative" and "positive", without neutral texts.
        phrases: if True, yields every phrase down to single words, as models are trained on; otherwise the sentences.
        encoding: the encoding of the file.

    Yields:
        `LabelledText` with tokens separated by spaces: the whole sentence first, then its phrases in the order of their
        first words, the longer one first.

    Raises:
        ValueError: While reading, with file and line: for a line that is not a tree with labels 0 to 4, bytes that are
            not UTF-8, a truncated file, a file without trees.

    References:
        Socher et al. 2013, https://aclanthology.org/D13-1170.

    Example:
    >>> import io
    >>> list(read_sst(io.StringIO("(3 (2 Effective) (4 film))\n"), classes=2, phrases=True))
    [LabelledText(text='Effective film', label='positive'), LabelledText(text='film', label='positive')]
    """
    check_one_of("classes", classes, list(_CLASSES))
    names, count = _CLASSES[classes], 0
    for number, line in numbered_lines(file, encoding):
        if not line.strip():
            continue
        spans = _tree_spans(file, number, line)
        count += 1
        for words, grade in spans if phrases else spans[:1]:
            name = names[grade]
            if name is not None:
                yield LabelledText(" ".join(words), name)
    _check_not_empty(file, count, "tree")


def _tree_spans(file: Source, number: int, line: str) -> list[tuple[list[str], int]]:
    """Returns the words and the grade of each node, in the order of the opening brackets."""

    def wrong(what: str) -> ValueError:
        return line_error(file, number, "a tree such as (3 (2 Effective) (2 film))", f"{what} in {line[:60]!r}")

    words: list[str] = []
    nodes: list[tuple[int, int, int]] = []  # grade, index of the first word, index after the last word
    open_nodes: list[int] = []  # a stack of indices into `nodes`
    parts = iter(_TREE_TOKEN.findall(line))
    # One pass over the tokens; a node is opened by "(" and its grade, and closed by ")".
    for part in parts:
        if part == "(":
            if nodes and not open_nodes:
                raise wrong("a second tree")
            grade = next(parts, "")
            if grade not in {"0", "1", "2", "3", "4"}:
                raise wrong(f"{grade!r} as label")
            open_nodes.append(len(nodes))
            nodes.append((int(grade), len(words), -1))
        elif not open_nodes:
            raise wrong(f"{part!r} outside of brackets")
        elif part == ")":
            # The node spans the words since its opening bracket.
            grade_of, start, _ = nodes[open_nodes[-1]]
            if start == len(words):
                raise wrong("a node without words")
            nodes[open_nodes.pop()] = (grade_of, start, len(words))
        else:
            words.append(_ESCAPES.get(part, part.replace("\\/", "/").replace("\\*", "*")))
    if open_nodes or not nodes:
        raise wrong("a bracket that does not close" if open_nodes else "no bracket")
    return [(words[start:stop], grade_of) for grade_of, start, stop in nodes]


# --- SNLI and the STS benchmark ---

_UNDECIDED = "-"
_STS_SCORE, _STS_FIRST, _STS_SECOND = 4, 5, 6


def read_snli(file: Source, undecided: bool = False, encoding: str = "utf-8") -> Iterator[LabelledPair]:
    r"""Streams premises, hypotheses and their relation from JSON lines, as in SNLI, MultiNLI and XNLI.

    Args:
        file: a path or an open file, such as `snli_1.0_train.jsonl`; gz and xz are decompressed.
        undecided: if True, also yields pairs on which the annotators did not agree, with the label None. Published
            results leave them out.
        encoding: the encoding of the file.

    Yields:
        `LabelledPair` with the labels "entailment", "neutral" and "contradiction".

    Raises:
        ValueError: While reading, with file and line: for a line that is not an object with `sentence1`, `sentence2`
            and `gold_label`, bytes that are not UTF-8, a truncated file, a file without pairs.

    References:
        Bowman et al. 2015, https://aclanthology.org/D15-1075.

    Example:
    >>> import io
    >>> line = '{"gold_label": "neutral", "sentence1": "A man eats.", "sentence2": "A man eats fish."}\n'
    >>> next(read_snli(io.StringIO(line)))
    LabelledPair(first='A man eats.', second='A man eats fish.', label='neutral')
    """
    count = 0
    for number, line in numbered_lines(file, encoding):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            pair = [record[name] for name in ("sentence1", "sentence2", "gold_label")]
        except (ValueError, KeyError, TypeError) as wrong:
            expected = "an object with sentence1, sentence2 and gold_label"
            raise line_error(file, number, expected, f"{type(wrong).__name__}: {wrong}") from wrong
        # JSON allows null and numbers.
        if not all(isinstance(text, str) for text in pair):
            raise line_error(file, number, "strings as sentence1, sentence2 and gold_label", repr(pair)[:100])
        count += 1
        if pair[2] != _UNDECIDED:
            yield LabelledPair(*pair)
        elif undecided:
            yield LabelledPair(pair[0], pair[1], None)
    _check_not_empty(file, count, "pair")


def read_sts(file: Source, encoding: str = "utf-8") -> Iterator[LabelledPair]:
    r"""Streams pairs and their similarity, 0 to 5, from a file of the STS benchmark.

    Its columns are genre, file, year, number, score, first text and second text, separated by tabs, without quotes;
    some lines have further columns. Versions converted to CSV are read by `read_pairs(file, scores=True)`.

    Args:
        file: a path or an open file, such as `sts-dev.csv`; gz and xz are decompressed.
        encoding: the encoding of the file.

    Yields:
        `LabelledPair` with float labels.

    Raises:
        ValueError: While reading, with file and line: for too few columns, a score that is not a number, bytes that are
            not UTF-8, a truncated file, a file without pairs.

    References:
        Cer et al. 2017, https://aclanthology.org/S17-2001.

    Example:
    >>> import io
    >>> next(read_sts(io.StringIO("main-captions\tMSRvid\t2012test\t1\t5.000\tA man runs.\tA man is running.\n")))
    LabelledPair(first='A man runs.', second='A man is running.', label=5.0)
    """
    count = 0
    for number, line in numbered_lines(file, encoding):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) <= _STS_SECOND:
            expected, advice = (
                f"at least {_STS_SECOND + 1} columns between tabs",
                "read_pairs(file, scores=True) for CSV",
            )
            raise line_error(file, number, expected, f"{len(cells)}", advice)
        count += 1
        grade = _score(file, number, cells[_STS_SCORE])
        yield LabelledPair(cells[_STS_FIRST].strip(), cells[_STS_SECOND].strip(), grade)
    _check_not_empty(file, count, "pair")


# --- forms of single corpora ---


def read_label_first(file: Source, names: Sequence[str], encoding: str = "latin-1") -> Iterator[LabelledText]:
    """Streams texts from lines such as `0 a text`: the index of the class in `names`, a space, the text."""
    for number, line in numbered_lines(file, encoding):
        index, _, text = line.strip().partition(" ")
        if not index.isdecimal() or int(index) >= len(names) or not text:
            expected = f"an integer below {len(names)}, a space and a text"
            raise line_error(file, number, expected, repr(line[:60]))
        yield LabelledText(text, names[int(index)])


def read_label_ids(file: Source, names_file: Source) -> Iterator[LabelledText]:
    """Streams texts from lines with a text, a tab and ids between commas: indices of the lines of `names_file`."""
    names = [name for _, line in numbered_lines(names_file) if (name := line.strip())]
    for line, (text, cell) in table_rows(file, [0, 1], "\t", False, "utf-8"):
        ids = [one.strip() for one in str(cell).split(",") if one.strip()]
        if not all(one.isdecimal() and int(one) < len(names) for one in ids):
            raise line_error(file, line, f"integers below {len(names)}, separated by commas", repr(cell))
        yield LabelledText(str(text), tuple(names[int(one)] for one in ids))
