"""Pairs with relations and similarities, in the files of SNLI and of the STS benchmark."""

import json
from collections.abc import Iterator

from keras_embed.corpora._lines import Source, error, numbered_lines
from keras_embed.corpora.labelled import LabelledPair
from keras_embed.corpora.tables import score

_UNDECIDED = "-"
_STS_SCORE, _STS_FIRST, _STS_SECOND = 4, 5, 6


def read_snli(file: Source, undecided: bool = False) -> Iterator[LabelledPair]:
    r"""Streams premises, hypotheses and their relation from JSON lines, as in SNLI, MultiNLI and XNLI.

    Args:
        file: a path or an open file, such as `snli_1.0_train.jsonl`; gz and xz are read directly.
        undecided: whether pairs on which the annotators did not agree are given too, with the label None. The
            published figures leave them out.

    Yields:
        `LabelledPair` with the labels "entailment", "neutral" and "contradiction".

    Raises:
        ValueError: while reading, with file and line: for a line that is no object with `sentence1`, `sentence2` and
            `gold_label`, bytes that are not UTF-8, a truncated file, a file without pairs.

    References:
        Bowman et al. 2015, https://aclanthology.org/D15-1075.

    Example:
    >>> import io
    >>> line = '{"gold_label": "neutral", "sentence1": "A man eats.", "sentence2": "A man eats fish."}\n'
    >>> next(read_snli(io.StringIO(line)))
    LabelledPair(first='A man eats.', second='A man eats fish.', label='neutral')
    """
    count = 0
    for number, line in numbered_lines(file):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            pair = [record[name] for name in ("sentence1", "sentence2", "gold_label")]
        except (ValueError, KeyError, TypeError) as wrong:
            expected = "an object with sentence1, sentence2 and gold_label"
            raise error(file, number, expected, f"{type(wrong).__name__}: {wrong}") from wrong
        if not all(isinstance(text, str) for text in pair):
            raise error(file, number, "strings as sentence1, sentence2 and gold_label", repr(pair)[:100])
        count += 1
        if pair[2] != _UNDECIDED:
            yield LabelledPair(*pair)
        elif undecided:
            yield LabelledPair(pair[0], pair[1], None)
    if not count:
        raise error(file, 1, "at least one pair", "a file without any")


def read_sts(file: Source) -> Iterator[LabelledPair]:
    r"""Streams pairs and their similarity, 0 to 5, from a file of the STS benchmark.

    Its columns are genre, file, year, number, score, first text and second text, separated by tabs, without quotes;
    some lines have further columns. What was made of it as CSV, `read_pairs(file, scores=True)` reads.

    Args:
        file: a path or an open file, such as `sts-dev.csv`; gz and xz are read directly.

    Yields:
        `LabelledPair` with float labels.

    Raises:
        ValueError: while reading, with file and line: for too few columns, a score that is no number, bytes that are
            not UTF-8, a truncated file, a file without pairs.

    References:
        Cer et al. 2017, https://aclanthology.org/S17-2001.

    Example:
    >>> import io
    >>> next(read_sts(io.StringIO("main-captions\tMSRvid\t2012test\t1\t5.000\tA man runs.\tA man is running.\n")))
    LabelledPair(first='A man runs.', second='A man is running.', label=5.0)
    """
    count = 0
    for number, line in numbered_lines(file):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) <= _STS_SECOND:
            advice = "read_pairs(file, scores=True), for CSV"
            raise error(file, number, f"at least {_STS_SECOND + 1} columns between tabs", f"{len(cells)}", advice)
        count += 1
        grade = score(file, number, cells[_STS_SCORE])
        yield LabelledPair(cells[_STS_FIRST].strip(), cells[_STS_SECOND].strip(), grade)
    if not count:
        raise error(file, 1, "at least one pair", "a file without any")
