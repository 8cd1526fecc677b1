"""The trees of the Stanford Sentiment Treebank."""

import re
from collections.abc import Iterator

from keras_embed._errors import check_one_of
from keras_embed.corpora._lines import Source, error, numbered_lines
from keras_embed.corpora.labelled import LabelledText

_PARTS = re.compile(r"[()]|[^\s()]+")
_NAMES = {
    5: ("very negative", "negative", "neutral", "positive", "very positive"),
    2: ("negative", "negative", None, "positive", "positive"),
}
_ESCAPES = {"-LRB-": "(", "-RRB-": ")"}


def read_sst(file: Source, classes: int = 5, phrases: bool = False) -> Iterator[LabelledText]:
    r"""Streams sentences, or all their phrases, from trees such as `(3 (2 Effective) (2 film))`, one a line.

    Brackets and slashes that the trees write as `-LRB-`, `-RRB-`, `\/` and `\*` become what they stand for.

    Args:
        file: a path or an open file, such as `train.txt` of `trainDevTestTrees_PTB.zip`; gz and xz are read directly.
        classes: 5, from "very negative" to "very positive"; or 2, "negative" and "positive", without what is neutral.
        phrases: whether every phrase counts, down to the single word, as models are trained on; else the sentences.

    Yields:
        `LabelledText`; tokens are separated by spaces. The whole sentence comes first, then its phrases in the order
        in which they begin, the longer one first.

    Raises:
        ValueError: while reading, with file and line: for what is no tree with labels 0 to 4, bytes that are not
            UTF-8, a truncated file, a file without trees.

    References:
        Socher et al. 2013, https://aclanthology.org/D13-1170.

    Example:
    >>> import io
    >>> list(read_sst(io.StringIO("(3 (2 Effective) (4 film))\n"), classes=2, phrases=True))
    [LabelledText(text='Effective film', label='positive'), LabelledText(text='film', label='positive')]
    """
    check_one_of("classes", classes, list(_NAMES))
    names, count = _NAMES[classes], 0
    for number, line in numbered_lines(file):
        if not line.strip():
            continue
        spans = _spans(file, number, line)
        count += 1
        for words, grade in spans if phrases else spans[:1]:
            name = names[grade]
            if name is not None:
                yield LabelledText(" ".join(words), name)
    if not count:
        raise error(file, 1, "at least one tree", "a file without any")


def _spans(file: Source, number: int, line: str) -> list[tuple[list[str], int]]:
    """Words and grade of each node, in the order of their opening brackets."""

    def wrong(what: str) -> ValueError:
        return error(file, number, "a tree such as (3 (2 Effective) (2 film))", f"{what} in {line[:60]!r}")

    words: list[str] = []
    found: list[tuple[int, int, int]] = []  # grade, first word, word behind the last
    waiting: list[int] = []  # the nodes that are open
    parts = iter(_PARTS.findall(line))
    for part in parts:
        if part == "(":
            if found and not waiting:
                raise wrong("a second tree")
            grade = next(parts, "")
            if grade not in {"0", "1", "2", "3", "4"}:
                raise wrong(f"{grade!r} as label")
            waiting.append(len(found))
            found.append((int(grade), len(words), -1))
        elif not waiting:
            raise wrong(f"{part!r} outside of brackets")
        elif part == ")":
            grade_of, start, _ = found[waiting[-1]]
            if start == len(words):
                raise wrong("a node without words")
            found[waiting.pop()] = (grade_of, start, len(words))
        else:
            words.append(_ESCAPES.get(part, part.replace("\\/", "/").replace("\\*", "*")))
    if waiting or not found:
        raise wrong("a bracket that does not close" if waiting else "no bracket")
    return [(words[start:stop], grade_of) for grade_of, start, stop in found]
