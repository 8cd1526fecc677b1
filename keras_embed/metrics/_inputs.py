"""What metrics of taggers and of classifiers are given: tags or potentials with padding; classes or their scores."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import message
from keras_embed.functional import linear_chain


def tags_and_mask(y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Any, Any, Any]:
    """Tag ids and the mask of what counts.

    Args:
        y_true: (B, T) int, -1 = padding or unknown.
        y_pred: (B, T) int tag ids, or the (B, K + 2 + T, K + 1) float32 potentials of a tagging head, which are
            decoded.
        sample_weight: (B,) or None. Rows of weight 0 do not count.

    Returns:
        true tags, predicted tags, and whether a token counts, each (B, T).
    """
    y_true = ops.cast(ops.convert_to_tensor(y_true), "int32")
    y_pred = ops.convert_to_tensor(y_pred)
    if not _fit(tuple(y_true.shape), tuple(y_pred.shape)):
        raise ValueError(
            message(
                "y_true (B, T) and y_pred (B, T) tag ids or (B, K + 2 + T, K + 1) potentials",
                f"shapes {tuple(y_true.shape)} and {tuple(y_pred.shape)}",
                "the argmax over tags, where y_pred holds probabilities",
            )
        )
    mask = y_true >= 0
    if len(y_pred.shape) == 3:
        chain = linear_chain.unpack(y_pred)
        mask, (y_pred, _) = mask & ops.cast(chain.mask, "bool"), linear_chain.viterbi(chain)
    if sample_weight is not None:
        mask = mask & (row_weights(sample_weight) > 0)[:, None]
    return y_true, ops.cast(y_pred, "int32"), mask


def _fit(true: tuple[int | None, ...], predicted: tuple[int | None, ...]) -> bool:
    """Whether two static shapes, None where unknown, can be those of tags and tags, or of tags and potentials."""
    if len(true) != 2 or len(predicted) not in (2, 3):
        return False
    time = true[1]
    if len(predicted) == 2:
        return time is None or predicted[1] in (None, time)
    rows, columns = predicted[1:]
    return time is None or rows is None or columns is None or rows == columns + 1 + time


def row_weights(sample_weight: Any) -> Any:
    """Weights of rows as float32 (B,); raises `ValueError` for weights of tokens, which a sequence does not have."""
    weights = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
    shape = tuple(weights.shape)
    if len(shape) == 2 and shape[1] == 1:
        return weights[:, 0]
    if len(shape) != 1:
        raise ValueError(message("`sample_weight` of shape (B,)", f"shape {shape}", "-1 in y_true to leave tokens out"))
    return weights


def one_hot_classes(y_true: Any, y_pred: Any, num_classes: int) -> tuple[Any, Any]:
    """True and predicted classes of texts that have one each.

    Args:
        y_true: (B,) or (B, 1) class numbers. A row with -1 counts nowhere.
        y_pred: (B, K) scores, or (B,) or (B, 1) int class numbers.
        num_classes: K.

    Returns:
        Two (B, K) float32 of 0 and 1.

    Raises:
        ValueError: for another shape of `y_pred`, and for floats that are not the scores of K classes.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    shape, dtype = tuple(y_pred.shape), keras.backend.standardize_dtype(y_pred.dtype)
    if len(shape) == 2 and shape[1] == num_classes:
        y_pred = ops.argmax(y_pred, axis=1)
    elif shape[1:] not in ((), (1,)) or "float" in dtype:
        expected = f"y_pred of shape (B, {num_classes}), scores, or (B,), int class numbers"
        advice = "class numbers such as ops.cast(y_pred > 0.5, 'int32'), where it holds probabilities of class 1"
        raise ValueError(message(expected, f"{dtype} of shape {shape}", advice))
    ids = [ops.cast(ops.reshape(numbers, (-1,)), "int32") for numbers in (y_true, y_pred)]
    true, predicted = (ops.one_hot(numbers, num_classes, dtype="float32") for numbers in ids)
    return true, predicted * ops.sum(true, axis=1, keepdims=True)


def class_counts(true: Any, predicted: Any, sample_weight: Any = None) -> Any:
    """Correct, true and predicted texts of each class.

    Args:
        true: (B, K) of 0 and 1.
        predicted: (B, K) of 0 and 1.
        sample_weight: (B,) or None.

    Returns:
        (3, K) float32.
    """
    counts = ops.stack([true * predicted, true, predicted], axis=1)  # (B, 3, K)
    if sample_weight is not None:
        weights = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
        counts = counts * ops.reshape(weights, (-1, 1, 1))
    return ops.sum(counts, axis=0)
