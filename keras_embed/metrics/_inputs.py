"""What metrics of taggers are given: tags or potentials, with padding."""

from typing import Any

from keras import ops

from keras_embed._checks import message
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
