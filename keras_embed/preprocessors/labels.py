"""Labels of texts and pairs: classes and scores, from users' data to numbers and back."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed._types import LabelData, StringData, Tensor, TFTensor


class ClassLabels:
    """The classes of a classifier and their ids.

    Args:
        classes: K different strings, in the order of their ids.
        multi_label: True if a text has any number of labels, False if it has exactly one.

    Raises:
        ValueError: If there are fewer than two classes (one, with `multi_label`), or if they are not different
            non-empty strings.

    Example:
    >>> ClassLabels(["bad", "good"]).encode(["good", "bad"]).tolist()
    [1, 0]
    >>> ClassLabels(["cheap", "fast"], multi_label=True).encode([["fast"], []]).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """

    def __init__(self, classes: Sequence[str], multi_label: bool = False) -> None:
        self.classes = tuple(classes)
        self.multi_label = multi_label
        least = 1 if multi_label else 2
        proper = all(isinstance(name, str) and name for name in self.classes)
        if not proper or len(set(self.classes)) != len(self.classes) or len(self.classes) < least:
            raise ValueError(
                message(f"`classes` to be different non-empty strings, at least {least}", list(self.classes))
            )
        self._vocabulary = text.Vocabulary(self.classes)
        self._ids = {name: index for index, name in enumerate(self.classes)}

    @classmethod
    def from_labels(cls, labels: Iterable[str | Sequence[str]], multi_label: bool | None = None) -> "ClassLabels":
        """Returns the sorted classes that occur.

        Args:
            labels: a string for each text, or a list of strings.
            multi_label: `None` infers it from the labels.
        """
        labels = list(labels)
        if multi_label is None:
            multi_label = bool(labels) and isinstance(labels[0], (list, tuple, set, frozenset))
        rows = _lists(labels) if multi_label else [[label] for label in labels]
        found = {_string(label, index) for index, row in enumerate(rows) for label in row}
        return cls(sorted(found), multi_label)

    def __len__(self) -> int:
        return len(self.classes)

    def encode(self, labels: Iterable[str | Sequence[str]]) -> NDArray[Any]:
        """Converts labels in memory to ids.

        Args:
            labels: a string for each text; with `multi_label`, a list of strings for each.

        Returns:
            int32 (N,); with `multi_label`, float32 (N, K) of 0 and 1.

        Raises:
            ValueError: If a label is unknown. The message names the text.
        """
        labels = list(labels)
        if not self.multi_label:
            return np.array([self._id(label, index) for index, label in enumerate(labels)], np.int32)
        hot = np.zeros((len(labels), len(self)), np.float32)
        for index, row in enumerate(_lists(labels)):
            for label in row:
                hot[index, self._id(label, index)] = 1
        return hot

    def _id(self, label: str | Sequence[str], index: int) -> int:
        name = _string(label, index)
        if name not in self._ids:
            raise ValueError(
                message(
                    f"every label to be one of {list(self.classes)}",
                    f"{name!r} at text {index}",
                    "making the preprocessor from all labels",
                )
            )
        return self._ids[name]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Returns the names of ids."""
        return [self.classes[index] for index in ids]

    def graph(self, labels: TFTensor) -> TFTensor:
        """Converts labels to ids in TensorFlow graph code.

        Args:
            labels: string tensor (B,) or (B, 1); with `multi_label`, ragged (B, None), or dense with "" as padding.

        Returns:
            int32 (B,); with `multi_label`, float32 (B, K).
        """
        # The vocabulary reserves id 0 for padding and 1 for unknown strings.
        if not self.multi_label:
            return self._checked(self._vocabulary.lookup(tf.reshape(labels, [-1])) - 2, labels)
        if not isinstance(labels, tf.RaggedTensor):
            labels = tf.ragged.boolean_mask(labels, labels != "")
        ids = self._vocabulary.lookup(labels.flat_values) - 2  # (N,)
        hot = tf.one_hot(self._checked(ids, labels.flat_values), len(self))  # (N, K)
        return tf.minimum(tf.math.unsorted_segment_sum(hot, labels.value_rowids(), labels.nrows()), 1.0)  # (B, K)

    def _checked(self, ids: TFTensor, labels: TFTensor) -> TFTensor:
        known = tf.debugging.Assert(
            tf.reduce_all(ids >= 0),
            [f"Expected every label to be one of the {len(self)} the preprocessor knows. Received:", labels],
        )
        with tf.control_dependencies([known] if known is not None else []):
            return tf.identity(ids)


def _lists(labels: Sequence[Any]) -> Sequence[Any]:
    for index, row in enumerate(labels):
        if isinstance(row, (str, bytes)) or not isinstance(row, Iterable):
            raise ValueError(message("a list of labels for each text", f"{row!r} at text {index}", '["fast"]'))
    return labels


