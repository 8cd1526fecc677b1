"""The share of tokens with the right tag."""

from typing import Any

import keras
from keras import ops

from keras_embed.metrics._inputs import row_weights, tags_and_mask


@keras.saving.register_keras_serializable(package="keras_embed")
class TagAccuracy(keras.metrics.Metric):
    """Share of tokens whose tag is right.

    Args:
        name: name of the metric.
        dtype: dtype of the result.

    Call arguments:
        y_true: (B, T) int tag ids. Negative ones, padding or unknown, do not count.
        y_pred: (B, T) int tag ids, or the (B, K + 2 + T, K + 1) float32 potentials of a tagging head, which are
            decoded to the best path.
        sample_weight: (B,) or None: how much each token of a row counts.

    Example:
    >>> metric = TagAccuracy()
    >>> metric.update_state([[1, 2, 0, -1]], [[1, 2, 1, 0]])
    >>> round(float(metric.result()), 3)
    0.667
    """

    def __init__(self, name: str = "tag_accuracy", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.correct = self.add_variable((), initializer="zeros", dtype="float32", name="correct")
        self.total = self.add_variable((), initializer="zeros", dtype="float32", name="total")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch's tokens to the counts."""
        true, predicted, mask = tags_and_mask(y_true, y_pred, sample_weight)
        weights = ops.cast(mask, "float32")  # (B, T)
        if sample_weight is not None:
            weights = weights * row_weights(sample_weight)[:, None]
        self.correct.assign_add(ops.sum(weights * ops.cast(ops.equal(true, predicted), "float32")))
        self.total.assign_add(ops.sum(weights))

    def result(self) -> Any:
        """Accuracy of all batches so far, a scalar from 0 to 1; 0 where nothing counted."""
        total = ops.convert_to_tensor(self.total)
        share = ops.convert_to_tensor(self.correct) / ops.where(total > 0, total, 1.0)
        return ops.cast(share, self.dtype)
