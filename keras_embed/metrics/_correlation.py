"""What correlations share: pairs of numbers with weights, and a quotient that is 0 where it says nothing."""

from typing import Any

from keras import ops

from keras_embed._errors import message


def weighted_pairs(y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Any, Any, Any]:
    """A batch as columns.

    Args:
        y_true: (B,) or (B, 1) numbers.
        y_pred: (B,) or (B, 1) numbers.
        sample_weight: (B,), (B, 1) or None.

    Returns:
        y_true, y_pred and the weights, each (B,) float32.

    Raises:
        ValueError: if y_true or y_pred has more than one number a row.
    """
    pair = [ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)]
    if any(len(x.shape) != 1 and tuple(x.shape)[1:] != (1,) for x in pair):
        shapes = " and ".join(str(tuple(x.shape)) for x in pair)
        raise ValueError(
            message("y_true and y_pred of shape (B,) or (B, 1)", f"shapes {shapes}", "a metric for each column")
        )
    true, predicted = (ops.reshape(ops.cast(x, "float32"), (-1,)) for x in pair)
    if sample_weight is None:
        return true, predicted, ops.ones_like(true)
    return true, predicted, ops.reshape(ops.cast(ops.convert_to_tensor(sample_weight), "float32"), (-1,))


def correlation(covariance: Any, first: Any, second: Any) -> Any:
    """Covariance / sqrt(first variance * second variance), within [-1, 1]; 0 where a variance is 0.

    Args:
        covariance: scalar.
        first: scalar, not negative.
        second: scalar, not negative.

    Returns:
        A scalar; NaN where an argument is NaN.
    """
    # Root before product: the product of two small variances is less than any float.
    scale = ops.sqrt(first) * ops.sqrt(second)
    nothing = scale == 0
    return ops.where(nothing, 0.0, ops.clip(covariance / ops.where(nothing, 1.0, scale), -1.0, 1.0))
