"""Questions about texts, and their answers, as users hand them over."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded
from keras_embed._errors import message
from keras_embed.corpora.answers import find_answer

#: No answer, as bytes of the text.
_NONE = (-1, -1)


def question_texts(x: Any) -> tuple[list[bytes], list[bytes]]:
    """Questions and their texts in UTF-8.

    Args:
        x: `corpora.Questions`, a list of `corpora.Question`, or of pairs of strings, question and text.

    Raises:
        ValueError: for one string, and naming the question that is nothing of the kind, or that UTF-8 cannot hold.
    """
    if isinstance(x, (str, bytes)):
        raise ValueError(message("a list of questions", x, "[(question, text)]"))
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for number, asked in enumerate(x):
        pair = (asked.question, asked.context) if hasattr(asked, "context") else asked
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            received = f"{pair!r} as question {number}"
            raise ValueError(message("a question and a text, or a corpora.Question", received, "(question, text)"))
        for side, one in zip(sides, pair, strict=True):
            side.append(encoded(one, number, what="text", of="question"))
    return sides


def answer_bytes(x: Sequence[Any], contexts: Sequence[bytes], y: Any = None) -> NDArray[np.int64]:
    """Where the answers stand, (N, 2): first byte and the one behind the last, (-1, -1) for no answer.

    Args:
        x: as in `question_texts`.
        contexts: its second answer.
        y: the answer of each question, `None`, a string or `(string, first character)`; the first one of each
            `corpora.Question` where `None`.

    Raises:
        ValueError: naming the question whose answer is nothing of the kind, or does not stand in its text, or not
            where it is said to.
    """
    if y is None:
        missing = next((number for number, asked in enumerate(x) if not hasattr(asked, "answers")), None)
        if missing is not None:
            raise ValueError(message("answers `y`, or a list of corpora.Question", f"{x[missing]!r} without answer"))
        y = [asked.answers[0] if asked.answers else None for asked in x]
    answers = list(y)
    if len(answers) != len(contexts):
        raise ValueError(message("as many answers as questions", f"{len(answers)} answers, {len(contexts)} questions"))
    rows = [_place(answer, contexts[number], number) for number, answer in enumerate(answers)]
    return np.array(rows, np.int64).reshape(-1, 2)


def _place(answer: Any, context: bytes, number: int) -> tuple[int, int]:
    pair = (answer, None) if answer is None or isinstance(answer, str) else answer
    if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], (str, type(None))):
        expected = "an answer: `None`, a string, or a string and the number of its first character"
        received = f"{answer!r} as answer {number}"
        raise ValueError(message(expected, received, "several answers: corpora.Question(question, text, answers)"))
    text, start = pair
    if not text:
        return _NONE
    string = context.decode("utf-8")
    if start is None:
        found = find_answer(string, text)
        if found is None:
            received = f"{text!r}, which does not, as answer {number}"
            raise ValueError(message("answers that stand in their text", received, "Questions.located(min_f1=...)"))
        start, end = found
    else:
        end = start + len(text)
        if start < 0 or string[start:end] != text:
            received = f"{string[max(start, 0) : max(end, 0)]!r} there, as answer {number}"
            raise ValueError(message(f"{text!r} at character {start} of its text", received, "Answer(text, None)"))
    return len(string[:start].encode()), len(string[:end].encode())


def question_columns(x: Any) -> tuple[Any, Any]:
    """Questions in any form as questions and texts, string (B,) each; bytes that are not UTF-8 become U+FFFD.

    Args:
        x: as in `question_texts`; or a dict with `question` and `context`, strings (B,); or a tuple of two tensors.
    """
    if isinstance(x, dict):
        missing = [name for name in ("question", "context") if name not in x]
        if missing:
            raise ValueError(message("a dict with `question` and `context`", sorted(x)))
        columns = [x["question"], x["context"]]
    elif isinstance(x, tuple) and len(x) == 2 and all(tf.is_tensor(side) for side in x):
        columns = list(x)
    else:
        columns = list(question_texts(x))
    flat = [tf.reshape(tf.convert_to_tensor(column, tf.string), [-1]) for column in columns]
    question, context = (tf.strings.unicode_transcode(column, "UTF-8", "UTF-8") for column in flat)
    return question, context


def answer_columns(y: dict[str, Any], contexts: Any) -> tuple[Any, Any]:
    """Answers as first byte and the one behind the last, (B,) int64 each, in graph code.

    Args:
        y: `text`, strings (B,), "" for no answer; `start`, ints (B,), the number of the first character.
        contexts: strings (B,).
    """
    text, start = (tf.reshape(tf.convert_to_tensor(y[name]), [-1]) for name in ("text", "start"))
    before = tf.strings.substr(contexts, tf.zeros_like(start), tf.maximum(start, 0), unit="UTF8_CHAR")
    first = tf.cast(tf.strings.length(before), tf.int64)
    there = (tf.strings.length(text) > 0) & (start >= 0)
    limit = first + tf.cast(tf.strings.length(text), tf.int64)
    return tf.where(there, first, -1), tf.where(there, limit, -1)
