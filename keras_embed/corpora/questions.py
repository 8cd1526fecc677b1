"""Questions about texts with extractive answers, and their readers: SQuAD and FairytaleQA."""

import csv
import dataclasses
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import IO, NamedTuple, TypeAlias, TypeVar, cast

from keras_embed._atomic import write_atomically
from keras_embed._errors import check_one_of, message
from keras_embed._types import PathLike
from keras_embed.corpora.answers import closest_window, find_answer
from keras_embed.corpora.lines import DECOMPRESSION_ERRORS, Source, numbered_lines, open_decompressed, source_name
from keras_embed.corpora.rows import Rows

_Found = TypeVar("_Found")
_Json: TypeAlias = "dict[str, _Json] | list[_Json] | str | int | float | bool | None"


class Answer(NamedTuple):
    """An answer and its position in the text.

    Args:
        text: the answer.
        start: index of its first character in the text; `None` if it does not occur verbatim, or is not located.

    Example:
    >>> Answer("Rome", 12)
    Answer(text='Rome', start=12)
    """

    text: str
    start: int | None = None


@dataclasses.dataclass(frozen=True)
class Question:
    """A question about a text.

    Args:
        question: the question.
        context: the text.
        answers: correct `Answer`s; empty if the text does not answer the question.
        id: its identifier in predictions and scores.
        title: the title of the document that the text is from.
        comments: further annotations of the corpus.

    Example:
    >>> question = Question("Where does Ada live?", "Ada lives in Rome.", (Answer("Rome", 13),), id="1")
    >>> question.texts
    ('Rome',)
    """

    question: str
    context: str
    answers: tuple[Answer, ...] = ()
    id: str = ""
    title: str = ""
    comments: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the answers."""
        return tuple(answer.text for answer in self.answers)

    def __hash__(self) -> int:
        # Without `comments`: mappings are not hashable.
        return hash((self.question, self.context, self.answers, self.id, self.title))


class Questions(Rows[Question]):
    """An immutable sequence of questions with a name.

    Args:
        questions: any iterable of `Question`, such as a reader.
        name: name of the corpus.

    Example:
    >>> Questions([Question("Where does Ada live?", "Ada lives in Rome.", (Answer("Rome", 13),))], name="mine")
    Questions(name='mine', questions=1)
    """

    _unit = "questions"

    def __init__(self, questions: Iterable[Question], name: str = "") -> None:
        super().__init__(questions, name)

    @property
    def questions(self) -> list[str]:
        """The questions as strings."""
        return [question.question for question in self]

    @property
    def contexts(self) -> list[str]:
        """The texts."""
        return [question.context for question in self]

    def located(self, min_f1: float = 1.0) -> "Questions":
        """Returns the questions whose answers can be located in the text, each answer with its position.

        An answer without a position gets the one of its first occurrence, as `find_answer` defines it. If it does not
        occur and `min_f1` is below 1, it is replaced by the closest window of words. Answers that neither method
        locates are dropped, and so are questions that lose all their answers. Questions without answers remain.

        Args:
            min_f1: minimum F1 of words between an answer and the window that replaces it; see `closest_window`.

        Example:
        >>> asked = Questions([Question("Where?", "Ada lives in the old city.", (Answer("an Old City"),))])
        >>> asked.located()[0].answers
        (Answer(text='old city', start=17),)
        """
        found = []
        for question in self:
            answers = [_located(question.context, answer, min_f1) for answer in question.answers]
            located = tuple(answer for answer in answers if answer is not None)
            if located or not question.answers:
                found.append(dataclasses.replace(question, answers=located))
        return Questions(found, self.name)


def _located(context: str, answer: Answer, min_f1: float) -> Answer | None:
    if answer.start is not None:
        return answer
    # An exact match first, then the closest window, if its F1 suffices.
    span = find_answer(context, answer.text)
    if span is None and min_f1 < 1.0:
        score, start, limit = closest_window(context, answer.text)
        span = (start, limit) if score >= min_f1 else None
    return None if span is None else Answer(context[slice(*span)], span[0])


# --- SQuAD ---


def read_squad(file: Source, check_places: bool = True, encoding: str = "utf-8") -> Iterator[Question]:
    """Streams questions from SQuAD 1.1 or 2.0, or any other data in the same format.

    Unanswerable questions have no answers; the "plausible answers" of version 2.0 are ignored.

    Args:
        file: a path or an open file; gz and xz are decompressed.
        check_places: if True, an answer that is not at its position is an error. If False, it loses its position; see
            `Questions.located`. Translated data need False.
        encoding: the encoding of the file.

    Yields:
        `Question`.

    Raises:
        ValueError: If the file is not JSON, a key is missing, or an answer is not at its position; with the file and
            the question.

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
        data = json.loads("\n".join(line for _, line in numbered_lines(file, encoding)))
    except json.JSONDecodeError as error:
        received = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise ValueError(f"{name}: {message('JSON', received)}") from error
    for index, article in enumerate(_get(data, "data", list, where=name)):
        title = str(article.get("title", "")) if isinstance(article, dict) else ""
        where = f"{name}, article {index}"
        for paragraph in _get(article, "paragraphs", list, where=where):
            context = _get(paragraph, "context", str, where=where)
            for record in _get(paragraph, "qas", list, where=where):
                yield _squad_question(record, context, title, where, check_places)


