"""Cross-entropy of the boundaries of an answer."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import message
from keras_embed._types import Config, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanLoss(keras.losses.Loss):
    """Mean of the cross-entropies of the first and the last position of an answer, one value for each row.

        loss = -(log softmax(start)[y_1] + log softmax(end)[y_2]) / 2

    Args:
        reduction: Reduction over the rows of a batch; by default their mean.
        name: Name of the loss.
        **kwargs: `dtype`, which is ignored: the loss is computed in float32.

    Call arguments:
        y_true: Int tensor of shape `(B, 2)`, first and last position; (0, 0) for "no answer".
        y_pred: Logits of shape `(B, 2, T)`, see `layers.answer_spans.SpanHead`.
        sample_weight: Weights of rows, `(B,)`, or `None`.

    Raises:
        ValueError: If the shapes do not match.

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

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        if len(y_pred.shape) != 3 or y_pred.shape[1] != 2 or y_true.shape[1:] != (2,):
            shapes = f"shapes {tuple(y_true.shape)} and {tuple(y_pred.shape)}"
            raise ValueError(message("y_true (B, 2) and y_pred (B, 2, T)", shapes))
        log_probabilities = ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1)  # (B, 2, T)
        positions = ops.cast(y_true, "int32")[:, :, None]  # (B, 2, 1)
        return -ops.mean(ops.take_along_axis(log_probabilities, positions, axis=-1), axis=(1, 2))  # (B,)

    def get_config(self) -> Config:
        return {"reduction": self.reduction, "name": self.name}
