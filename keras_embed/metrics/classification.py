"""Streaming scores of classifiers: F1 and Matthews' correlation coefficient."""

import keras
from keras import ops

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed._types import Config, KerasObject, Tensor
from keras_embed.metrics.correlation import correlation

AVERAGES = ("macro", "micro", "weighted")


@keras.saving.register_keras_serializable(package="keras_embed")
class ClassF1(keras.metrics.Metric):
    """F1 of classes over the whole data set, as computed by `sklearn.metrics.f1_score`.

        F1_k = 2 TP_k / (2 TP_k + FP_k + FN_k)

    The counts of each class are summed over batches. "macro" is the unweighted mean over classes, "weighted" the mean
    weighted by the number of texts with the class, and "micro" computes F1 from the sums of all counts. With one label
    for each text, the means are over the classes that occur among true or predicted labels; with any number of labels,
    over all K classes, as in scikit-learn. A class without true and predicted texts has F1 0.

    Args:
        num_classes: K.
        average: "macro", "micro" or "weighted".
        threshold: `None` for one label for each text, the argmax of the scores. A number for any number of labels:
            those with a score of at least `threshold`; 0 for logits corresponds to 0.5 for probabilities.
        name: Name of the metric; by default, for example, "macro_f1".
        dtype: Dtype of the result.

    Call arguments:
        y_true: Class ids of shape `(B,)` or `(B, 1)`; rows with -1 are ignored. With a threshold, 0 and 1 of shape
            `(B, K)`.
        y_pred: Scores of shape `(B, K)`, or int class ids of shape `(B,)`.
        sample_weight: Weights of shape `(B,)`, or `None`.

    Raises:
        ValueError: If `num_classes` is not a positive integer, `average` is unknown, or `y_pred` has another form.

    References:
        van Rijsbergen 1979, Information Retrieval, chapter 7.

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
        dtype: KerasObject = None,
    ) -> None:
        super().__init__(name=name or f"{average}_f1", dtype=dtype)
        check_positive("num_classes", num_classes)
        check_one_of("average", average, AVERAGES)
        self.num_classes, self.average, self.threshold = num_classes, average, threshold
        # Correct, true and predicted texts of each class. float32 is exact up to 16.7 million.
        self.counts = self.add_variable((3, num_classes), initializer="zeros", dtype="float32", name="counts")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        self.counts.assign_add(_class_counts(*self._multi_hot(y_true, y_pred), sample_weight))

    def _multi_hot(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
        """Returns true and predicted classes, (B, K) each, 0 or 1."""
        if self.threshold is None:
            return _one_hot_classes(y_true, y_pred, self.num_classes)
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if tuple(y_true.shape)[1:] != (self.num_classes,) or tuple(y_pred.shape)[1:] != (self.num_classes,):
            raise ValueError(
                message(
                    f"y_true and y_pred of shape (B, {self.num_classes})",
                    f"shapes {tuple(y_true.shape)} and {tuple(y_pred.shape)}",
                    "threshold=None, where a text has one label",
                )
            )
        return ops.cast(y_true, "float32"), ops.cast(y_pred >= self.threshold, "float32")

    def result(self) -> Tensor:
        """Returns F1 of all batches so far, from 0 to 1; 0 if nothing was counted."""
        counts = ops.convert_to_tensor(self.counts)  # (3, K)
        if self.average == "micro":
            counts = ops.sum(counts, axis=1, keepdims=True)  # (3, 1)
        # true + predicted = 2 TP + FP + FN
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

    def get_config(self) -> Config:
        settings = {"num_classes": self.num_classes, "average": self.average, "threshold": self.threshold}
        return super().get_config() | settings


@keras.saving.register_keras_serializable(package="keras_embed")
class Matthews(keras.metrics.Metric):
    """Matthews' correlation coefficient of the whole data set, as computed by `sklearn.metrics.matthews_corrcoef`.

    For two classes,

        MCC = (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN))

    and for K classes Gorodkin's generalisation, cov(X, Y) / sqrt(cov(X, X) cov(Y, Y)) of the one-hot labels. 1 is a
    perfect prediction; 0 is chance level for any class distribution, and the result if all true or all predicted labels
    are one class.

    Args:
        num_classes: K.
        name: Name of the metric.
        dtype: Dtype of the result.

    Call arguments:
        y_true: Class ids of shape `(B,)` or `(B, 1)`. Rows with -1 are ignored.
        y_pred: Scores of shape `(B, K)`, or int class ids of shape `(B,)`.
        sample_weight: Weights of shape `(B,)`, or `None`.

    Raises:
        ValueError: If `num_classes` is not a positive integer, or `y_pred` has another form.

    References:
        Matthews 1975, https://doi.org/10.1016/0005-2795(75)90109-9; Gorodkin 2004,
        https://doi.org/10.1016/j.compbiolchem.2004.09.006.

    Example:
    >>> metric = Matthews(2)
    >>> metric.update_state([1, 1, 1, 0], [1, 0, 1, 1])
    >>> round(float(metric.result()), 3)
    -0.333
    """

    def __init__(self, num_classes: int, name: str = "matthews", dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_positive("num_classes", num_classes)
        self.num_classes = num_classes
        # Correct, true and predicted texts of each class. float32 is exact up to 16.7 million.
        self.counts = self.add_variable((3, num_classes), initializer="zeros", dtype="float32", name="counts")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        self.counts.assign_add(_class_counts(*_one_hot_classes(y_true, y_pred, self.num_classes), sample_weight))

    def result(self) -> Tensor:
        """Returns the coefficient of all batches so far, from -1 to 1."""
        counts = ops.convert_to_tensor(self.counts)
        correct, true, predicted = counts[0], counts[1], counts[2]  # (K,)
        total = ops.sum(true)
        # Shares instead of counts: products of counts would exceed the integers that float32 represents exactly.
        scale = ops.where(total > 0, total, 1.0)
        rest = total - true - (predicted - correct)  # TN_k
        wrong = (true - correct) / scale * ((predicted - correct) / scale)  # FN_k FP_k / n^2
        covariance = ops.sum(correct / scale * (rest / scale) - wrong)
        variances = [ops.sum(side / scale * ((total - side) / scale)) for side in (true, predicted)]
        return ops.cast(correlation(covariance, *variances), self.dtype)

    def get_config(self) -> Config:
        return super().get_config() | {"num_classes": self.num_classes}


def _one_hot_classes(y_true: Tensor, y_pred: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Returns the true and the predicted class of each text, one-hot.

    Args:
        y_true: `(B,)` or `(B, 1)` class ids. Rows with -1 become zeros in both results.
        y_pred: `(B, K)` scores, or `(B,)` or `(B, 1)` int class ids.
        num_classes: K.

    Returns:
        Two float32 tensors of shape `(B, K)`.

    Raises:
        ValueError: If `y_pred` has another shape, or contains floats that are not scores of K classes.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    shape, dtype = tuple(y_pred.shape), keras.backend.standardize_dtype(y_pred.dtype)
    if len(shape) == 2 and shape[1] == num_classes:
        y_pred = ops.argmax(y_pred, axis=1)
    elif shape[1:] not in ((), (1,)) or "float" in dtype:
        expected = f"y_pred of shape (B, {num_classes}), scores, or (B,), int class ids"
        advice = "class ids such as ops.cast(y_pred > 0.5, 'int32'), where it holds probabilities of class 1"
        raise ValueError(message(expected, f"{dtype} of shape {shape}", advice))
    ids = [ops.cast(ops.reshape(labels, (-1,)), "int32") for labels in (y_true, y_pred)]
    true, predicted = (ops.one_hot(labels, num_classes, dtype="float32") for labels in ids)  # (B, K)
    return true, predicted * ops.sum(true, axis=1, keepdims=True)


def _class_counts(true: Tensor, predicted: Tensor, sample_weight: Tensor | None = None) -> Tensor:
    """Returns the numbers of correct, true and predicted texts of each class, (3, K) float32.

    Args:
        true: `(B, K)` of 0 and 1.
        predicted: `(B, K)` of 0 and 1.
        sample_weight: `(B,)`, or `None`.
    """
    counts = ops.stack([true * predicted, true, predicted], axis=1)  # (B, 3, K)
    if sample_weight is not None:
        weights = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
        counts = counts * ops.reshape(weights, (-1, 1, 1))
    return ops.sum(counts, axis=0)
