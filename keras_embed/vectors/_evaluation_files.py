"""Files of analogy questions, and of word pairs with people's judgements."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

from keras_embed._errors import message

Question = tuple[str, str, str, str]
Pair = tuple[str, str, float]


def read_analogies(path: str | Path) -> dict[str, list[Question]]:
    """Questions by section, from a file in the form of Google's `questions-words.txt`, plain or gz.

    Args:
        path: lines `: section` and `a b c d`.

    Raises:
        ValueError: naming the line that is neither.
    """
    sections: dict[str, list[Question]] = {}
    for number, line in _lines(path):
        words = line.split()
        if line.startswith(":"):
            questions = sections.setdefault(line[1:].strip(), [])
        elif len(words) == 4 and sections:
            questions.append((words[0], words[1], words[2], words[3]))
        elif words:
            what = "four words" if sections else "a section, ': name',"
            raise ValueError(f"{path}, line {number}: " + message(f"{what} on the line", line))
    return sections


def read_pairs(path: str | Path, score_column: int = 2) -> list[Pair]:
    """Pairs of words and how alike people find them: WordSim-353, SimLex, MEN, RUSSE and files like them, plain or gz.

    Columns are split by tabs, commas or, where neither is there, blanks. Lines that begin with # are passed over, and
    so is a first line without a number.

    Args:
        path: the file; two words first.
        score_column: which column has the score, from 0.

    Raises:
        ValueError: naming the line that has no such score.
    """
    pairs: list[Pair] = []
    first = True
    for number, line in _lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        fields = _fields(line)
        try:
            pairs.append((fields[0].strip(), fields[1].strip(), float(fields[score_column])))
        except (ValueError, IndexError) as error:
            if not first:
                expected = f"two words, and a number in column {score_column}"
                raise ValueError(f"{path}, line {number}: " + message(expected, line)) from error
        first = False
    return pairs


def _lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a file, plain or gz, split at line feeds alone."""
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    for number, line in enumerate(data.decode("utf-8-sig").split("\n"), 1):
        yield number, line.rstrip("\r")


def _fields(line: str) -> list[str]:
    if "\t" in line:
        return line.split("\t")
    return next(csv.reader([line])) if "," in line else line.split()
