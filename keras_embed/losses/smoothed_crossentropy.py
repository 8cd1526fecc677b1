"""The loss of translators and language models."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_one_of, check_rate
from keras_embed.functional.crossentropy import crossentropy, token_weights


@keras.saving.register_keras_serializable(package="keras_embed")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of tokens against smoothed labels, from logits; its mean is over the real tokens of a batch.

    A label keeps 1 - e of its weight and shares e among all V classes. Labels are numbers and stay numbers: no tensor
    of one-hot labels is made, which for a vocabulary is as large as the logits.

    Keras divides a loss by everything in the batch, padding too, so that the same sentences weigh less in a longer
    batch. Here the sum is divided by the weight of what counts.

    Args:
        label_smoothing: e, from 0 to below 1.
        reduction: "mean_with_sample_weight", "sum", or "none" for values (B, T), weighted.
        name: of the loss.

    Call arguments:
        y_true: (B, T) int, the next tokens; -1 at padding, which does not count.
        y_pred: (B, T, V) logits, taken to float32.
        sample_weight: (B,), one weight for each sentence, or (B, T). The mean is divided by their sum.

    Raises:
        ValueError: for smoothing outside [0, 1), and another `reduction`.

    References:
        Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.

    Example:
    >>> import numpy as np
    >>> loss = SmoothedCrossentropy(0.1)
    >>> round(float(loss(np.array([[1, 3, -1]]), np.zeros((1, 3, 8), "float32"))), 4)  # ln 8
    2.0794
    """

    def __init__(
        self,
        label_smoothing: float = 0.1,
        reduction: str | None = "mean_with_sample_weight",
        name: str = "smoothed_crossentropy",
        **kwargs: Any,
    ) -> None:
        check_rate("label_smoothing", label_smoothing)
        check_one_of("reduction", reduction, ("mean_with_sample_weight", "sum", "none", None))
        kwargs["dtype"] = "float32"
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.label_smoothing = label_smoothing

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        return super().__call__(y_true, y_pred, token_weights(y_true, y_pred, sample_weight))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return crossentropy(y_true, y_pred, self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        return {"label_smoothing": self.label_smoothing, "reduction": self.reduction, "name": self.name}
