"""What losses that look at each class by itself share."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import message


class EachClass(keras.losses.Loss):
    """A loss of shape (B, K): classes are questions of their own, and may have weights of their own.

    Args:
        reduction: how the values are joined; the default is their mean.
        name: of the loss.
    """

    def __init__(self, reduction: str, name: str) -> None:
        super().__init__(name=name, reduction=reduction, dtype="float32")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if sample_weight is not None:
            sample_weight = ops.convert_to_tensor(sample_weight)
            if len(sample_weight.shape) == 1:  # one for all classes
                sample_weight = ops.expand_dims(sample_weight, -1)
        return super().__call__(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {"reduction": self.reduction, "name": self.name}


def hot_labels(y_true: Any, y_pred: Any) -> Any:
    """Labels (B, K) of 0 and 1, from these or from class numbers (B,) or (B, 1)."""
    true, predicted = tuple(y_true.shape), tuple(y_pred.shape)
    if len(true) == 1 or (len(true) == 2 and true[1] == 1 != predicted[-1]):
        return ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), predicted[-1], dtype="float32")
    if len(true) != 2 or (true[1] is not None and true[1] != predicted[-1]):
        raise ValueError(
            message(
                f"`y_true` (B, {predicted[-1]}) of 0 and 1, or class numbers (B,)",
                f"shape {true}",
                "the preprocessor's labels",
            )
        )
    return ops.cast(y_true, "float32")
