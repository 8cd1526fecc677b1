"""Scores of each class and the confusion matrix of a classifier."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message

_SCORES = ("precision", "recall", "f1")
Counts = NDArray[np.integer[Any]]
Scores = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassificationReport:
    """Scores of a classifier, equal to scikit-learn's.

    Attributes:
        classes: Names of the K classes.
        precision: (K,) TP / (TP + FP).
        recall: (K,) TP / (TP + FN).
        f1: (K,) 2 TP / (2 TP + FP + FN), the harmonic mean of both.
        support: (K,) number of texts with the true label.
        accuracy: Share of texts whose label, or whose whole set of labels, is correct.
        averages: "micro", "macro" (mean over classes), "weighted" (mean weighted by support) and, in the multi-label
            case, "samples" (mean over texts), each a dict of "precision", "recall", "f1".
        confusion: (K, K), true class by predicted class; in the multi-label case (K, 2, 2), for each class
            [[TN, FP], [FN, TP]].
        multi_label: True if a text has any number of labels.
    """

    classes: tuple[str, ...]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]
    accuracy: float
    averages: dict[str, dict[str, float]]
    confusion: NDArray[np.int64]
    multi_label: bool

    def __str__(self) -> str:
        names = ["micro", "macro", "weighted", "samples"] if self.multi_label else ["macro", "weighted"]
        width = max(len("weighted avg"), *map(len, self.classes))
        lines = [" " * width + " " + "".join(f" {head:>9}" for head in ("precision", "recall", "f1-score", "support"))]
        lines.append("")
        for row, name in enumerate(self.classes):
            values = (self.precision[row], self.recall[row], self.f1[row])
            lines.append(_line(name, width, values, self.support[row]))
        lines.append("")
        total = self.support.sum()
        if not self.multi_label:
            lines.append(f"{'accuracy':>{width}}  {'':9} {'':9} {self.accuracy:9.2f} {total:9}")
        lines += [_line(f"{name} avg", width, self.averages[name].values(), total) for name in names]
        return "\n".join(lines) + "\n"


def _line(name: str, width: int, values: Iterable[float], support: int) -> str:
    return f"{name:>{width}} " + "".join(f" {value:9.2f}" for value in values) + f" {support:9}"


def classification_report(
    true: Sequence[str] | Sequence[Collection[str]],
    predicted: Sequence[str] | Sequence[Collection[str]],
    classes: Sequence[str] | None = None,
) -> ClassificationReport:
    """Computes precision, recall, F1, their averages and the confusion matrix of predicted labels.

        precision = TP / (TP + FP),    recall = TP / (TP + FN),    F1 = 2 TP / (2 TP + FP + FN)

    Equal to `sklearn.metrics.classification_report` and `confusion_matrix`.

    Args:
        true: A label for each text, or a list of labels for each text.
        predicted: The predicted labels, in the same form.
        classes: The classes, in the order of the report. `None`: those that occur, sorted. With one label for each
            text, classes that do not occur are left out, because they have no scores to average.

    Returns:
        `ClassificationReport`, with arrays and a readable `str`.

    Raises:
        ValueError: If the lengths or forms differ, a label is not among `classes`, or there are no texts.

    Example:
    >>> report = classification_report(["a", "a", "b"], ["a", "b", "b"])
    >>> round(report.accuracy, 2), report.f1.round(2).tolist(), report.confusion.tolist()
    (0.67, [0.67, 0.67], [[1, 1], [0, 1]])
    >>> print(report)
                  precision    recall  f1-score   support
    <BLANKLINE>
               a       1.00      0.50      0.67         2
               b       0.50      1.00      0.67         1
    <BLANKLINE>
        accuracy                           0.67         3
       macro avg       0.75      0.75      0.67         3
    weighted avg       0.83      0.67      0.67         3
    <BLANKLINE>
    """
    sides: list[list[Any]] = [list(true), list(predicted)]
    if len(sides[0]) != len(sides[1]) or not sides[0]:
        received = f"{len(sides[1])}, {len(sides[0])}"
        raise ValueError(message("as many predicted as true labels, at least one", received))
    multi_label = not isinstance(sides[0][0], str)
    if any(isinstance(label, str) == multi_label for side in sides for label in side):
        raise ValueError(message("a label for every text, or a list of labels for every text", "a mixture"))
    rows = [[set(labels) if multi_label else {labels} for labels in side] for side in sides]
    occurring = set().union(*rows[0], *rows[1])
    names = tuple(sorted(occurring) if classes is None else classes)
    unknown = sorted(occurring - set(names))
    if unknown:
        raise ValueError(message(f"labels among {list(names)}", unknown))
    if not multi_label:
        names = tuple(name for name in names if name in occurring)
    hot = [np.array([[name in labels for name in names] for labels in side]) for side in rows]  # (N, K) each
    return _report(names, hot[0], hot[1], multi_label)


def _report(
    names: tuple[str, ...], true: NDArray[np.bool_], predicted: NDArray[np.bool_], multi_label: bool
) -> ClassificationReport:
    # TP, TP + FN and TP + FP of each class.
    correct, support, found = (true & predicted).sum(0), true.sum(0), predicted.sum(0)  # (K,)
    each = _scores(correct, support, found)
    averages = {
        "micro": dict(zip(_SCORES, map(float, _scores(correct.sum(), support.sum(), found.sum())), strict=True)),
        "macro": {name: float(values.mean()) for name, values in zip(_SCORES, each, strict=True)},
        "weighted": {
            name: float(_ratio((values * support).sum(), support.sum()))
            for name, values in zip(_SCORES, each, strict=True)
        },
    }
    confusion = true.astype(np.int64).T @ predicted.astype(np.int64)  # (K, K)
    if multi_label:
        per_text = _scores((true & predicted).sum(1), true.sum(1), predicted.sum(1))
        averages["samples"] = {name: float(values.mean()) for name, values in zip(_SCORES, per_text, strict=True)}
        parts = [(~true & ~predicted), (~true & predicted), (true & ~predicted), (true & predicted)]  # TN, FP, FN, TP
        confusion = np.stack([part.sum(0) for part in parts], -1).reshape(-1, 2, 2)
    accuracy = float((true == predicted).all(1).mean())
    return ClassificationReport(names, *each, support, accuracy, averages, confusion, multi_label)


def _scores(correct: Counts, true: Counts, predicted: Counts) -> tuple[Scores, Scores, Scores]:
    """Returns precision, recall and F1."""
    return _ratio(correct, predicted), _ratio(correct, true), _ratio(2 * correct, true + predicted)


def _ratio(part: Counts | Scores, whole: Counts) -> Scores:
    """Divides; 0 where the denominator is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)
