"""The loss of any number of labels."""

from typing import Any

import keras
from keras import ops

from keras_embed.losses._each_class import EachClass, hot_labels


@keras.saving.register_keras_serializable(package="keras_embed")
class MultiLabelCrossentropy(EachClass):
    """Binary cross-entropy of each class by itself, from logits.

    The mean over all is that of `keras.losses.BinaryCrossentropy(from_logits=True)`. Unlike it, it takes weights for
    each text and class, so that rare labels can count more.

    Args:
        reduction: how the values (B, K) are joined; the default is their mean.
        name: of the loss.

    Call arguments:
        y_true: (B, K) of 0 and 1.
        y_pred: (B, K) logits.
        sample_weight: (B,), one weight for each text, or (B, K).

    Example:
    >>> import numpy as np
    >>> round(float(MultiLabelCrossentropy()(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))), 4)  # ln 2
    0.6931
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "multi_label_crossentropy", **kwargs: Any
    ) -> None:
        super().__init__(reduction, name)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        logits = ops.cast(y_pred, "float32")
        # softplus(z) - y z, which never overflows.
        return ops.softplus(logits) - hot_labels(y_true, y_pred) * logits
