"""Questions about texts, and the answers that stand in them."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, overload

from keras_embed.corpora.answers import closest_window, find_answer


class Answer(NamedTuple):
    """An answer, and where it stands in the text.

    Args:
        text: the answer.
        start: the number of its first character in the text, from 0; `None` where it does not stand there word by word,
            or nobody has looked.

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
        question: what is asked.
        context: the text.
        answers: `Answer`s, each of which is right; none where the text does not answer the question.
        id: its name, which predictions and scores go by.
        title: of what the text was taken from.
        comments: whatever else the corpus says of it.

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
        """The answers' texts."""
        return tuple(answer.text for answer in self.answers)

    def __hash__(self) -> int:
        return hash((self.question, self.context, self.answers, self.id, self.title))


class Questions(Sequence[Question]):
    """An immutable list of questions with a name.

    Args:
        questions: any iterable of `Question`, such as a reader.
        name: where they come from.

    Example:
    >>> Questions([Question("Where does Ada live?", "Ada lives in Rome.", (Answer("Rome", 13),))], name="mine")
    Questions(name='mine', questions=1)
    """

    def __init__(self, questions: Iterable[Question], name: str = "") -> None:
        self._questions = tuple(questions)
        self.name = name

    @overload
    def __getitem__(self, index: int) -> Question: ...

    @overload
    def __getitem__(self, index: slice) -> "Questions": ...

    def __getitem__(self, index: int | slice) -> "Question | Questions":
        if isinstance(index, slice):
            return Questions(self._questions[index], self.name)
        return self._questions[index]

    def __len__(self) -> int:
        return len(self._questions)

    def __iter__(self) -> Iterator[Question]:
        return iter(self._questions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Questions) and self._questions == other._questions

    def __hash__(self) -> int:
        return hash(self._questions)

    def __repr__(self) -> str:
        return f"Questions(name={self.name!r}, questions={len(self)})"

    @property
    def questions(self) -> list[str]:
        """What is asked."""
        return [question.question for question in self]

    @property
    def contexts(self) -> list[str]:
        """The texts."""
        return [question.context for question in self]

    def located(self, min_f1: float = 1.0) -> "Questions":
        """Those whose answers can be shown in the text, each answer with its place.

        An answer without a place gets that of its first occurrence, as `find_answer` sees it. One that does not occur
        gets, with `min_f1` below 1, the window of words that is closest to it, whose text it then is. Answers that
        neither finds are left out, and questions that had answers and have none left. Questions that never had an
        answer stay.

        Args:
            min_f1: least F1 of words between an answer and the window that stands for it; see `closest_window`.

        Example:
        >>> asked = Questions([Question("Where?", "Ada lives in the old city.", (Answer("an Old City"),))])
        >>> asked.located()[0].answers
        (Answer(text='old city', start=17),)
        """
        found = []
        for question in self:
            answers = [_located(question.context, answer, min_f1) for answer in question.answers]
            kept = tuple(answer for answer in answers if answer is not None)
            if kept or not question.answers:
                found.append(dataclasses.replace(question, answers=kept))
        return Questions(found, self.name)


def _located(context: str, answer: Answer, min_f1: float) -> Answer | None:
    if answer.start is not None:
        return answer
    place = find_answer(context, answer.text)
    if place is None and min_f1 < 1.0:
        score, *window = closest_window(context, answer.text)
        place = (window[0], window[1]) if score >= min_f1 else None
    return None if place is None else Answer(context[slice(*place)], place[0])
