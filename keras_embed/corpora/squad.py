"""Questions in the JSON of SQuAD, and predictions in the JSON that its official scripts read."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from keras_embed._atomic import write_atomically
from keras_embed._errors import message
from keras_embed.corpora._lines import Source, numbered_lines, source_name
from keras_embed.corpora.questions import Answer, Question


def read_squad(file: Source, check_places: bool = True) -> Iterator[Question]:
    """Reads SQuAD 1.1 or 2.0, or any other data in the same form.

    Questions that the text does not answer have no answers; the "plausible answers" of version 2.0 are passed over.

    Args:
        file: a path or an open file; gz and xz are read directly.
        check_places: whether an answer that does not stand where the file says is an error. If not, it loses its place;
            see `Questions.located`. Translated data need that.

    Yields:
        `Question`.

    Raises:
        ValueError: naming the file and the question, for what is no JSON, lacks a key, or gives an answer another place
            than it has.

    References:
        Rajpurkar et al. 2016, https://aclanthology.org/D16-1264; Rajpurkar et al. 2018,
        https://aclanthology.org/P18-2124.

    Example:
    >>> import io
    >>> qas = [{"id": "1", "question": "Where?", "answers": [{"text": "Rome", "answer_start": 3}]}]
    >>> data = {"data": [{"title": "Ada", "paragraphs": [{"context": "In Rome.", "qas": qas}]}]}
    >>> [question] = read_squad(io.StringIO(json.dumps(data)))
    >>> question.question, question.answers
    ('Where?', (Answer(text='Rome', start=3),))
    """
    name = source_name(file)
    try:
        data = json.loads("\n".join(line for _, line in numbered_lines(file)))
    except json.JSONDecodeError as error:
        received = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise ValueError(f"{name}: {message('JSON', received)}") from error
    articles = _get(data, "data", list, name)
    for number, article in enumerate(articles):
        title = article.get("title", "") if isinstance(article, dict) else ""
        where = f"{name}, article {number}"
        for paragraph in _get(article, "paragraphs", list, where):
            context = _get(paragraph, "context", str, where)
            for asked in _get(paragraph, "qas", list, where):
                yield _question(asked, context, title, where, check_places)


def _question(asked: Any, context: str, title: str, where: str, check_places: bool) -> Question:
    id_ = str(_get(asked, "id", (str, int), where))
    where = f"{where}, question {id_}"
    answers = []
    # The test sets have no answers at all.
    for given in _get(asked, "answers", list, where) if "answers" in asked else ():
        text, start = _get(given, "text", str, where), _get(given, "answer_start", int, where)
        stands = start >= 0 and context[start : start + len(text)] == text
        if not stands and check_places:
            received = f"{context[max(start, 0) : max(start, 0) + len(text)]!r} there"
            expected = f"the answer {text!r} at character {start} of the text"
            raise ValueError(f"{where}: {message(expected, received, 'check_places=False')}")
        answers.append(Answer(text, start if stands else None))
    return Question(_get(asked, "question", str, where), context, tuple(answers), id_, title)


def _get(mapping: Any, key: str, kind: Any, where: str) -> Any:
    if not isinstance(mapping, dict) or not isinstance(mapping.get(key), kind):
        received = f"the keys {sorted(mapping)}" if isinstance(mapping, dict) else type(mapping).__name__
        if isinstance(mapping, dict) and key in mapping:
            received = repr(mapping[key])
        names = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise ValueError(f"{where}: {message(f'an object with {key!r}, a {names}', received)}")
    return mapping[key]


def write_squad_predictions(predictions: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes what SQuAD's official scripts read: answers by id, or the probabilities that there is none.

    Args:
        predictions: from a question's id to the answer's text, "" for none; or to a number, for `--na-prob-file`.
        path: the file to write. It appears when it is complete.

    Raises:
        ValueError: for a value that is neither, naming the question.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_squad_predictions({"1": "Rome", "2": ""}, Path(folder) / "predictions.json")
    ...     print((Path(folder) / "predictions.json").read_text())
    {"1": "Rome", "2": ""}
    """
    rows: dict[str, Any] = {}
    for id_, answer in predictions.items():
        if isinstance(answer, str):
            rows[str(id_)] = answer
            continue
        try:
            rows[str(id_)] = float(answer)
        except (TypeError, ValueError):
            received = f"{answer!r} for question {id_}"
            raise ValueError(message("the text of an answer, or a probability", received)) from None
    write_atomically(path, json.dumps(rows, ensure_ascii=False))