def _squad_question(record: _Json, context: str, title: str, where: str, check_places: bool) -> Question:
    id_ = str(_get(record, "id", str, int, where=where))
    where = f"{where}, question {id_}"
    answers = []
    # Records of the test sets have no key "answers".
    given = _get(record, "answers", list, where=where) if isinstance(record, dict) and "answers" in record else []
    for answer in given:
        text, start = _get(answer, "text", str, where=where), _get(answer, "answer_start", int, where=where)
        found = start >= 0 and context[start : start + len(text)] == text
        if not found and check_places:
            received = f"{context[max(start, 0) : max(start, 0) + len(text)]!r} there"
            expected = f"the answer {text!r} at character {start} of the text"
            raise ValueError(f"{where}: {message(expected, received, 'check_places=False')}")
        answers.append(Answer(text, start if found else None))
    return Question(_get(record, "question", str, where=where), context, tuple(answers), id_, title)


def _get(record: _Json, key: str, *kinds: type[_Found], where: str) -> _Found:
    """Returns an item of a JSON object; raises `ValueError` if it is missing or of none of the types `kinds`."""
    if isinstance(record, dict) and isinstance(record.get(key), kinds):
        return cast("_Found", record[key])
    if not isinstance(record, dict):
        received = type(record).__name__
    else:
        received = repr(record[key]) if key in record else f"the keys {sorted(record)}"
    names = " or ".join(kind.__name__ for kind in kinds)
    raise ValueError(f"{where}: {message(f'an object with {key!r}, a {names}', received)}")


def write_squad_predictions(predictions: Mapping[str, str | float], path: PathLike) -> None:
    """Writes predictions for SQuAD's official scripts: answers by id, or the probabilities of no answer.

    Args:
        predictions: maps the id of a question to the text of the answer, "" for no answer; or to a number, for
            `--na-prob-file`.
        path: the file to write; it is written atomically.

    Raises:
        ValueError: For a value that is neither, with the id of the question.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_squad_predictions({"1": "Rome", "2": ""}, Path(folder) / "predictions.json")
    ...     print((Path(folder) / "predictions.json").read_text())
    {"1": "Rome", "2": ""}
    """
    rows: dict[str, str | float] = {}
    for id_, answer in predictions.items():
        if isinstance(answer, str):
            rows[str(id_)] = answer
            continue
        try:
            rows[str(id_)] = float(answer)  # also NumPy scalars, which `json` refuses
        except (TypeError, ValueError):
            received = f"{answer!r} for question {id_}"
            raise ValueError(message("the text of an answer, or a probability", received)) from None
    write_atomically(path, json.dumps(rows, ensure_ascii=False))


# --- FairytaleQA ---

_FAIRYTALE_SPLITS = {"train": "train", "validation": "val", "test": "test"}
_FAIRYTALE_ANSWERS = tuple(f"answer{number}" for number in range(1, 7))


