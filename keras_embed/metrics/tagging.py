"""Streaming scores of taggers: accuracy of tags and F1 of entities."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._errors import check_one_of, message
from keras_embed._types import Config, KerasObject, Shape, Tensor
from keras_embed.functional import linear_chain
from keras_embed.functional.spans import count_spans
from keras_embed.metrics.entity_report import MODES, report_of, table_of
from keras_embed.text.tag_schemes import span_tables


@keras.saving.register_keras_serializable(package="keras_embed")
class TagAccuracy(keras.metrics.Metric):
    """Share of tokens whose tag is correct.

        accuracy = sum_bt w_b [y_pred = y_true] / sum_bt w_b,    over tokens with y_true >= 0

    Args:
        name: Name of the metric.
        dtype: Dtype of the result.

    Call arguments:
        y_true: Int tag ids of shape `(B, T)`. Negative ids, padding or unknown, are ignored.
        y_pred: Int tag ids of shape `(B, T)`, or the float32 potentials `(B, K + 2 + T, K + 1)` of a tagging head,
            which are decoded to the best path.
        sample_weight: Weights of shape `(B,)`, applied to each token of a row, or `None`.

    Raises:
        ValueError: If the shapes do not match.

    Example:
    >>> metric = TagAccuracy()
    >>> metric.update_state([[1, 2, 0, -1]], [[1, 2, 1, 0]])
    >>> round(float(metric.result()), 3)
    0.667
    """

    def __init__(self, name: str = "tag_accuracy", dtype: KerasObject = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.correct = self.add_variable((), initializer="zeros", dtype="float32", name="correct")
        self.total = self.add_variable((), initializer="zeros", dtype="float32", name="total")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        true, predicted, mask = _tags_and_mask(y_true, y_pred, sample_weight)
        weights = ops.cast(mask, "float32")  # (B, T)
        if sample_weight is not None:
            weights = weights * row_weights(sample_weight)[:, None]
        self.correct.assign_add(ops.sum(weights * ops.cast(ops.equal(true, predicted), "float32")))
        self.total.assign_add(ops.sum(weights))

    def result(self) -> Tensor:
        """Returns the accuracy of all batches so far, from 0 to 1; 0 if nothing was counted."""
        total = ops.convert_to_tensor(self.total)
        share = ops.convert_to_tensor(self.correct) / ops.where(total > 0, total, 1.0)
        return ops.cast(share, self.dtype)


@keras.saving.register_keras_serializable(package="keras_embed")
class EntityF1(keras.metrics.Metric):
    """F1 of entities, the harmonic mean of precision and recall of whole spans.

        F1 = 2 correct / (true + predicted)

    A predicted entity is correct if a true one has the same first token, last token and type. Counts are summed over
    batches, so the result is that of the whole data set, and equals conlleval's or seqeval's.

    Args:
        tags: The tag strings in the order of their ids.
        scheme: One of `keras_embed.text.SCHEMES`.
        mode: "conlleval" reads malformed sequences as the CoNLL script does, "strict" counts well-formed entities only.
        average: "micro" for the F1 of the summed counts; "macro" for the mean over the types that occur; or the name of
            one type.
        name: Name of the metric.
        dtype: Dtype of the result.

    Call arguments:
        y_true: Int tag ids of shape `(B, T)`. Negative ids, padding or unknown, are skipped.
        y_pred: Int tag ids of shape `(B, T)`, or the float32 potentials `(B, K + 2 + T, K + 1)` of a tagging head,
            which are decoded to the best path.
        sample_weight: Weights of shape `(B,)`, or `None`. Rows of weight 0 are ignored; other weights have no effect.

    Raises:
        ValueError: If no tag has an entity type, or `mode` or `average` is unknown.

    References:
        Tjong Kim Sang and De Meulder 2003, https://aclanthology.org/W03-0419.

    Example:
    >>> metric = EntityF1(["O", "B-PER", "I-PER"])
    >>> metric.update_state([[1, 2, 0, 1]], [[1, 2, 0, 0]])
    >>> round(float(metric.result()), 3)
    0.667
    >>> metric.report()["types"]["PER"]["recall"]
    0.5
    """

    def __init__(
        self,
        tags: Sequence[str],
        scheme: str = "BIO",
        mode: str = "conlleval",
        average: str = "micro",
        name: str = "entity_f1",
        dtype: KerasObject = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.tags, self.scheme, self.mode, self.average = tuple(tags), scheme, mode, average
        check_one_of("mode", mode, MODES)
        self.tables = span_tables(self.tags, scheme, strict=mode == "strict")
        if not self.tables.types:
            raise ValueError(message("tags with at least one entity type", self.tags, "TagAccuracy"))
        check_one_of("average", average, ("micro", "macro", *self.tables.types))
        # Correct, true and predicted entities of each type. float32 is exact up to 16.7 million, and every backend and
        # device supports it.
        self.counts = self.add_variable(
            (len(self.tables.types), 3), initializer="zeros", dtype="float32", name="counts"
        )

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        true, predicted, mask = _tags_and_mask(y_true, y_pred, sample_weight)
        tables = self.tables
        counts = count_spans(
            true,
            predicted,
            mask,
            tables.continues,
            tables.begins_well,
            tables.ends_well,
            tables.type_ids,
            num_types=len(tables.types),
        )  # (types, 3)
        self.counts.assign_add(ops.cast(counts, "float32"))

    def result(self) -> Tensor:
        """Returns F1 of all batches so far, from 0 to 1."""
        counts = ops.convert_to_tensor(self.counts)  # (types, 3)
        if self.average == "micro":
            counts = ops.sum(counts, axis=0, keepdims=True)
        elif self.average != "macro":
            index = self.tables.types.index(self.average)
            counts = counts[index : index + 1]
        correct, both = counts[:, 0], counts[:, 1] + counts[:, 2]
        occurs = ops.cast(both > 0, "float32")
        f1 = 2.0 * correct / ops.maximum(both, 1.0)
        return ops.cast(ops.sum(f1) / ops.maximum(ops.sum(occurs), 1.0), self.dtype)

    def report(self) -> dict[str, Any]:
        """Returns the scores of each type, micro and macro, as `keras_embed.metrics.entity_scores` does."""
        counts = np.rint(ops.convert_to_numpy(ops.convert_to_tensor(self.counts))).astype(int)
        return report_of(dict(zip(self.tables.types, counts.tolist(), strict=True)))

    def table(self) -> str:
        """Returns the report as text in conlleval's layout."""
        return table_of(self.report())

    def get_config(self) -> Config:
        settings = {"tags": list(self.tags), "scheme": self.scheme, "mode": self.mode, "average": self.average}
        return super().get_config() | settings


