"""Pearson's and Spearman's correlation of a whole data set."""

import keras
import numpy as np
from keras import ops

from keras_embed._errors import check_positive, message
from keras_embed._types import Config, KerasObject, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class Pearson(keras.metrics.Metric):
    """Pearson's correlation between true and predicted numbers over all batches.

        r = sum (x - mean x) (y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2)

    over the whole data set, as computed by `scipy.stats.pearsonr`. (`keras.metrics.PearsonCorrelation` correlates the
    columns of each row and averages over rows.) Means and sums of squares of batches are merged by the formula of Chan
    et al., which is accurate for large means. The result is 0 if either side is constant.

    Args:
        name: Name of the metric.
        dtype: Dtype of the result.

    Call arguments:
        y_true: Numbers of shape `(B,)` or `(B, 1)`.
        y_pred: Numbers of shape `(B,)` or `(B, 1)`.
        sample_weight: Weights of shape `(B,)`, or `None`. A row of weight 2 counts as two rows.

    References:
        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.

    Example:
    >>> metric = Pearson()
    >>> metric.update_state([0.0, 5.0], [1.0, 3.0])
    >>> metric.update_state([1.0, 2.0], [2.0, 1.0])
    >>> round(float(metric.result()), 3)
    0.806
    """

    def __init__(self, name: str = "pearson", dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), initializer="zeros", dtype="float32", name="total")
        # The maxima of the first batch that counts. Differences from them are exactly 0 for constant numbers.
        self.origin = self.add_variable((2,), initializer="zeros", dtype="float32", name="origin")
        self.means = self.add_variable((2,), initializer="zeros", dtype="float32", name="means")
        # Sums of squares of true and of predicted numbers, and of their products, about the means.
        self.sums = self.add_variable((3,), initializer="zeros", dtype="float32", name="sums")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        true, predicted, weights = _weighted_pairs(y_true, y_pred, sample_weight)  # (B,) each
        pairs = ops.stack([true, predicted], axis=1)  # (B, 2)
        before = ops.convert_to_tensor(self.total)
        # Rows of weight 0 are replaced, not multiplied: 0 times NaN is NaN.
        origin, counted = ops.convert_to_tensor(self.origin), (weights > 0)[:, None]
        greatest = ops.max(ops.where(counted, pairs, -np.inf), axis=0, initial=-np.inf)
        self.origin.assign(ops.where(ops.logical_or(before > 0, ops.isinf(greatest)), origin, greatest))
        pairs, added = ops.where(counted, pairs - self.origin, 0.0), ops.sum(weights)
        total = ops.where(before + added > 0, before + added, 1.0)
        # Mean and sums of this batch.
        means = ops.sum(weights[:, None] * pairs, axis=0) / ops.where(added > 0, added, 1.0)  # (2,)
        within = ops.sum(weights[:, None] * _products(pairs - means), axis=0)  # (3,)
        # Chan et al.: S = S_a + S_b + (mean_b - mean_a)^2 n_a n_b / (n_a + n_b).
        step = means - self.means
        self.sums.assign_add(within + _products(step[None])[0] * (before * added / total))
        self.means.assign_add(step * (added / total))
        self.total.assign_add(added)

    def result(self) -> Tensor:
        """Returns the correlation of all batches so far, from -1 to 1; 0 if either side is constant."""
        sums = ops.convert_to_tensor(self.sums)
        return ops.cast(correlation(sums[2], sums[0], sums[1]), self.dtype)


