"""Numbers that a classifier draws from labels: weights of classes, and thresholds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message


def class_sample_weights(
    labels: NDArray[Any], classes: Sequence[str], class_weight: Any, sample_weight: Any = None
) -> NDArray[np.float32]:
    """Weights of texts that make classes count as asked.

    Args:
        labels: (N,) class numbers; or (N, K) of 0 and 1, where a text has any number of labels.
        classes: K names.
        class_weight: label -> weight, 1 for labels left out; or "balanced": `N / (K n_k)`, scikit-learn's, so that
            every class weighs the same; with any number of labels, texts that have label k weigh as much as those that
            have not.
        sample_weight: (N,) weights to multiply, or `None`.

    Returns:
        (N,); or (N, K), where a text has any number of labels: the weight of a class counts where the text has it.
    """
    hot = labels if labels.ndim == 2 else np.eye(len(classes))[labels]
    counts = hot.sum(0)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(message('`class_weight` to be "balanced" or a dict', repr(class_weight)))
        whole = len(labels) - counts if labels.ndim == 2 else np.full(len(classes), len(labels) / len(classes))
        weights = np.where((counts > 0) & (whole > 0), whole / np.maximum(counts, 1), 1.0)
    else:
        weights = _named_weights(classes, class_weight)
    each = np.where(hot > 0, weights, 1.0) if labels.ndim == 2 else weights[labels]
    if sample_weight is not None:
        given = np.asarray(sample_weight, np.float64)
        each = each * (given[:, None] if each.ndim > given.ndim else given)
    return each.astype(np.float32)


def _named_weights(classes: Sequence[str], class_weight: Any) -> NDArray[np.float64]:
    if not isinstance(class_weight, Mapping):
        raise ValueError(message('`class_weight` to be "balanced" or a dict', class_weight, '{"spam": 5.0}'))
    unknown = [label for label in class_weight if label not in classes]
    if unknown:
        raise ValueError(message(f"weights for labels among {list(classes)}", unknown))
    weights = np.array([class_weight.get(name, 1.0) for name in classes], np.float64)
    if not (weights >= 0).all():
        raise ValueError(message("weights of classes that are not below 0", dict(class_weight)))
    return weights


def checked_thresholds(thresholds: Any, num_classes: int) -> NDArray[np.float32]:
    """One probability, or one for each class, as float32 (K,)."""
    values = np.asarray(thresholds, np.float32)
    if values.shape not in ((), (num_classes,)) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            message(f"`thresholds` to be a probability, or {num_classes} of them", thresholds, "thresholds=0.5")
        )
    return np.broadcast_to(values, (num_classes,)).copy()


def best_thresholds(true: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[np.float32]:
    """For each class the threshold with the best F1; 0.5 for classes without a text.

    Args:
        true: (N, K) of 0 and 1.
        probabilities: (N, K).

    Returns:
        (K,): half way between the least probability that is a label still and the next below.
    """
    thresholds = np.full(true.shape[1], 0.5, np.float32)
    for k in np.flatnonzero(true.sum(0)):
        order = np.argsort(-probabilities[:, k], kind="stable")
        ranked, correct = probabilities[order, k], np.cumsum(true[order, k])
        f1 = 2 * correct / (np.arange(1, len(ranked) + 1) + correct[-1])
        below = np.append(ranked[1:], -1.0)
        f1[below >= ranked] = -1.0  # equal probabilities cannot be told apart
        best = int(np.argmax(f1))
        middle = np.float32((float(ranked[best]) + max(0.0, float(below[best]))) / 2)
        thresholds[k] = middle if middle > below[best] else ranked[best]
    return thresholds
