"""F1 of classes that streams inside `fit`."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.metrics._inputs import class_counts, one_hot_classes

AVERAGES = ("macro", "micro", "weighted")


@keras.saving.register_keras_serializable(package="keras_embed")
class ClassF1(keras.metrics.Metric):
    """F1 over classes, the number that `sklearn.metrics.f1_score` gives for the whole data set.

    The counts of each class are added up batch by batch. "macro" is the mean over the classes, "weighted" the mean by
    their number of texts, "micro" counts all decisions alike. Where a text has one label, only classes that occur among
    the true or the predicted ones are averaged over; where it has any number, all K are, as in scikit-learn. A class
    with neither true nor predicted texts has F1 0.

    Args:
        num_classes: K.
        average: "macro", "micro" or "weighted".
        threshold: None where a text has one label, the greatest score. A number where it has any number of them: those
            whose score is at least so great; 0 for logits is 0.5 for probabilities.
        name: name of the metric; by default such as "macro_f1".
        dtype: dtype of the result.

    Call arguments:
        y_true: (B,) or (B, 1) class numbers, where a row with -1 counts nowhere; with a threshold, (B, K)
            of 0 and 1.
        y_pred: (B, K) scores, or int class numbers (B,).
        sample_weight: (B,) or None.

    Raises:
        ValueError: for `num_classes` below one, and another `average`; in a call, for any other `y_pred`.

    Example:
    >>> metric = ClassF1(3, average="macro")
    >>> metric.update_state([0, 1, 1], [[2.0, 1.0, 0.0], [0.0, 1.0, 0.0], [3.0, 0.0, 0.0]])
    >>> round(float(metric.result()), 3)
    0.667
    """

    def __init__(
        self,
        num_classes: int,
        average: str = "macro",
        threshold: float | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name or f"{average}_f1", dtype=dtype)
        check_positive("num_classes", num_classes)
        check_one_of("average", average, AVERAGES)
        self.num_classes, self.average, self.threshold = num_classes, average, threshold
        # Correct, true and predicted texts of each class. float32 is exact up to 16.7 million.
        self.counts = self.add_variable((3, num_classes), initializer="zeros", dtype="float32", name="counts")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch's texts to the counts."""
        self.counts.assign_add(class_counts(*self._hot(y_true, y_pred), sample_weight))

    def _hot(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if self.threshold is not None:
            if tuple(y_true.shape)[1:] != (self.num_classes,) or tuple(y_pred.shape)[1:] != (self.num_classes,):
                raise ValueError(
                    message(
                        f"y_true and y_pred of shape (B, {self.num_classes})",
                        f"shapes {tuple(y_true.shape)} and {tuple(y_pred.shape)}",
                        "threshold=None, where a text has one label",
                    )
                )
            return ops.cast(y_true, "float32"), ops.cast(y_pred >= self.threshold, "float32")
        return one_hot_classes(y_true, y_pred, self.num_classes)

    def result(self) -> Any:
        """F1 of all batches so far, a scalar from 0 to 1; 0 where nothing counted."""
        counts = ops.convert_to_tensor(self.counts)
        if self.average == "micro":
            counts = ops.sum(counts, axis=1, keepdims=True)
        correct, true, both = counts[0], counts[1], counts[1] + counts[2]
        f1 = 2.0 * correct / ops.where(both > 0, both, ops.ones_like(both))  # (K,)
        if self.average == "weighted":
            weights = true
        elif self.threshold is None:
            weights = ops.cast(both > 0, "float32")
        else:
            weights = ops.ones_like(both)
        total = ops.sum(weights)
        return ops.cast(ops.sum(f1 * weights) / ops.where(total > 0, total, 1.0), self.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        settings = {"num_classes": self.num_classes, "average": self.average, "threshold": self.threshold}
        return super().get_config() | settings
