"""Labels of texts: strings to numbers, in Python and in TensorFlow's graph."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._errors import message


class ClassLabels:
    """The classes of a classifier and their numbers.

    Args:
        classes: K different strings, in the order of their numbers.
        multi_label: whether a text has any number of labels, and not exactly one.

    Raises:
        ValueError: for fewer than two classes (one, with `multi_label`), or a class that is no string of its own.

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
        self._ids = {name: number for number, name in enumerate(self.classes)}

    @classmethod
    def from_labels(cls, labels: Iterable[Any], multi_label: bool | None = None) -> "ClassLabels":
        """The classes that occur, sorted.

        Args:
            labels: a string for each text, or a list of strings.
            multi_label: None: found out from the labels.
        """
        labels = list(labels)
        if multi_label is None:
            multi_label = bool(labels) and isinstance(labels[0], (list, tuple, set, frozenset))
        rows = _lists(labels) if multi_label else [[label] for label in labels]
        found = {_string(label, number) for number, row in enumerate(rows) for label in row}
        return cls(sorted(found), multi_label)

    def __len__(self) -> int:
        return len(self.classes)

    def encode(self, labels: Iterable[Any]) -> NDArray[Any]:
        """Labels in Python as numbers.

        Args:
            labels: a string for each text; with `multi_label`, a list of strings for each.

        Returns:
            int32 (N,); with `multi_label`, float32 (N, K) of 0 and 1.

        Raises:
            ValueError: for a label that is not known; it names the text.
        """
        labels = list(labels)
        if not self.multi_label:
            return np.array([self._id(label, number) for number, label in enumerate(labels)], np.int32)
        hot = np.zeros((len(labels), len(self)), np.float32)
        for number, row in enumerate(_lists(labels)):
            for label in row:
                hot[number, self._id(label, number)] = 1
        return hot

    def _id(self, label: Any, number: int) -> int:
        label = _string(label, number)
        if label not in self._ids:
            raise ValueError(
                message(
                    f"every label to be one of {list(self.classes)}",
                    f"{label!r} at text {number}",
                    "making the preprocessor from all labels",
                )
            )
        return self._ids[label]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The names of some numbers."""
        return [self.classes[number] for number in ids]

    def graph(self, labels: Any) -> Any:
        """Labels in TensorFlow's graph as numbers.

        Args:
            labels: string tensor (B,) or (B, 1); with `multi_label`, ragged (B, None), or dense with "" as padding.

        Returns:
            int32 (B,); with `multi_label`, float32 (B, K).
        """
        if not self.multi_label:
            return self._checked(self._vocabulary.lookup(tf.reshape(labels, [-1])) - 2, labels)
        if not isinstance(labels, tf.RaggedTensor):
            labels = tf.ragged.boolean_mask(labels, labels != "")
        ids = self._vocabulary.lookup(labels.flat_values) - 2
        hot = tf.one_hot(self._checked(ids, labels.flat_values), len(self))  # (N, K)
        return tf.minimum(tf.math.unsorted_segment_sum(hot, labels.value_rowids(), labels.nrows()), 1.0)

    def _checked(self, ids: Any, labels: Any) -> Any:
        known = tf.debugging.Assert(
            tf.reduce_all(ids >= 0),
            [f"Expected every label to be one of the {len(self)} the preprocessor knows. Received:", labels],
        )
        with tf.control_dependencies([known] if known is not None else []):
            return tf.identity(ids)


def _lists(labels: Sequence[Any]) -> Sequence[Any]:
    for number, row in enumerate(labels):
        if isinstance(row, (str, bytes)) or not isinstance(row, Iterable):
            raise ValueError(message("a list of labels for each text", f"{row!r} at text {number}", '["fast"]'))
    return labels


def _string(label: Any, number: int) -> str:
    if isinstance(label, bytes):
        return label.decode("utf-8")
    if not isinstance(label, str):
        raise ValueError(
            message("every label to be a string", f"{label!r} at text {number}", "[str(label) for label in labels]")
        )
    return str(label)