@keras.saving.register_keras_serializable(package="keras_embed")
class Spearman(keras.metrics.Metric):
    """Spearman's rank correlation between true and predicted numbers, exact over all batches.

        rho = r(rank x, rank y)

    Pearson's correlation r of the ranks, where ties have the mean of their ranks, as in `scipy.stats.spearmanr`. Ranks
    depend on the whole data set, so the pairs are stored until `reset_state`, up to `capacity`; if there are more, the
    result is NaN instead of the correlation of a part. It is 0 if either side is constant.

    Args:
        capacity: Maximal number of pairs. The progress bar recomputes the ranks in every step, so a much larger
            capacity than needed costs time.
        name: Name of the metric.
        dtype: Dtype of the result.

    Call arguments:
        y_true: Numbers of shape `(B,)` or `(B, 1)`.
        y_pred: Numbers of shape `(B,)` or `(B, 1)`.
        sample_weight: Weights of shape `(B,)`, or `None`. A row of weight 2 counts as two rows.

    Raises:
        ValueError: If `capacity` is not a positive integer.

    References:
        Spearman 1904, https://doi.org/10.2307/1412159.

    Example:
    >>> metric = Spearman()
    >>> metric.update_state([0.0, 5.0], [1.0, 300.0])
    >>> metric.update_state([1.0, 2.0], [2.0, 1.5])
    >>> round(float(metric.result()), 3)
    0.8
    """

    def __init__(self, capacity: int = 16384, name: str = "spearman", dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_positive("capacity", capacity)
        self.capacity = capacity
        self.count = self.add_variable((), initializer="zeros", dtype="int32", name="count")
        # True number, predicted number and weight. Unused rows have weight 0; the last row takes pairs above capacity.
        self.rows = self.add_variable((capacity + 1, 3), initializer="zeros", dtype="float32", name="rows")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        rows = ops.stack(_weighted_pairs(y_true, y_pred, sample_weight), axis=1)  # (B, 3)
        counts = ops.cast(rows[:, 2] > 0, "int32")
        # Rows of weight 0 go to the last row too.
        indices = ops.where(counts > 0, self.count + ops.cumsum(counts) - 1, self.capacity)
        self.rows.assign(ops.scatter_update(self.rows, ops.minimum(indices, self.capacity)[:, None], rows))
        self.count.assign_add(ops.sum(counts))

    def result(self) -> Tensor:
        """Returns the correlation of all batches so far, from -1 to 1; 0 if either side is constant."""
        rows = ops.convert_to_tensor(self.rows)[: self.capacity]
        weights = rows[:, 2]
        true, predicted = (_centred_ranks(ops.take(rows, side, axis=1), weights) for side in (0, 1))
        variances = [ops.mean(weights * ranks * ranks) for ranks in (true, predicted)]
        value = correlation(ops.mean(weights * true * predicted), *variances)
        unknown = ops.logical_or(self.count > self.capacity, ops.any(ops.isnan(rows)))
        return ops.cast(ops.where(unknown, np.nan, value), self.dtype)

    def get_config(self) -> Config:
        return super().get_config() | {"capacity": self.capacity}


def correlation(covariance: Tensor, first_variance: Tensor, second_variance: Tensor) -> Tensor:
    """Returns `covariance / sqrt(first_variance * second_variance)`, clipped to [-1, 1]; 0 if a variance is 0.

    Args:
        covariance: Scalar.
        first_variance: Scalar, not negative.
        second_variance: Scalar, not negative.

    Returns:
        Scalar; NaN if an argument is NaN.
    """
    # Square roots before the product, which would underflow for small variances.
    scale = ops.sqrt(first_variance) * ops.sqrt(second_variance)
    constant = scale == 0
    return ops.where(constant, 0.0, ops.clip(covariance / ops.where(constant, 1.0, scale), -1.0, 1.0))


def _weighted_pairs(
    y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns y_true, y_pred and the weights of a batch, each `(B,)` float32.

    Raises:
        ValueError: If y_true or y_pred has more than one number in a row.
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


def _products(pairs: Tensor) -> Tensor:
    """Returns x * x, y * y and x * y of pairs, (B, 2) to (B, 3)."""
    x, y = pairs[:, 0], pairs[:, 1]
    return ops.stack([x * x, y * y, x * y], axis=1)


def _centred_ranks(numbers: Tensor, weights: Tensor) -> Tensor:
    """Returns (rank - 1/2) / N - 1/2 with mean ranks for ties, from -1/2 to 1/2; the mean is 0.

    Computed as the share of the weight below a number plus half of the share equal to it. Correlations are invariant to
    the scale and the shift.

    Args:
        numbers: `(N,)`.
        weights: `(N,)`.
    """
    order = ops.argsort(numbers)
    below = ops.pad(ops.cumsum(ops.take(weights, order)), [[1, 0]])  # (N + 1,)
    ordered, total = ops.take(numbers, order), ops.where(below[-1] > 0, below[-1], 1.0)
    ends = [ops.take(below, ops.searchsorted(ordered, numbers, side=side)) for side in ("left", "right")]
    return (ends[0] + ends[1] - below[-1]) / (2 * total)