def _string(label: object, index: int) -> str:
    if isinstance(label, bytes):
        return label.decode("utf-8")
    if not isinstance(label, str):
        raise ValueError(
            message("every label to be a string", f"{label!r} at text {index}", "[str(label) for label in labels]")
        )
    return str(label)


def columns_of(data: StringData, labels: LabelData, name: str) -> tuple[StringData, LabelData]:
    """Returns texts or pairs, and their labels or `None`.

    Args:
        data: `corpora.LabelledTexts` or `corpora.LabelledPairs`, or any other form, which is returned as it is.
        labels: labels of `data`; for a corpus, they replace its own.
        name: "texts" or "pairs".
    """
    if not (hasattr(data, name) and hasattr(data, "labels")):
        return data, labels
    return getattr(data, name), data.labels if labels is None else labels


def labelled_columns(data: StringData, labels: LabelData, name: str) -> tuple[StringData, list[Any]]:
    """Does what `columns_of` does; raises `ValueError` if there are no labels."""
    data, labels = columns_of(data, labels, name)
    if labels is None:
        raise ValueError(message(f"labels beside the {name}", f"{name} alone", f"from_corpus({name}, labels)"))
    return data, list(labels)


def classified_labels(
    probabilities: TFTensor, classes: Sequence[str], thresholds: Tensor | None = None
) -> dict[str, TFTensor]:
    """Converts probabilities to labels; TensorFlow graph code.

    Args:
        probabilities: (B, K) float32.
        classes: K strings.
        thresholds: (K,) probabilities from which on a text has a label; `None` if it has exactly one, the most
            probable.

    Returns:
        dict of dense tensors:
            `probabilities` (B, K) float32, and `classes` (B, K) string, the same names in each row.
            With one label a text: `label` (B,) string and `probability` (B,) float32.
            With any number: `labels` (B, M) string, the most probable first, "" as padding, `label_probabilities`
            (B, M) float32, and `num_labels` (B,) int32.
    """
    names = tf.constant(list(classes))
    size = tf.shape(probabilities)[0]
    answer = {"probabilities": probabilities, "classes": tf.tile(names[None], [size, 1])}
    if thresholds is None:
        best = tf.argmax(probabilities, axis=1)
        return {**answer, "label": tf.gather(names, best), "probability": tf.reduce_max(probabilities, axis=1)}
    order = tf.argsort(probabilities, axis=1, direction="DESCENDING", stable=True)  # (B, K)
    ranked = tf.gather(probabilities, order, batch_dims=1)
    # Each class has its own threshold, so the chosen classes need not be the first ones: a stable sort moves them to
    # the front and preserves their order.
    chosen = ranked >= tf.gather(tf.constant(thresholds, tf.float32), order)
    front = tf.argsort(tf.cast(~chosen, tf.int32), axis=1, stable=True)
    count = tf.reduce_sum(tf.cast(chosen, tf.int32), axis=1)
    width = tf.reduce_max(tf.concat([count, [0]], axis=0))  # M
    mask = tf.sequence_mask(count, width)
    first = tf.gather(order, front, batch_dims=1)[:, :width]
    scores = tf.gather(ranked, front, batch_dims=1)[:, :width]
    return {
        **answer,
        "labels": tf.where(mask, tf.gather(names, first), ""),
        "label_probabilities": tf.where(mask, scores, 0.0),
        "num_labels": count,
    }


def pair_scores(scores: Iterable[float], score_range: tuple[float, float] | None = None) -> NDArray[np.float32]:
    """Converts scores in memory to float32 (N,).

    Args:
        scores: a number for each pair.
        score_range: range within which all must lie; `None` for any.

    Raises:
        ValueError: If a score is not a finite number or out of range. The message names the pair.

    Example:
    >>> pair_scores([0, 2.5], (0.0, 5.0)).tolist()
    [0.0, 2.5]
    """
    found = [_finite(score, index) for index, score in enumerate(scores)]
    if score_range is not None:
        low, high = score_range
        for index, score in enumerate(found):
            if not low <= score <= high:
                expected = f"every score from {low} to {high}"
                raise ValueError(message(expected, f"{score} at pair {index}", "a wider `score_range`"))
    return np.array(found, np.float32)


def _finite(score: object, index: int) -> float:
    try:
        value = float("nan") if isinstance(score, (str, bytes, bool)) else float(score)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = float("nan")
    if not np.isfinite(value):
        raise ValueError(message("every score to be a finite number", f"{score!r} at pair {index}"))
    return value


def check_range(score_range: Sequence[float] | None) -> tuple[float, float] | None:
    """Returns the range as two floats; raises `ValueError` if it does not increase."""
    if score_range is None:
        return None
    try:
        low, high = (float(end) for end in score_range)
    except (TypeError, ValueError):
        low = high = 0.0
    if not -np.inf < low < high < np.inf:
        raise ValueError(message("`score_range` to be two numbers that rise", score_range, "score_range=(0, 5)"))
    return low, high
