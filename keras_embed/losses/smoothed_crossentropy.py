"""Cross-entropy of translators and language models."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_one_of, check_rate
from keras_embed._types import Config, Tensor
from keras_embed.functional.crossentropy import crossentropy, token_weights


@keras.saving.register_keras_serializable(package="keras_embed")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of tokens with label smoothing, from logits, averaged over the real tokens of a batch.

        loss_t = -sum_v q_v log softmax(z_t)_v,    q_v = (1 - e) [v = y_t] + e / V

    Labels are ids: no one-hot tensor is created, which would be as large as the logits.

    Keras divides a loss by the number of all positions of a batch, padding included, so that the weight of a sentence
    depends on the padding of its batch. This loss is divided by the sum of the weights of real tokens.

    Args:
        label_smoothing: e, in [0, 1).
        reduction: "mean_with_sample_weight", "sum", or "none" for weighted values (B, T).
        name: Name of the loss.
        **kwargs: `dtype`, which is ignored: the loss is computed in float32.

    Call arguments:
        y_true: Int tensor of shape `(B, T)`, the next tokens; -1 at padding, which does not count.
        y_pred: Logits of shape `(B, T, V)`, cast to float32.
        sample_weight: Weights of sentences `(B,)` or of tokens `(B, T)`, or `None`. The mean is divided by their sum.

    Raises:
        ValueError: If the smoothing is not in [0, 1), or `reduction` is unknown.

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

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        # Weight 0 at padding.
        return super().__call__(y_true, y_pred, token_weights(y_true, y_pred, sample_weight))

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return crossentropy(y_true, y_pred, self.label_smoothing)  # (B, T)

    def get_config(self) -> Config:
        return {"label_smoothing": self.label_smoothing, "reduction": self.reduction, "name": self.name}
