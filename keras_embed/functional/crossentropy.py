"""Cross-entropy of tokens, smoothed, without a tensor of one-hot labels."""

from typing import Any

from keras import ops

from keras_embed._errors import message


def crossentropy(labels: Any, logits: Any, smoothing: float = 0.0) -> Any:
    """Cross-entropy against labels that keep a share of their weight for every class (Szegedy et al. 2016).

        q = (1 - e) onehot(y) + e / V
        loss = - sum_v q_v log softmax(z)_v = logsumexp(z) - (1 - e) z_y - e mean(z)

    The gradient is written in closed form, softmax(z) - q. Of the size of the logits it needs the softmax and itself;
    a tensor of labels is never made. It cannot be differentiated twice.

    Args:
        labels: y, int `(...)`; negative ones do not count, their loss is 0.
        logits: z, `(..., V)`; computed in float32 whatever their dtype.
        smoothing: e, from 0 to below 1.

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
    places, real = ops.reshape(ops.maximum(labels, 0), (-1, 1)), ops.cast(labels >= 0, "float32")

    @ops.custom_gradient
    def losses(logits: Any) -> Any:
        probabilities, total = softmax_and_total(logits)  # (N, V), (N)
        value = total - (1.0 - smoothing) * _at(logits, places)
        if smoothing:
            value = value - smoothing * ops.mean(logits, axis=-1)

        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            scale = (arguments[0] if upstream is None else upstream)[:, None]  # (N, 1)
            slopes = (probabilities - smoothing / classes) * scale
            at_label = (_at(probabilities, places) - (1.0 - smoothing + smoothing / classes)) * scale[:, 0]
            rows = ops.arange(ops.shape(places)[0], dtype="int32")
            return ops.scatter_update(slopes, ops.stack([rows, places[:, 0]], axis=1), at_label)

        return value, gradient

    return ops.reshape(losses(ops.reshape(ops.cast(logits, "float32"), (-1, classes))), shape) * real


def softmax_and_total(logits: Any) -> tuple[Any, Any]:
    """Softmax and logsumexp over the last axis, by one exponential a logit.

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


def token_weights(labels: Any, logits: Any, sample_weight: Any = None) -> Any:
    """How much each token counts: nothing where its label is negative, else what `sample_weight` says.

    Args:
        labels: (B, T) int, -1 = padding.
        logits: (B, T, V), of which only the shape is looked at.
        sample_weight: (B,) or (B, 1), for whole sentences, or (B, T); None: 1.

    Returns:
        float32 (B, T).

    Raises:
        ValueError: for shapes that do not fit.

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
        weights = weights[:, None]
    shape = tuple(weights.shape)
    if len(shape) != 2 or (None not in (shape[1], true[1]) and shape[1] not in (1, true[1])):
        raise ValueError(
            message("`sample_weight` of shape (B,) or (B, T)", f"shape {shape}", "a weight for each token")
        )
    return real * weights


def _at(rows: Any, places: Any) -> Any:
    """(N, V), (N, 1) -> (N)"""
    return ops.take_along_axis(rows, places, axis=-1)[:, 0]
