"""Pearson's correlation of a whole data set, streamed."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed.metrics._correlation import correlation, weighted_pairs


@keras.saving.register_keras_serializable(package="keras_embed")
class Pearson(keras.metrics.Metric):
    """Pearson's correlation between true and predicted numbers, that of all batches together.

    r = sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 * sum (y - mean y)^2), over the whole data set, as
    `scipy.stats.pearsonr` gives it. (`keras.metrics.PearsonCorrelation` correlates the columns of each row, and
    averages over rows.) Means and sums of squares of batches are merged by the formula of Chan et al., which loses no
    digits to great means. Where either side is constant there is no correlation, and the metric says 0.

    Args:
        name: name of the metric.
        dtype: dtype of the result.

    Call arguments:
        y_true: (B,) or (B, 1) numbers.
        y_pred: (B,) or (B, 1) numbers.
        sample_weight: (B,) or None. A row of weight 2 counts as two rows.

    References:
        - Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.

    Example:
    >>> metric = Pearson()
    >>> metric.update_state([0.0, 5.0], [1.0, 3.0])
    >>> metric.update_state([1.0, 2.0], [2.0, 1.0])
    >>> round(float(metric.result()), 3)
    0.806
    """

    def __init__(self, name: str = "pearson", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), initializer="zeros", dtype="float32", name="total")
        # Distances from the greatest numbers of the first batch that counts: of constant numbers they are exactly 0.
        self.origin = self.add_variable((2,), initializer="zeros", dtype="float32", name="origin")
        self.means = self.add_variable((2,), initializer="zeros", dtype="float32", name="means")
        # Sums of squares of true and of predicted numbers, and of their products, about the means.
        self.sums = self.add_variable((3,), initializer="zeros", dtype="float32", name="sums")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch's pairs."""
        true, predicted, weights = weighted_pairs(y_true, y_pred, sample_weight)
        pairs = ops.stack([true, predicted], axis=1)  # (B, 2)
        before = ops.convert_to_tensor(self.total)
        # Rows of weight 0 count for nothing, whatever stands there: 0 times NaN is NaN.
        origin, counted = ops.convert_to_tensor(self.origin), (weights > 0)[:, None]
        greatest = ops.max(ops.where(counted, pairs, -np.inf), axis=0, initial=-np.inf)
        self.origin.assign(ops.where(ops.logical_or(before > 0, ops.isinf(greatest)), origin, greatest))
        pairs, added = ops.where(counted, pairs - self.origin, 0.0), ops.sum(weights)
        total = ops.where(before + added > 0, before + added, 1.0)
        means = ops.sum(weights[:, None] * pairs, axis=0) / ops.where(added > 0, added, 1.0)
        centred = pairs - means
        within = ops.sum(weights[:, None] * _products(centred), axis=0)
        step = means - self.means
        self.sums.assign_add(within + _products(step[None])[0] * (before * added / total))
        self.means.assign_add(step * (added / total))
        self.total.assign_add(added)

    def result(self) -> Any:
        """The correlation of all batches so far, a scalar from -1 to 1; 0 where either side is constant."""
        sums = ops.convert_to_tensor(self.sums)
        return ops.cast(correlation(sums[2], sums[0], sums[1]), self.dtype)


def _products(pairs: Any) -> Any:
    """x * x, y * y and x * y of (B, 2) pairs: (B, 3)."""
    x, y = pairs[:, 0], pairs[:, 1]
    return ops.stack([x * x, y * y, x * y], axis=1)
