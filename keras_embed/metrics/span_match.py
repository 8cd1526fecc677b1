"""Streaming scores of answer spans."""

import keras
from keras import ops

from keras_embed._errors import check_positive
from keras_embed._types import Config, KerasObject, Tensor
from keras_embed.functional.spans import IMPOSSIBLE, answer_spans
from keras_embed.metrics.tagging import row_weights


class _SpanScore(keras.metrics.Mean):
    """Base class of means over a score of the best span of each row.

    Args:
        max_length: Maximal number of positions of an answer.
        name: Name of the metric.
        dtype: Dtype of the result.
    """

    def __init__(self, max_length: int = 30, name: str | None = None, dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_positive("max_length", max_length)
        self.max_length = max_length

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        true = ops.cast(ops.convert_to_tensor(y_true), "int32")  # (B, 2)
        spans = answer_spans(y_pred, self.max_length)
        # A row has an answer if its best span scores higher than "no answer", which is the span (0, 0).
        answered = spans.scores[:, 0] > ops.maximum(spans.none, IMPOSSIBLE)
        found = ops.where(answered[:, None], ops.concatenate([spans.starts, spans.ends], axis=1), 0)  # (B, 2)
        super().update_state(self._scores(true, found), None if sample_weight is None else row_weights(sample_weight))

    def _scores(self, true: Tensor, found: Tensor) -> Tensor:
        """Returns a score of each row, `(B,)`, from first and last positions, `(B, 2)` each."""
        raise NotImplementedError

    def get_config(self) -> Config:
        return {**super().get_config(), "max_length": self.max_length}


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanMatch(_SpanScore):
    """Share of rows whose best span, or "no answer", is exactly the true one, `mean_b [found_b = true_b]`.

    It compares positions within windows; `squad_scores` compares the texts of answers.

    Args:
        max_length: Maximal number of positions of an answer; see `functional.spans`.
        name: Name of the metric.
        dtype: Dtype of the result.

    Call arguments:
        y_true: Int tensor of shape `(B, 2)`, first and last position, (0, 0) for no answer.
        y_pred: Logits of shape `(B, 2, T)`.
        sample_weight: Weights of shape `(B,)`, or `None`.

    Raises:
        ValueError: If `max_length` is not a positive integer.

    References:
        Rajpurkar et al. 2016, https://aclanthology.org/D16-1264, exact match.

    Example:
    >>> metric = SpanMatch()
    >>> metric.update_state([[1, 2]], [[[0.0, 3.0, 1.0], [0.0, 1.0, 2.0]]])
    >>> float(metric.result())
    1.0
    """

    def __init__(self, max_length: int = 30, name: str = "span_match", dtype: KerasObject = None) -> None:
        super().__init__(max_length, name, dtype)

    def _scores(self, true: Tensor, found: Tensor) -> Tensor:
        return ops.all(ops.equal(true, found), axis=1)


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanF1(_SpanScore):
    """Mean F1 of the positions of the best span and the true one.

        F1 = 2 |found & true| / (|found| + |true|)

    "No answer" is the span of position 0.

    Args:
        max_length: Maximal number of positions of an answer; see `functional.spans`.
        name: Name of the metric.
        dtype: Dtype of the result.

    Call arguments:
        y_true: Int tensor of shape `(B, 2)`, first and last position, (0, 0) for no answer.
        y_pred: Logits of shape `(B, 2, T)`.
        sample_weight: Weights of shape `(B,)`, or `None`.

    Raises:
        ValueError: If `max_length` is not a positive integer.

    References:
        Rajpurkar et al. 2016, https://aclanthology.org/D16-1264, F1.

    Example:
    >>> metric = SpanF1()
    >>> metric.update_state([[1, 2]], [[[0.0, 3.0, 1.0], [0.0, 2.5, 2.0]]])
    >>> round(float(metric.result()), 4)  # one position of two is found: precision 1, recall 1/2
    0.6667
    """

    def __init__(self, max_length: int = 30, name: str = "span_f1", dtype: KerasObject = None) -> None:
        super().__init__(max_length, name, dtype)

    def _scores(self, true: Tensor, found: Tensor) -> Tensor:
        overlap = ops.minimum(true[:, 1], found[:, 1]) - ops.maximum(true[:, 0], found[:, 0]) + 1
        lengths = (true[:, 1] - true[:, 0] + 1) + (found[:, 1] - found[:, 0] + 1)
        return 2 * ops.maximum(ops.cast(overlap, "float32"), 0.0) / ops.cast(lengths, "float32")
