"""Cross-entropy of tokens with label smoothing, without a tensor of one-hot labels."""

from collections.abc import Callable

from keras import ops

from keras_embed._errors import message
from keras_embed._types import Tensor


def crossentropy(labels: Tensor, logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Computes the cross-entropy against smoothed labels (Szegedy et al. 2016).

        q = (1 - e) onehot(y) + e / V
        loss = - sum_v q_v log softmax(z)_v = logsumexp(z) - (1 - e) z_y - e mean(z)

    The gradient is written in closed form, softmax(z) - q, so that only the softmax and the gradient itself have the
    size of the logits. It cannot be differentiated twice.

    Args:
        labels: y, int `(...)`; negative labels are ignored, with loss 0.
        logits: z, floats `(..., V)`; computed in float32 whatever their dtype.
        smoothing: e, in [0, 1).

    Returns:
        float32 `(...)`.

    References:
        Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7.

    Example:
    >>> import numpy as np
    >>> loss = crossentropy(np.array([1, -1]), np.zeros((2, 4), "float32"), smoothing=0.1)
    >>> [round(float(value), 4) for value in loss]  # ln 4, and nothing
    [1.3863, 0.0]
    """
    labels = ops.cast(labels, "int32")
    shape, classes = ops.shape(labels), logits.shape[-1]
    indices, real = ops.reshape(ops.maximum(labels, 0), (-1, 1)), ops.cast(labels >= 0, "float32")

    @ops.custom_gradient
    def losses(logits: Tensor) -> tuple[Tensor, Callable[..., Tensor]]:
        probabilities, total = softmax_and_total(logits)  # (N, V), (N)
        value = total - (1.0 - smoothing) * _at(logits, indices)  # logsumexp(z) - (1 - e) z_y
        if smoothing:
            value = value - smoothing * ops.mean(logits, axis=-1)  # - e mean(z)

        def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> Tensor:
            scale = (arguments[0] if upstream is None else upstream)[:, None]  # (N, 1)
            # softmax(z) - e / V everywhere; then the entry of each label is replaced by its own.
            slopes = (probabilities - smoothing / classes) * scale  # (N, V)
            at_label = (_at(probabilities, indices) - (1.0 - smoothing + smoothing / classes)) * scale[:, 0]
            rows = ops.arange(ops.shape(indices)[0], dtype="int32")
            return ops.scatter_update(slopes, ops.stack([rows, indices[:, 0]], axis=1), at_label)

        return value, gradient

    return ops.reshape(losses(ops.reshape(ops.cast(logits, "float32"), (-1, classes))), shape) * real


def softmax_and_total(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Computes softmax and logsumexp over the last axis with one exponential for each logit.

    The largest probability p is 1 / sum(exp(z - max z)), never below 1 / V, so that logsumexp(z) = max z - ln p.

    Args:
        logits: z, float32 `(..., V)`.

    Returns:
        softmax `(..., V)` and logsumexp `(...)`.

    Example:
    >>> import numpy as np
    >>> total = softmax_and_total(np.full((2,), 1000.0, "float32"))[1]
    >>> round(float(total) - 1000, 3)  # ln 2
    0.693
    """
    probabilities = ops.softmax(logits, axis=-1)
    return probabilities, ops.max(logits, axis=-1) - ops.log(ops.max(probabilities, axis=-1))


def token_weights(labels: Tensor, logits: Tensor, sample_weight: Tensor | None = None) -> Tensor:
    """Computes the weight of each token: 0 if its label is negative, else its sample weight.

    Args:
        labels: (B, T) int, -1 = padding.
        logits: (B, T, V); only their shape is used.
        sample_weight: (B,) or (B, 1), for whole sentences, or (B, T); `None`: 1.

    Returns:
        float32 (B, T).

    Raises:
        ValueError: If the shapes do not match.

    Example:
    >>> import numpy as np
    >>> weights = token_weights(np.array([[4, 2], [7, -1]]), np.zeros((2, 2, 9)), np.array([1.0, 0.5]))
    >>> ops.convert_to_numpy(weights).tolist()
    [[1.0, 1.0], [0.5, 0.0]]
    """
    true, predicted = tuple(labels.shape), tuple(logits.shape)
    if len(true) != 2 or len(predicted) != 3 or (None not in (true[1], predicted[1]) and true[1] != predicted[1]):
        raise ValueError(message("labels (B, T) and logits (B, T, V)", f"shapes {true} and {predicted}"))
    real = ops.cast(ops.cast(labels, "int32") >= 0, "float32")
    if sample_weight is None:
        return real
    weights = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
    if len(weights.shape) == 1:
        weights = weights[:, None]  # (B, 1)
    shape = tuple(weights.shape)
    if len(shape) != 2 or (None not in (shape[1], true[1]) and shape[1] not in (1, true[1])):
        raise ValueError(
            message("`sample_weight` of shape (B,) or (B, T)", f"shape {shape}", "a weight for each token")
        )
    return real * weights


def _at(rows: Tensor, indices: Tensor) -> Tensor:
    """Picks one entry of each row: (N, V), (N, 1) -> (N,)."""
    return ops.take_along_axis(rows, indices, axis=-1)[:, 0]
