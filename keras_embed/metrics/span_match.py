"""Whether the best span is the right one, streaming inside `fit`."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive
from keras_embed.functional.spans import IMPOSSIBLE, answer_spans
from keras_embed.metrics._inputs import row_weights


class _SpanScore(keras.metrics.Mean):
    """The mean of a score of each row's best span.

    Args:
        max_length: most positions of an answer.
        name: name of the metric.
        dtype: dtype of the result.
    """

    def __init__(self, max_length: int = 30, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        check_positive("max_length", max_length)
        self.max_length = max_length

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true: (B, 2) int, first and last position, (0, 0) for no answer.
            y_pred: (B, 2, T) logits.
            sample_weight: (B,) or None.
        """
        true = ops.cast(ops.convert_to_tensor(y_true), "int32")
        spans = answer_spans(y_pred, self.max_length)
        answered = spans.scores[:, 0] > ops.maximum(spans.none, IMPOSSIBLE)
        found = ops.where(answered[:, None], ops.concatenate([spans.starts, spans.ends], axis=1), 0)  # (B, 2)
        super().update_state(self._scores(true, found), None if sample_weight is None else row_weights(sample_weight))

    def _scores(self, true: Any, found: Any) -> Any:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "max_length": self.max_length}


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanMatch(_SpanScore):
    """The share of rows whose best span, or "no answer", is exactly the right one.

    It counts positions and windows. What answers are worth as texts, `squad_scores` says.

    Args:
        max_length: most positions of an answer; see `functional.spans`.
        name: name of the metric.
        dtype: dtype of the result.

    Call arguments:
        y_true: (B, 2) int, first and last position, (0, 0) for no answer.
        y_pred: (B, 2, T) logits.
        sample_weight: (B,) or None.

    Example:
    >>> metric = SpanMatch()
    >>> metric.update_state([[1, 2]], [[[0.0, 3.0, 1.0], [0.0, 1.0, 2.0]]])
    >>> float(metric.result())
    1.0
    """

    def __init__(self, max_length: int = 30, name: str = "span_match", dtype: Any = None) -> None:
        super().__init__(max_length, name, dtype)

    def _scores(self, true: Any, found: Any) -> Any:
        return ops.all(ops.equal(true, found), axis=1)


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanF1(_SpanScore):
    """The mean F1 of the positions that the best span and the right one share.

    "No answer" is a span of its own: position 0.

    Args:
        max_length: most positions of an answer; see `functional.spans`.
        name: name of the metric.
        dtype: dtype of the result.

    Call arguments:
        y_true: (B, 2) int, first and last position, (0, 0) for no answer.
        y_pred: (B, 2, T) logits.
        sample_weight: (B,) or None.

    Example:
    >>> metric = SpanF1()
    >>> metric.update_state([[1, 2]], [[[0.0, 3.0, 1.0], [0.0, 2.5, 2.0]]])
    >>> round(float(metric.result()), 4)  # one position of two is found: precision 1, recall 1/2
    0.6667
    """

    def __init__(self, max_length: int = 30, name: str = "span_f1", dtype: Any = None) -> None:
        super().__init__(max_length, name, dtype)

    def _scores(self, true: Any, found: Any) -> Any:
        overlap = ops.minimum(true[:, 1], found[:, 1]) - ops.maximum(true[:, 0], found[:, 0]) + 1
        lengths = (true[:, 1] - true[:, 0] + 1) + (found[:, 1] - found[:, 0] + 1)
        return 2 * ops.maximum(ops.cast(overlap, "float32"), 0.0) / ops.cast(lengths, "float32")
