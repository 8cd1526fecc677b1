"""Questions about texts, and their answers, from users' data to columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded
from keras_embed._errors import message
from keras_embed._types import StringData, TFTensor
from keras_embed.corpora.answers import find_answer

#: No answer, as bytes of the text.
_NONE = (-1, -1)


def question_texts(x: Iterable[Any]) -> tuple[list[bytes], list[bytes]]:
    """Returns questions and their texts in UTF-8.

    Args:
        x: `corpora.Questions`, a list of `corpora.Question`, or of pairs of strings, question and text.

    Raises:
        ValueError: If `x` is a string, or a question has another form or cannot be encoded in UTF-8. The message names
            the question.
    """
    if isinstance(x, (str, bytes)):
        raise ValueError(message("a list of questions", x, "[(question, text)]"))
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for index, asked in enumerate(x):
        pair = (asked.question, asked.context) if hasattr(asked, "context") else asked
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            received = f"{pair!r} as question {index}"
            raise ValueError(message("a question and a text, or a corpora.Question", received, "(question, text)"))
        for side, one in zip(sides, pair, strict=True):
            side.append(encoded(one, index, what="text", of="question"))
    return sides


def question_columns(x: StringData) -> tuple[TFTensor, TFTensor]:
    """Returns questions and texts as strings (B,) each; bytes that are not UTF-8 become U+FFFD.

    Args:
        x: as in `question_texts`; or a dict with `question` and `context`, strings (B,); or a tuple of two tensors.
    """
    if isinstance(x, Mapping):
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


def answer_bytes(
    x: Sequence[Any], contexts: Sequence[bytes], y: Sequence[str | tuple[str, int | None] | None] | None = None
) -> NDArray[np.int64]:
    """Returns the bytes of each answer in its text, (N, 2): first byte and the one after the last; (-1, -1) for none.

    Args:
        x: as in `question_texts`.
        contexts: the texts that it returns.
        y: the answer of each question: `None`, a string or `(string, index of its first character)`; by default the
            first answer of each `corpora.Question`.

    Raises:
        ValueError: If an answer has another form, or does not occur in its text, or not at its index. The message names
            the question.
    """
    if y is None:
        missing = next((index for index, asked in enumerate(x) if not hasattr(asked, "answers")), None)
        if missing is not None:
            raise ValueError(message("answers `y`, or a list of corpora.Question", f"{x[missing]!r} without answer"))
        y = [asked.answers[0] if asked.answers else None for asked in x]
    answers = list(y)
    if len(answers) != len(contexts):
        raise ValueError(message("as many answers as questions", f"{len(answers)} answers, {len(contexts)} questions"))
    rows = [_answer_range(answer, contexts[index], index) for index, answer in enumerate(answers)]
    return np.array(rows, np.int64).reshape(-1, 2)


def _answer_range(answer: object, context: bytes, index: int) -> tuple[int, int]:
    pair = (answer, None) if answer is None or isinstance(answer, str) else answer
    if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], (str, type(None))):
        expected = "an answer: `None`, a string, or a string and the index of its first character"
        received = f"{answer!r} as answer {index}"
        raise ValueError(message(expected, received, "several answers: corpora.Question(question, text, answers)"))
    text, start = pair
    if not text:
        return _NONE
    string = context.decode("utf-8")
    if start is None:
        found = find_answer(string, text)
        if found is None:
            received = f"{text!r}, which does not, as answer {index}"
            raise ValueError(message("answers that occur in their text", received, "Questions.located(min_f1=...)"))
        start, end = found
    else:
        end = start + len(text)
        if start < 0 or string[start:end] != text:
            received = f"{string[max(start, 0) : max(end, 0)]!r} there, as answer {index}"
            raise ValueError(message(f"{text!r} at character {start} of its text", received, "Answer(text, None)"))
    return len(string[:start].encode()), len(string[:end].encode())


def answer_columns(y: Mapping[str, TFTensor], contexts: TFTensor) -> tuple[TFTensor, TFTensor]:
    """Returns the first byte of each answer and the one after its last, (B,) int64 each, in graph code.

    Args:
        y: `text`, strings (B,), "" for no answer; `start`, ints (B,), the index of the first character.
        contexts: strings (B,).
    """
    text, start = (tf.reshape(tf.convert_to_tensor(y[name]), [-1]) for name in ("text", "start"))
    before = tf.strings.substr(contexts, tf.zeros_like(start), tf.maximum(start, 0), unit="UTF8_CHAR")
    first = tf.cast(tf.strings.length(before), tf.int64)
    present = (tf.strings.length(text) > 0) & (start >= 0)
    limit = first + tf.cast(tf.strings.length(text), tf.int64)
    return tf.where(present, first, -1), tf.where(present, limit, -1)
