"""Matthews' correlation that streams inside `fit`."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive
from keras_embed.metrics._correlation import correlation
from keras_embed.metrics._inputs import class_counts, one_hot_classes


@keras.saving.register_keras_serializable(package="keras_embed")
class Matthews(keras.metrics.Metric):
    """Matthews' correlation coefficient of the whole data set, as `sklearn.metrics.matthews_corrcoef` gives it.

    Of two classes it is (TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN)); of K, Gorodkin's
    generalisation. 1 is a perfect prediction, 0 is no better than chance however uneven the classes are, and what it
    says where all true or all predicted classes are one.

    Args:
        num_classes: K.
        name: name of the metric.
        dtype: dtype of the result.

    Call arguments:
        y_true: (B,) or (B, 1) class numbers. A row with -1 counts nowhere.
        y_pred: (B, K) scores, or int class numbers (B,).
        sample_weight: (B,) or None.

    Raises:
        ValueError: unless `num_classes` is a positive integer; in a call, for any other `y_pred`.

    References:
        - Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004.

    Example:
    >>> metric = Matthews(2)
    >>> metric.update_state([1, 1, 1, 0], [1, 0, 1, 1])
    >>> round(float(metric.result()), 3)
    -0.333
    """

    def __init__(self, num_classes: int, name: str = "matthews", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_positive("num_classes", num_classes)
        self.num_classes = num_classes
        # Correct, true and predicted texts of each class. float32 is exact up to 16.7 million.
        self.counts = self.add_variable((3, num_classes), initializer="zeros", dtype="float32", name="counts")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch's texts to the counts."""
        self.counts.assign_add(class_counts(*one_hot_classes(y_true, y_pred, self.num_classes), sample_weight))

    def result(self) -> Any:
        """The coefficient of all batches so far, a scalar from -1 to 1."""
        counts = ops.convert_to_tensor(self.counts)
        correct, true, predicted = counts[0], counts[1], counts[2]
        total = ops.sum(true)
        scale = ops.where(total > 0, total, 1.0)  # products of counts would leave the integers that float32 holds
        rest = total - true - (predicted - correct)  # texts that neither is nor was called the class
        wrong = (true - correct) / scale * ((predicted - correct) / scale)
        covariance = ops.sum(correct / scale * (rest / scale) - wrong)
        variances = [ops.sum(side / scale * ((total - side) / scale)) for side in (true, predicted)]
        return ops.cast(correlation(covariance, *variances), self.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return super().get_config() | {"num_classes": self.num_classes}
