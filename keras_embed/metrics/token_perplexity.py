"""How many tokens a translator or language model finds equally likely, from its logits."""

from typing import Any

import keras
from keras import ops

from keras_embed.functional.crossentropy import crossentropy, token_weights


@keras.saving.register_keras_serializable(package="keras_embed")
class TokenPerplexity(keras.metrics.Mean):
    """`exp` of the mean cross-entropy of the real tokens, without label smoothing, for `compile`.

    Beside `SmoothedCrossentropy` it costs little in a compiled step: both ask for the same softmax, which the compiler
    then computes once.

    Args:
        name: of the metric.
        dtype: dtype of its sums.

    Call arguments:
        y_true: (B, T) int, the next tokens; -1 at padding, which does not count.
        y_pred: (B, T, V) logits, taken to float32.
        sample_weight: (B,), one weight for each sentence, or (B, T).

    Example:
    >>> import numpy as np
    >>> metric = TokenPerplexity()
    >>> metric.update_state(np.array([[0, 1, -1]]), np.zeros((1, 3, 50), "float32"))
    >>> round(float(metric.result()), 3)
    50.0
    """

    def __init__(self, name: str = "perplexity", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch's tokens."""
        labels, logits = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        super().update_state(crossentropy(labels, logits), token_weights(labels, logits, sample_weight))

    def result(self) -> Any:
        """The perplexity."""
        return ops.exp(super().result())