def read_fairytaleqa(archive: Source, split: str) -> Iterator[Question]:
    """Streams the questions of a split of FairytaleQA.

    The text of a question consists of the sections of the story that it is about, separated by an empty line. Answers
    that occur in it, up to case, punctuation and articles, have a position and the text found there; others have no
    position, see `Questions.located`.

    Args:
        archive: path of `fairytaleqa_by_split.tar`, also as gz or xz, or an open file.
        split: "train", "validation" or "test".

    Yields:
        `Question`, with the name of the story as `title`, and `comments`: `explicit` is "explicit" if an annotator
        found the answer in the text, otherwise "implicit"; `scope` is "local" or "summary"; `attribute` is a type such
        as "character" or "action".

    Raises:
        ValueError: If the archive is damaged or lacks a file, with the name of the file.

    References:
        Xu et al. 2022, https://aclanthology.org/2022.acl-long.34.
    """
    check_one_of("split", split, sorted(_FAIRYTALE_SPLITS))
    folder = _FAIRYTALE_SPLITS[split]
    files = _archive_files(archive, folder)
    # One table of questions and one of sections per story.
    tables = sorted(path for path in files if path.parent == PurePosixPath("questions") / folder)
    if not tables:
        received = f"an archive with {len(files)} files of that split"
        raise ValueError(f"{source_name(archive)}: {message(f'questions/{folder}/...csv', received)}")
    for path in tables:
        story = path.name.removesuffix("-questions.csv")
        story_path = PurePosixPath("section-stories") / folder / f"{story}-story.csv"
        where = f"{source_name(archive)}, {story_path}"
        if story_path not in files:
            raise ValueError(f"{where}: {message('the sections of each story', 'no such file')}")
        sections = {
            row["section"].strip(): row["text"] for row in _csv_rows(files[story_path], ("section", "text"), where)
        }
        where = f"{source_name(archive)}, {path}"
        for row in _csv_rows(files[path], ("question_id", "cor_section", "question", "ex-or-im1", "answer1"), where):
            yield _fairytale_question(row, story, sections, where)


def _fairytale_question(row: dict[str, str], story: str, sections: dict[str, str], where: str) -> Question:
    numbers = [number.strip() for number in row["cor_section"].split(",")]
    missing = [number for number in numbers if number not in sections]
    if missing:
        received = f"{missing} in question {row['question_id']}"
        raise ValueError(f"{where}: {message(f'sections among {list(sections)}', received)}")
    # A question may be about several sections, such as "1,2".
    context = "\n\n".join(sections[number] for number in numbers)
    texts = dict.fromkeys(row.get(column, "").strip() for column in _FAIRYTALE_ANSWERS)  # without duplicates
    comments = {
        "explicit": row["ex-or-im1"].strip(),
        "scope": row.get("local-or-sum", "").strip(),
        "attribute": row.get("attribute1", "").strip(),
    }
    answers = tuple(_located(context, Answer(text), 1.0) or Answer(text) for text in texts if text)
    return Question(row["question"].strip(), context, answers, f"{story}/{row['question_id'].strip()}", story, comments)


def _archive_files(archive: Source, folder: str) -> dict[PurePosixPath, bytes]:
    """Returns the files of a split by their paths. Some archives have one more folder around all files."""
    wanted = {("questions", folder), ("section-stories", folder)}
    found: dict[PurePosixPath, bytes] = {}
    try:
        with (
            open_decompressed(cast("PathLike | IO[bytes]", archive)) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            # In memory, nothing is extracted to disk.
            for member in tar:
                path = PurePosixPath(*PurePosixPath(member.name).parts[-3:])
                content = tar.extractfile(member) if path.parts[:2] in wanted else None
                if content is not None:
                    found[path] = content.read()
    except (*DECOMPRESSION_ERRORS, tarfile.TarError) as error:
        expected = "a complete tar archive, optionally compressed as gz or xz"
        received = f"{type(error).__name__}: {error}"
        raise ValueError(f"{source_name(archive)}: {message(expected, received)}") from error
    return found


def _csv_rows(content: bytes, columns: tuple[str, ...], where: str) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        found, rows = reader.fieldnames or (), list(reader)
    except (csv.Error, UnicodeDecodeError) as error:
        expected = f"a table in UTF-8 with cells of at most {csv.field_size_limit()} characters"
        advice = "csv.field_size_limit(10**8), for longer ones"
        raise ValueError(f"{where}: {message(expected, str(error), advice)}") from error
    if not set(columns) <= set(found):
        raise ValueError(f"{where}: {message(f'the columns {list(columns)}', found)}")
    return [{key: value or "" for key, value in row.items() if key} for row in rows]
