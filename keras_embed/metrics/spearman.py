"""Spearman's correlation of a whole data set."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._errors import check_positive
from keras_embed.metrics._correlation import correlation, weighted_pairs


@keras.saving.register_keras_serializable(package="keras_embed")
class Spearman(keras.metrics.Metric):
    """Spearman's rank correlation between true and predicted numbers, exact over all batches together.

    Pearson's correlation of the ranks, where equal numbers share the mean of their ranks, as in
    `scipy.stats.spearmanr`. Ranks are those within the whole data set, so the pairs are kept until `reset_state`, as
    many as `capacity`; of more, the metric is NaN rather than that of a part. Where either side is constant it is 0.

    Args:
        capacity: how many pairs there is room for. Ranks are found anew for each number that the progress bar shows,
            so room for many more than there are costs time.
        name: name of the metric.
        dtype: dtype of the result.

    Call arguments:
        y_true: (B,) or (B, 1) numbers.
        y_pred: (B,) or (B, 1) numbers.
        sample_weight: (B,) or None. A row of weight 2 counts as two rows.

    Raises:
        ValueError: unless `capacity` is a positive integer.

    Example:
    >>> metric = Spearman()
    >>> metric.update_state([0.0, 5.0], [1.0, 300.0])
    >>> metric.update_state([1.0, 2.0], [2.0, 1.5])
    >>> round(float(metric.result()), 3)
    0.8
    """

    def __init__(self, capacity: int = 16384, name: str = "spearman", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_positive("capacity", capacity)
        self.capacity = capacity
        self.count = self.add_variable((), initializer="zeros", dtype="int32", name="count")
        # True number, predicted number and weight. Free rows weigh nothing; the last one takes what finds no room.
        self.rows = self.add_variable((capacity + 1, 3), initializer="zeros", dtype="float32", name="rows")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Keeps a batch's pairs."""
        rows = ops.stack(weighted_pairs(y_true, y_pred, sample_weight), axis=1)  # (B, 3)
        counts = ops.cast(rows[:, 2] > 0, "int32")
        places = ops.where(counts > 0, self.count + ops.cumsum(counts) - 1, self.capacity)
        self.rows.assign(ops.scatter_update(self.rows, ops.minimum(places, self.capacity)[:, None], rows))
        self.count.assign_add(ops.sum(counts))

    def result(self) -> Any:
        """The correlation of all batches so far, a scalar from -1 to 1; 0 where either side is constant."""
        rows = ops.convert_to_tensor(self.rows)[: self.capacity]
        weights = rows[:, 2]
        true, predicted = (_centred_ranks(ops.take(rows, side, axis=1), weights) for side in (0, 1))
        variances = [ops.mean(weights * ranks * ranks) for ranks in (true, predicted)]
        value = correlation(ops.mean(weights * true * predicted), *variances)
        unknown = ops.logical_or(self.count > self.capacity, ops.any(ops.isnan(rows)))
        return ops.cast(ops.where(unknown, np.nan, value), self.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return super().get_config() | {"capacity": self.capacity}


def _centred_ranks(numbers: Any, weights: Any) -> Any:
    """Where each number stands among all, from -1/2 to 1/2: the share below it and half of the share equal to it.

    That is (rank - 1/2) / N - 1/2 of the mean rank, and correlations see neither scale nor shift. The mean is 0.

    Args:
        numbers: (N,).
        weights: (N,).

    Returns:
        (N,) float32.
    """
    order = ops.argsort(numbers)
    below = ops.pad(ops.cumsum(ops.take(weights, order)), [[1, 0]])  # (N + 1,)
    ordered, total = ops.take(numbers, order), ops.where(below[-1] > 0, below[-1], 1.0)
    ends = [ops.take(below, ops.searchsorted(ordered, numbers, side=side)) for side in ("left", "right")]
    return (ends[0] + ends[1] - below[-1]) / (2 * total)
