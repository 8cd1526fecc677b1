"""The share of tokens that a model would have written itself."""

from typing import Any

import keras
from keras import ops

from keras_embed.functional.crossentropy import token_weights


@keras.saving.register_keras_serializable(package="keras_embed")
class TokenAccuracy(keras.metrics.Mean):
    """Share of real tokens whose logit is the largest.

    Where several logits are the largest together, each counts as chosen.

    Args:
        name: of the metric.
        dtype: dtype of its sums.

    Call arguments:
        y_true: (B, T) int, the next tokens; -1 at padding, which does not count.
        y_pred: (B, T, V) logits.
        sample_weight: (B,), one weight for each sentence, or (B, T).

    Example:
    >>> import numpy as np
    >>> metric = TokenAccuracy()
    >>> metric.update_state(np.array([[0, 1, 1, -1]]), np.array([[[3.0, 1.0]] * 4]))
    >>> round(float(metric.result()), 3)
    0.333
    """

    def __init__(self, name: str = "token_accuracy", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch's tokens."""
        labels, logits = ops.cast(y_true, "int32"), ops.convert_to_tensor(y_pred)
        weights = token_weights(labels, logits, sample_weight)
        # Not argmax, and on rows as the loss has them: a compiler finds the same maximum there already.
        rows = ops.reshape(logits, (-1, logits.shape[-1]))
        chosen = ops.take_along_axis(rows, ops.reshape(ops.maximum(labels, 0), (-1, 1)), axis=-1)[:, 0]
        right = ops.cast(chosen >= ops.max(rows, axis=-1), "float32")
        super().update_state(right, ops.reshape(weights, (-1,)))
