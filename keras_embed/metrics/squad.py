"""Answers to questions about texts, scored as SQuAD's official scripts do."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras_embed._errors import check_one_of, message
from keras_embed.corpora.answers import answer_f1, normalize_answer
from keras_embed.corpora.questions import Question

VERSIONS = ("1.1", "2.0")


def squad_scores(
    references: Any,
    predictions: Mapping[str, str] | Sequence[str],
    no_answer: Mapping[str, float] | Sequence[float] | None = None,
    version: str = "2.0",
    threshold: float = 1.0,
) -> dict[str, float]:
    """Exact match and F1 of answers, in percent: the numbers, and their names, of SQuAD's evaluation scripts.

    A prediction is compared with each reference answer, as `corpora.answers.normalize_answer` puts both, and the best counts.
    In version 1.1 a question without prediction counts as wrong, in version 2.0 it is left out, and a question without
    reference answers is answered rightly by "".

    Args:
        references: `corpora.Questions` or a list of `corpora.Question`; or lists of strings, the right answers of each
            question, or a mapping from an id to such a list.
        predictions: the text of each answer, "" for none, in the order of `references`, or by id.
        no_answer: for version 2.0: how sure it is that there is no answer, in the same order or by id. An answer
            counts as none where this is above `threshold`.
        version: "1.1" or "2.0".
        threshold: see `no_answer`.

    Returns:
        dict. Version 1.1: `exact_match`, `f1`. Version 2.0: `exact`, `f1`, `total`; `HasAns_exact`, `HasAns_f1`,
        `HasAns_total` of the questions with answers, and `NoAns_...` of those without, where there are such; with
        `no_answer` also `best_exact`, `best_exact_thresh`, `best_f1`, `best_f1_thresh`: the best score that any
        threshold gives, and that threshold.

    Raises:
        ValueError: for numbers of questions and predictions that differ, or nothing to score.

    References:
        Rajpurkar et al. 2016, https://aclanthology.org/D16-1264; Rajpurkar et al. 2018,
        https://aclanthology.org/P18-2124.

    Example:
    >>> squad_scores([["Rome", "the city of Rome"], []], ["in Rome", ""])["f1"]
    83.33333333333333
    >>> squad_scores([["Rome"]], ["rome."], version="1.1")
    {'exact_match': 100.0, 'f1': 100.0}
    """
    check_one_of("version", version, VERSIONS)
    answers = _references(references)
    predicted = _by_id(predictions, answers, "predictions")
    if version == "1.1":
        if no_answer is not None:
            raise ValueError(message("no `no_answer` for version 1.1", "some", 'version="2.0"'))
        given = [(_score(texts, predicted[id_]), predicted[id_]) for id_, texts in answers.items() if id_ in predicted]
        # This script finds no word in common, and so F1 0, where both have none.
        pairs = [(exact, f1 if normalize_answer(text) else 0.0) for (exact, f1), text in given]
        return dict(zip(("exact_match", "f1"), _means(pairs, len(answers)), strict=True))
    # What is nothing but articles and punctuation is no answer for the script.
    real = {id_: [text for text in texts if normalize_answer(text)] for id_, texts in answers.items()}
    raw = {id_: _score(texts or [""], predicted[id_]) for id_, texts in real.items() if id_ in predicted}
    if not raw:
        raise ValueError(message("predictions for some of the questions", f"ids {list(predicted)[:3]} of others"))
    unsure = dict.fromkeys(raw, 0.0)
    if no_answer is not None:
        unsure = {id_: float(value) for id_, value in _by_id(no_answer, answers, "no_answer").items()}
        missing = [id_ for id_ in raw if id_ not in unsure]
        if missing:
            raise ValueError(message("`no_answer` for every prediction", f"none for question {missing[0]}"))
    has = {id_: bool(answers[id_]) for id_ in raw}
    scores = {id_: (float(not has[id_]),) * 2 if unsure[id_] > threshold else raw[id_] for id_ in raw}
    found: dict[str, float] = _summary(list(scores.values()))
    for name, kind in (("HasAns", True), ("NoAns", False)):
        part = [scores[id_] for id_ in scores if has[id_] == kind]
        found |= {f"{name}_{key}": value for key, value in _summary(part).items()} if part else {}
    if no_answer is not None:
        for place, name in enumerate(("exact", "f1")):
            each = {id_: score[place] for id_, score in raw.items()}
            best = best_no_answer_threshold(each, predicted, unsure, has)
            found[f"best_{name}"], found[f"best_{name}_thresh"] = best
    return found


def best_no_answer_threshold(
    scores: Mapping[str, float],
    predictions: Mapping[str, str],
    no_answer: Mapping[str, float],
    has_answer: Mapping[str, bool],
) -> tuple[float, float]:
    """The threshold of "no answer" that gives the best mean score, as SQuAD 2.0's script finds it.

    Args:
        scores: of each prediction by itself, 0 to 1, by id.
        predictions: the answers' texts.
        no_answer: how sure it is that there is no answer.
        has_answer: whether there is one.

    Returns:
        the best score in percent, and the threshold: answers count as none where `no_answer` is above it. It is 0 where
        nothing is better than to answer no question at all.

    Raises:
        ValueError: for no predictions.

    Example:
    >>> best_no_answer_threshold({"1": 1.0, "2": 0.0}, {"1": "a", "2": "b"}, {"1": 0.2, "2": 0.7}, {"1": 1, "2": 0})
    (100.0, 0.2)
    """
    if not scores:
        raise ValueError(message("at least one score", "none"))
    # From answering nothing on, one question more is answered at a time, the surest first.
    best = current = float(sum(not has_answer[id_] for id_ in scores))
    threshold = 0.0
    for id_ in sorted((id_ for id_ in no_answer if id_ in scores), key=lambda id_: no_answer[id_]):
        current += scores[id_] if has_answer[id_] else -1.0 if predictions[id_] else 0.0
        if current > best:
            best, threshold = current, no_answer[id_]
    return 100.0 * best / len(scores), threshold


def _score(texts: Sequence[str], prediction: str) -> tuple[float, float]:
    """Exact match and F1 against the reference that is closest."""
    wanted = normalize_answer(prediction)
    exact = max((float(normalize_answer(text) == wanted) for text in texts), default=0.0)
    return exact, max((answer_f1(text, prediction) for text in texts), default=0.0)


def _means(scores: Sequence[tuple[float, float]], total: int) -> tuple[float, float]:
    exact, f1 = (100.0 * sum(score[place] for score in scores) / total for place in (0, 1))
    return exact, f1


def _summary(scores: Sequence[tuple[float, float]]) -> dict[str, float]:
    exact, f1 = _means(scores, len(scores))
    return {"exact": exact, "f1": f1, "total": len(scores)}


def _references(references: Any) -> dict[str, list[str]]:
    """Right answers by id; by place where there are no ids."""
    if isinstance(references, Mapping):
        found = {id_: list(texts) for id_, texts in references.items()}
    else:
        rows = list(references)
        if any(isinstance(row, str) for row in rows):
            raise ValueError(message("a list of right answers for each question", "a string", '[["Rome"]]'))
        texts = [list(row.texts if isinstance(row, Question) else row) for row in rows]
        found = dict(zip(_ids(rows), texts, strict=True))
    if not found:
        raise ValueError(message("at least one question", "none"))
    return found


def _ids(rows: Sequence[Any]) -> list[str]:
    ids = [getattr(row, "id", "") for row in rows]
    if not any(ids):
        return [str(number) for number in range(len(rows))]
    if len(set(ids)) != len(ids):
        twice = next(id_ for id_ in ids if ids.count(id_) > 1)
        raise ValueError(message("questions with different ids", f"{twice!r} more than once"))
    return ids


def _by_id(values: Any, answers: Mapping[str, Any], name: str) -> dict[str, Any]:
    if isinstance(values, Mapping):
        return dict(values)
    values = list(values)
    if len(values) != len(answers):
        received = f"{len(values)} for {len(answers)} questions"
        raise ValueError(message(f"as many `{name}` as questions", received, "a mapping by id, where some have none"))
    return dict(zip(answers, values, strict=True))
