"""What a classifier answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class ClassifiedText:
    """A classifier's answer for one text.

    Attributes:
        labels: its labels, the most probable first: exactly one, or, from a classifier with any number of labels, none
            to all.
        scores: the probability of each label.
        probabilities: of every class, by name.
    """

    labels: tuple[str, ...]
    scores: tuple[float, ...]
    probabilities: dict[str, float]

    @property
    def label(self) -> str | None:
        """The most probable label, `None` for a text without one."""
        return self.labels[0] if self.labels else None

    @property
    def probability(self) -> float | None:
        """The probability of `label`."""
        return self.scores[0] if self.scores else None


def classified_texts(answer: dict[str, Any]) -> list[ClassifiedText]:
    """The dense tensors of `ClassifierPreprocessor.postprocess` as Python objects."""
    arrays = {name: np.asarray(value) for name, value in answer.items()}
    probabilities = arrays["probabilities"].tolist()
    if "label" in arrays:
        labels, scores = arrays["label"][:, None], arrays["probability"][:, None]
        counts = [1] * len(probabilities)
    else:
        labels, scores = arrays["labels"], arrays["label_probabilities"]
        counts = arrays["num_labels"].tolist()
    classes = [name.decode("utf-8") for name in arrays["classes"][0]] if probabilities else []
    return [
        ClassifiedText(
            tuple(name.decode("utf-8") for name in labels[row, :count]),
            tuple(scores[row, :count].tolist()),
            dict(zip(classes, probabilities[row], strict=True)),
        )
        for row, count in enumerate(counts)
    ]