def row_weights(sample_weight: Tensor) -> Tensor:
    """Returns the weights of rows, `(B,)` float32.

    Raises:
        ValueError: If the weights are those of tokens.
    """
    weights = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
    shape = tuple(weights.shape)
    if len(shape) == 2 and shape[1] == 1:
        return weights[:, 0]
    if len(shape) != 1:
        raise ValueError(message("`sample_weight` of shape (B,)", f"shape {shape}", "-1 in y_true to leave tokens out"))
    return weights


def _tags_and_mask(
    y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns true tags, predicted tags and the mask of the tokens that count, each `(B, T)`.

    Raises:
        ValueError: If the shapes do not match.
    """
    y_true = ops.cast(ops.convert_to_tensor(y_true), "int32")
    y_pred = ops.convert_to_tensor(y_pred)
    if not _shapes_match(tuple(y_true.shape), tuple(y_pred.shape)):
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


def _shapes_match(true: Shape, predicted: Shape) -> bool:
    """Returns True if two static shapes can be those of tags and tags, or of tags and potentials."""
    if len(true) != 2 or len(predicted) not in (2, 3):
        return False
    time = true[1]
    if len(predicted) == 2:
        return time is None or predicted[1] in (None, time)
    rows, columns = predicted[1:]
    return time is None or rows is None or columns is None or rows == columns + 1 + time
