"""SQuAD's official scores of answers to questions."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from keras_embed._errors import check_one_of, message
from keras_embed.corpora.answers import answer_f1, normalize_answer
from keras_embed.corpora.questions import Question

VERSIONS = ("1.1", "2.0")
References: TypeAlias = Mapping[str, Sequence[str]] | Sequence[Question] | Sequence[Sequence[str]]


def squad_scores(
    references: References,
    predictions: Mapping[str, str] | Sequence[str],
    no_answer: Mapping[str, float] | Sequence[float] | None = None,
    version: str = "2.0",
    threshold: float = 1.0,
) -> dict[str, float]:
    """Computes exact match and F1 of answers, in percent, with the values and names of SQuAD's evaluation scripts.

        exact = mean_q max_r [prediction = r],    F1 = mean_q max_r F1(tokens of prediction, tokens of r)

    over the reference answers r of each question q, all normalised by `corpora.normalize_answer`. In version 1.1 a
    question without a prediction counts as wrong; in version 2.0 it is ignored, and "" is the correct answer to a
    question without reference answers.

    Args:
        references: `corpora.Questions` or a list of `corpora.Question`; or a list of reference answers for each
            question; or a mapping from an id to such a list.
        predictions: The text of each answer, "" for none, in the order of `references`, or by id.
        no_answer: For version 2.0: the score of "no answer" of each question, in the same order or by id. An answer
            counts as "" if its score is above `threshold`.
        version: "1.1" or "2.0".
        threshold: See `no_answer`.

    Returns:
        Dict. Version 1.1: `exact_match`, `f1`. Version 2.0: `exact`, `f1`, `total`; `HasAns_exact`, `HasAns_f1`,
        `HasAns_total` of the questions with answers, and `NoAns_...` of those without, if there are any; with
        `no_answer` also `best_exact`, `best_exact_thresh`, `best_f1`, `best_f1_thresh`: the best score of all
        thresholds, and that threshold.

    Raises:
        ValueError: If the numbers of questions and predictions differ, or there is nothing to score.

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
        # Without words on either side, the script of version 1.1 computes F1 0.
        pairs = [(exact, f1 if normalize_answer(text) else 0.0) for (exact, f1), text in given]
        return dict(zip(("exact_match", "f1"), _means(pairs, len(answers)), strict=True))
    # The script ignores reference answers that consist of articles and punctuation.
    real = {id_: [text for text in texts if normalize_answer(text)] for id_, texts in answers.items()}
    raw = {id_: _score(texts or [""], predicted[id_]) for id_, texts in real.items() if id_ in predicted}
    if not raw:
        raise ValueError(message("predictions for some of the questions", f"ids {list(predicted)[:3]} of others"))
    none_scores = dict.fromkeys(raw, 0.0)
    if no_answer is not None:
        none_scores = {id_: float(value) for id_, value in _by_id(no_answer, answers, "no_answer").items()}
        missing = [id_ for id_ in raw if id_ not in none_scores]
        if missing:
            raise ValueError(message("`no_answer` for every prediction", f"none for question {missing[0]}"))
    has = {id_: bool(answers[id_]) for id_ in raw}
    scores = {id_: (float(not has[id_]),) * 2 if none_scores[id_] > threshold else raw[id_] for id_ in raw}
    found: dict[str, float] = _summary(list(scores.values()))
    for name, kind in (("HasAns", True), ("NoAns", False)):
        part = [scores[id_] for id_ in scores if has[id_] == kind]
        found |= {f"{name}_{key}": value for key, value in _summary(part).items()} if part else {}
    if no_answer is not None:
        for column, name in enumerate(("exact", "f1")):
            each = {id_: score[column] for id_, score in raw.items()}
            best = best_no_answer_threshold(each, predicted, none_scores, has)
            found[f"best_{name}"], found[f"best_{name}_thresh"] = best
    return found


