"""Answers as strings: normalisation, word overlap, and search in a text."""

import functools
import re
import string
from collections import Counter

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WORD = re.compile(r"[^\s\-–—]+")
#: Punctuation around words, and the ASCII forms of typographic quotes.
_AROUND_WORDS = string.punctuation + "“”‘’„«»…"
_STRAIGHT = str.maketrans("‘’“”", "''\"\"")
#: `closest_window` considers windows of at most this many times the words of the answer.
_MAX_LENGTH_RATIO = 2


def normalize_answer(answer: str) -> str:
    """Normalises an answer as SQuAD's official script does before a comparison.

    The result is in lower case, without ASCII punctuation, without the words "a", "an" and "the", with one space
    between words.

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
    """Computes the F1 of the words that two answers share, after `normalize_answer`.

    With `c` common words, precision is `c / len(predicted)` and recall is `c / len(true)`. The score is 1 if both
    answers are empty, and 0 if one is.

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
    """Finds the first occurrence of an answer in a text: verbatim, or as words that `normalize_answer` equates.

    Args:
        context: the text.
        answer: the answer.

    Returns:
        The index of its first character and the one after its last, or `None` if it does not occur. A match by words
        excludes whitespace, punctuation and articles at its ends.

    Example:
    >>> find_answer("He said: 'The  king is old.'", "a king IS old")
    (15, 26)
    """
    answer = answer.strip()
    if not answer:
        return None
    # Verbatim, as whole words.
    pattern = (r"\b" if answer[0].isalnum() else "") + re.escape(answer) + (r"\b" if answer[-1].isalnum() else "")
    verbatim = re.search(pattern, context)
    if verbatim:
        return verbatim.span()
    # By normalised words.
    spans = _words(context)
    words, wanted = [word for word, _, _ in spans], [word for word, _, _ in _words(answer)]
    if not wanted:
        return None
    for first in range(len(words) - len(wanted) + 1):
        if words[first : first + len(wanted)] == wanted:
            return spans[first][1], spans[first + len(wanted) - 1][2]
    return None


def closest_window(context: str, answer: str) -> tuple[float, int, int]:
    """Finds the consecutive words that share most with an answer, for answers that do not occur verbatim.

    Args:
        context: the text.
        answer: the answer.

    Returns:
        The F1 as `answer_f1` computes it, the index of the first character and the one after the last. Among equally
        close windows, the shortest is returned, then the first. (0, 0, 0) if no word is shared.

    References:
        Kočiský et al. 2018, https://aclanthology.org/Q18-1023, choose spans for training in this way.

    Example:
    >>> closest_window("She lived in a small old house.", "in an old house")
    (0.8571428571428571, 10, 30)
    """
    spans = _words(context)
    wanted = Counter(word for word, _, _ in _words(answer))
    total = sum(wanted.values())
    best = (0.0, 0, 0, 0)  # F1, minus the number of words, first character, character after the last
    for first, (word, start, _) in enumerate(spans):
        if word not in wanted:
            continue  # an optimal window begins and ends with a word of the answer
        # Extend the window word by word; `common` counts the matches, each word of the answer at most once.
        left, common = wanted.copy(), 0
        for length, (word, _, limit) in enumerate(spans[first : first + _MAX_LENGTH_RATIO * total], start=1):
            if left[word] <= 0:
                continue
            left[word] -= 1
            common += 1
            # F1 = 2 P R / (P + R) with P = common / length and R = common / total.
            best = max(best, (2 * common / (length + total), -length, start, limit), key=lambda window: window[:2])
    return best[0], best[2], best[3]


@functools.lru_cache(maxsize=64)  # many questions share one text
def _words(text: str) -> list[tuple[str, int, int]]:
    """Returns normalised words with their spans, without punctuation around them; empty ones are left out."""
    found = []
    for match in _WORD.finditer(text):
        inner = match.group().strip(_AROUND_WORDS)
        word = normalize_answer(inner.translate(_STRAIGHT))
        if word:
            start = match.start() + match.group().index(inner)
            found.append((word, start, start + len(inner)))
    return found
