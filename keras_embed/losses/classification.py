"""Losses of classifiers with independent classes."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import message
from keras_embed._types import Config, Tensor


class _IndependentClasses(keras.losses.Loss):
    """Base class of losses of shape (B, K), with weights for texts or for each text and class.

    Args:
        reduction: Reduction of the values (B, K).
        name: Name of the loss.
    """

    def __init__(self, reduction: str, name: str) -> None:
        super().__init__(name=name, reduction=reduction, dtype="float32")

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        if sample_weight is not None:
            sample_weight = ops.convert_to_tensor(sample_weight)
            if len(sample_weight.shape) == 1:  # one weight for all classes of a text
                sample_weight = ops.expand_dims(sample_weight, -1)  # (B, 1)
        return super().__call__(y_true, y_pred, sample_weight)

    def get_config(self) -> Config:
        return {"reduction": self.reduction, "name": self.name}


@keras.saving.register_keras_serializable(package="keras_embed")
class MultiLabelCrossentropy(_IndependentClasses):
    """Binary cross-entropy of each class, from logits.

        loss_bk = log(1 + exp(z_bk)) - y_bk z_bk

    The mean equals that of `keras.losses.BinaryCrossentropy(from_logits=True)`. Unlike it, this loss accepts weights
    for each text and class, for example to give rare labels more weight.

    Args:
        reduction: Reduction of the values (B, K); by default their mean.
        name: Name of the loss.
        **kwargs: `dtype`, which is ignored: the loss is computed in float32.

    Call arguments:
        y_true: 0 and 1 of shape `(B, K)`.
        y_pred: Logits of shape `(B, K)`.
        sample_weight: Weights of texts `(B,)`, or of texts and classes `(B, K)`, or `None`.

    Raises:
        ValueError: If `y_true` has another shape.

    Example:
    >>> import numpy as np
    >>> round(float(MultiLabelCrossentropy()(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))), 4)  # ln 2
    0.6931
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "multi_label_crossentropy", **kwargs: Any
    ) -> None:
        super().__init__(reduction, name)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        logits = ops.cast(y_pred, "float32")
        # In this form nothing overflows.
        return ops.softplus(logits) - _multi_hot(y_true, y_pred) * logits  # (B, K)


@keras.saving.register_keras_serializable(package="keras_embed")
class OneVersusRestHinge(_IndependentClasses):
    """Squared hinge loss of each class against all others, the loss of a linear support vector machine.

        loss_bk = max(0, 1 - t_bk f_bk)^2,    t_bk = 1 for the class of the text, otherwise -1

    With an L2 regularizer on the weights it is scikit-learn's `LinearSVC` with C = `1 / (2 N K l2)`, for N texts and K
    classes. (For K = 2 there are two mirrored columns here and one there.) The scores are not log-odds: probabilities
    computed from them rank texts correctly, but are not calibrated.

    Args:
        reduction: Reduction of the values (B, K); by default their mean.
        name: Name of the loss.
        **kwargs: `dtype`, which is ignored: the loss is computed in float32.

    Call arguments:
        y_true: Class ids of shape `(B,)`, or 0 and 1 of shape `(B, K)`.
        y_pred: Scores of shape `(B, K)`.
        sample_weight: Weights of texts `(B,)`, or of texts and classes `(B, K)`, or `None`.

    Raises:
        ValueError: If `y_true` has another shape.

    References:
        Fan et al. 2008 (LIBLINEAR), https://www.jmlr.org/papers/v9/fan08a.html.

    Example:
    >>> import numpy as np
    >>> float(OneVersusRestHinge()(np.array([1]), np.array([[-2.0, 0.5]])))
    0.125
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "one_versus_rest_hinge", **kwargs: Any
    ) -> None:
        super().__init__(reduction, name)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        signs = 2.0 * _multi_hot(y_true, y_pred) - 1.0  # t, (B, K)
        return ops.square(ops.maximum(1.0 - signs * ops.cast(y_pred, "float32"), 0.0))


def _multi_hot(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Returns labels (B, K) of 0 and 1, from such labels or from class ids (B,) or (B, 1).

    Raises:
        ValueError: If the labels have another shape.
    """
    true, predicted = tuple(y_true.shape), tuple(y_pred.shape)
    if len(true) == 1 or (len(true) == 2 and true[1] == 1 != predicted[-1]):
        return ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), predicted[-1], dtype="float32")
    if len(true) != 2 or (true[1] is not None and true[1] != predicted[-1]):
        raise ValueError(
            message(
                f"`y_true` (B, {predicted[-1]}) of 0 and 1, or class ids (B,)",
                f"shape {true}",
                "the preprocessor's labels",
            )
        )
    return ops.cast(y_true, "float32")