def best_no_answer_threshold(
    scores: Mapping[str, float],
    predictions: Mapping[str, str],
    no_answer: Mapping[str, float],
    has_answer: Mapping[str, bool],
) -> tuple[float, float]:
    """Finds the threshold of "no answer" with the best mean score, as SQuAD 2.0's script does.

    Args:
        scores: Score of each prediction, 0 to 1, by id.
        predictions: Texts of the answers, by id.
        no_answer: Score of "no answer" of each question, by id.
        has_answer: True for questions with an answer, by id.

    Returns:
        The best score in percent, and the threshold: an answer counts as "" if its `no_answer` is above it. The
        threshold is 0 if no threshold is better than answering no question.

    Raises:
        ValueError: If there are no predictions.

    References:
        Rajpurkar et al. 2018, https://aclanthology.org/P18-2124.

    Example:
    >>> best_no_answer_threshold({"1": 1.0, "2": 0.0}, {"1": "a", "2": "b"}, {"1": 0.2, "2": 0.7}, {"1": 1, "2": 0})
    (100.0, 0.2)
    """
    if not scores:
        raise ValueError(message("at least one score", "none"))
    # Start from answering no question. In ascending order of `no_answer`, one more question is answered at a time.
    best = current = float(sum(not has_answer[id_] for id_ in scores))
    threshold = 0.0
    for id_ in sorted((id_ for id_ in no_answer if id_ in scores), key=lambda id_: no_answer[id_]):
        current += scores[id_] if has_answer[id_] else -1.0 if predictions[id_] else 0.0
        if current > best:
            best, threshold = current, no_answer[id_]
    return 100.0 * best / len(scores), threshold


def _score(texts: Sequence[str], prediction: str) -> tuple[float, float]:
    """Returns exact match and F1, each with the best reference."""
    wanted = normalize_answer(prediction)
    exact = max((float(normalize_answer(text) == wanted) for text in texts), default=0.0)
    return exact, max((answer_f1(text, prediction) for text in texts), default=0.0)


def _means(scores: Sequence[tuple[float, float]], total: int) -> tuple[float, float]:
    exact, f1 = (100.0 * sum(score[column] for score in scores) / total for column in (0, 1))
    return exact, f1


def _summary(scores: Sequence[tuple[float, float]]) -> dict[str, float]:
    exact, f1 = _means(scores, len(scores))
    return {"exact": exact, "f1": f1, "total": len(scores)}


def _references(references: References) -> dict[str, list[str]]:
    """Returns the reference answers by id; the ids are indices if the questions have none."""
    if isinstance(references, Mapping):
        found = {id_: list(texts) for id_, texts in references.items()}
    else:
        rows: list[Any] = list(references)
        if any(isinstance(row, str) for row in rows):
            raise ValueError(message("a list of reference answers for each question", "a string", '[["Rome"]]'))
        texts = [list(row.texts if isinstance(row, Question) else row) for row in rows]
        found = dict(zip(_ids(rows), texts, strict=True))
    if not found:
        raise ValueError(message("at least one question", "none"))
    return found


def _ids(rows: Sequence[Any]) -> list[str]:
    ids = [getattr(row, "id", "") for row in rows]
    if not any(ids):
        return [str(index) for index in range(len(rows))]
    if len(set(ids)) != len(ids):
        duplicate = next(id_ for id_ in ids if ids.count(id_) > 1)
        raise ValueError(message("questions with different ids", f"{duplicate!r} more than once"))
    return ids


def _by_id(values: Mapping[str, Any] | Sequence[Any], answers: Mapping[str, Any], name: str) -> dict[str, Any]:
    if isinstance(values, Mapping):
        return dict(values)
    values = list(values)
    if len(values) != len(answers):
        received = f"{len(values)} for {len(answers)} questions"
        raise ValueError(message(f"as many `{name}` as questions", received, "a mapping by id, where some have none"))
    return dict(zip(answers, values, strict=True))
