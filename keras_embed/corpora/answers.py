"""Answers as strings: in the form in which they are compared, and looked for in a text."""

import functools
import re
import string
from collections import Counter

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WORD = re.compile(r"[^\s\-–—]+")
#: What stands around words, and how typewriters write it.
_MARKS = string.punctuation + "“”‘’„«»…"
_STRAIGHT = str.maketrans("‘’“”", "''\"\"")
#: A window may have so many times the words of the answer.
_LONGEST = 2


def normalize_answer(answer: str) -> str:
    """An answer as SQuAD's official script compares it.

    In lower case, without ASCII's punctuation, without the words "a", "an" and "the", one blank between words.

    Args:
        answer: any text.

    References:
        Rajpurkar et al. 2016, https://aclanthology.org/D16-1264.

    Example:
    >>> normalize_answer("The  Queen's daughter, an old-fashioned girl.")
    'queens daughter oldfashioned girl'
    """
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split())


def answer_f1(true: str, predicted: str) -> float:
    """F1 of the words that two answers share, by `normalize_answer`; 1 where both have none, 0 where one has none.

    Args:
        true: an answer.
        predicted: another one.

    Example:
    >>> answer_f1("an old house", "the old houses")
    0.5
    """
    return _f1(normalize_answer(true).split(), normalize_answer(predicted).split())


def _f1(true: list[str], predicted: list[str]) -> float:
    if not true or not predicted:
        return float(true == predicted)
    common = sum((Counter(true) & Counter(predicted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(true)
    return 2 * precision * recall / (precision + recall)


def find_answer(context: str, answer: str) -> tuple[int, int] | None:
    """Where an answer first stands in a text: as it is, or else as words that are equal by `normalize_answer`.

    Args:
        context: the text.
        answer: the answer.

    Returns:
        its first character and the one after its last; `None` where it does not occur. White space, punctuation marks
        and articles at its ends are no part of what is found by words.

    Example:
    >>> find_answer("He said: 'The  king is old.'", "a king IS old")
    (15, 26)
    """
    answer = answer.strip()
    if not answer:
        return None
    pattern = (r"\b" if answer[0].isalnum() else "") + re.escape(answer) + (r"\b" if answer[-1].isalnum() else "")
    verbatim = re.search(pattern, context)
    if verbatim:
        return verbatim.span()
    places = _words(context)
    words, wanted = [word for word, _, _ in places], [word for word, _, _ in _words(answer)]
    if not wanted:
        return None
    for first in range(len(words) - len(wanted) + 1):
        if words[first : first + len(wanted)] == wanted:
            return places[first][1], places[first + len(wanted) - 1][2]
    return None


def closest_window(context: str, answer: str) -> tuple[float, int, int]:
    """The words in a row that share most with an answer, for answers that do not stand in the text word by word.

    Args:
        context: the text.
        answer: the answer.

    Returns:
        F1 as `answer_f1` counts it, the first character and the one after the last. Of equally close windows it is the
        shortest, then the first. (0, 0, 0) where no word is shared.

    References:
        Kočiský et al. 2018, https://aclanthology.org/Q18-1023, choose spans to learn from like this.

    Example:
    >>> closest_window("She lived in a small old house.", "in an old house")
    (0.8571428571428571, 10, 30)
    """
    places = _words(context)
    wanted = Counter(word for word, _, _ in _words(answer))
    total = sum(wanted.values())
    best = (0.0, 0, 0, 0)  # F1, minus the number of words, first character, last
    for first, (word, start, _) in enumerate(places):
        if word not in wanted:
            continue  # a best window begins, and ends, with a word of the answer
        left, common = wanted.copy(), 0
        for length, (word, _, limit) in enumerate(places[first : first + _LONGEST * total], start=1):
            if left[word] <= 0:
                continue
            left[word] -= 1
            common += 1
            best = max(best, (2 * common / (length + total), -length, start, limit), key=lambda window: window[:2])
    return best[0], best[2], best[3]


@functools.lru_cache(maxsize=64)  # many questions are about one text
def _words(text: str) -> list[tuple[str, int, int]]:
    """Normalised words with their places, without the marks around them; what normalising removes is no word."""
    found = []
    for match in _WORD.finditer(text):
        inner = match.group().strip(_MARKS)
        word = normalize_answer(inner.translate(_STRAIGHT))
        if word:
            start = match.start() + match.group().index(inner)
            found.append((word, start, start + len(inner)))
    return found
