"""The loss of finding a span."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import message


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanLoss(keras.losses.Loss):
    """Cross-entropy of where a span starts and of where it ends: the mean of both, one value a row.

    Args:
        reduction: how the rows of a batch are joined; the default is their mean.
        name: of the loss.

    Call arguments:
        y_true: (B, 2) int, first and last position; (0, 0) says that there is no answer.
        y_pred: (B, 2, T) logits, see `layers.SpanHead`.
        sample_weight: (B,), a weight for each row.

    References:
        Wang and Jiang 2017, https://arxiv.org/abs/1608.07905, the boundary model; Devlin et al. 2019,
        https://aclanthology.org/N19-1423.

    Example:
    >>> import numpy as np
    >>> round(float(SpanLoss()(np.array([[1, 2]]), np.zeros((1, 2, 4), "float32"))), 4)  # ln 4
    1.3863
    """

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "span_loss", **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if len(y_pred.shape) != 3 or y_pred.shape[1] != 2 or y_true.shape[1:] != (2,):
            shapes = f"shapes {tuple(y_true.shape)} and {tuple(y_pred.shape)}"
            raise ValueError(message("y_true (B, 2) and y_pred (B, 2, T)", shapes))
        logs = ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1)
        places = ops.cast(y_true, "int32")[:, :, None]
        return -ops.mean(ops.take_along_axis(logs, places, axis=-1), axis=(1, 2))

    def get_config(self) -> dict[str, Any]:
        return {"reduction": self.reduction, "name": self.name}
