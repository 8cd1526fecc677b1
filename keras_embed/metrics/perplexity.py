"""Streaming scores of language models and translators: perplexity and accuracy of tokens."""

import keras
from keras import ops

from keras_embed._types import KerasObject, Tensor
from keras_embed.functional.crossentropy import crossentropy, token_weights


@keras.saving.register_keras_serializable(package="keras_embed")
class Perplexity(keras.metrics.Mean):
    """Perplexity from cross-entropies in nats, `exp(mean_t loss_t)` over all words so far.

    Args:
        name: Name of the metric.
        dtype: Dtype of its sums.

    Call arguments:
        losses: Cross-entropies, floats of any shape.
        sample_weight: Weights of the same shape, 0 for words that do not count, or `None`.

    References:
        Jelinek et al. 1977, https://doi.org/10.1121/1.2016299.

    Example:
    >>> import numpy as np
    >>> metric = Perplexity()
    >>> metric.update_state(np.log([2.0, 8.0]))
    >>> round(float(metric.result()), 3)
    4.0
    """

    def __init__(self, name: str = "perplexity", dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, losses: Tensor, sample_weight: Tensor | None = None) -> None:
        super().update_state(losses, sample_weight)

    def result(self) -> Tensor:
        """Returns the perplexity of all batches so far."""
        return ops.exp(super().result())


@keras.saving.register_keras_serializable(package="keras_embed")
class TokenPerplexity(keras.metrics.Mean):
    """Perplexity of the real tokens from logits, for `compile`.

        exp(-sum_t w_t log softmax(z_t)[y_t] / sum_t w_t)

    without label smoothing. In a compiled step with `SmoothedCrossentropy` it costs little: both use the same softmax,
    which the compiler computes once.

    Args:
        name: Name of the metric.
        dtype: Dtype of its sums.

    Call arguments:
        y_true: Int tensor of shape `(B, T)`, the next tokens; -1 at padding, which does not count.
        y_pred: Logits of shape `(B, T, V)`, cast to float32.
        sample_weight: Weights of sentences `(B,)` or of tokens `(B, T)`, or `None`.

    References:
        Jelinek et al. 1977, https://doi.org/10.1121/1.2016299.

    Example:
    >>> import numpy as np
    >>> metric = TokenPerplexity()
    >>> metric.update_state(np.array([[0, 1, -1]]), np.zeros((1, 3, 50), "float32"))
    >>> round(float(metric.result()), 3)
    50.0
    """

    def __init__(self, name: str = "perplexity", dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        labels, logits = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        super().update_state(crossentropy(labels, logits), token_weights(labels, logits, sample_weight))

    def result(self) -> Tensor:
        """Returns the perplexity of all batches so far."""
        return ops.exp(super().result())


@keras.saving.register_keras_serializable(package="keras_embed")
class TokenAccuracy(keras.metrics.Mean):
    """Share of real tokens with the largest logit.

        sum_t w_t [z_t[y_t] >= max_v z_t[v]] / sum_t w_t

    If several logits are the largest, each of them counts as predicted.

    Args:
        name: Name of the metric.
        dtype: Dtype of its sums.

    Call arguments:
        y_true: Int tensor of shape `(B, T)`, the next tokens; -1 at padding, which does not count.
        y_pred: Logits of shape `(B, T, V)`.
        sample_weight: Weights of sentences `(B,)` or of tokens `(B, T)`, or `None`.

    Example:
    >>> import numpy as np
    >>> metric = TokenAccuracy()
    >>> metric.update_state(np.array([[0, 1, 1, -1]]), np.array([[[3.0, 1.0]] * 4]))
    >>> round(float(metric.result()), 3)
    0.333
    """

    def __init__(self, name: str = "token_accuracy", dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        labels, logits = ops.cast(y_true, "int32"), ops.convert_to_tensor(y_pred)
        weights = token_weights(labels, logits, sample_weight)  # (B, T)
        # Not argmax, and rows (B T, V) as in the loss: a compiler then shares the maximum with the loss.
        rows = ops.reshape(logits, (-1, logits.shape[-1]))
        label_logits = ops.take_along_axis(rows, ops.reshape(ops.maximum(labels, 0), (-1, 1)), axis=-1)[:, 0]  # (B T,)
        correct = ops.cast(label_logits >= ops.max(rows, axis=-1), "float32")
        super().update_state(correct, ops.reshape(weights, (-1,)))
