"""Entity F1 that streams inside `fit`."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._errors import check_one_of, message
from keras_embed.functional.spans import count_spans
from keras_embed.metrics._inputs import tags_and_mask
from keras_embed.metrics.entity_report import MODES, report_of, table_of
from keras_embed.text.tag_schemes import span_tables


@keras.saving.register_keras_serializable(package="keras_embed")
class EntityF1(keras.metrics.Metric):
    """F1 of entities: the harmonic mean of precision and recall over whole spans.

    A predicted entity is right if a true one has the same first token, last token and type. The counts of each batch
    are added up, so the result is that of the whole data set at once, and equals conlleval's or seqeval's.

    Args:
        tags: the tag strings in the order of their ids.
        scheme: one of `keras_embed.text.SCHEMES`.
        mode: "conlleval" reads broken sequences as the CoNLL script does, "strict" counts well-formed entities only.
        average: "micro" counts all entities alike; "macro" is the mean over the types that occur; or one type's name.
        name: name of the metric.
        dtype: dtype of the result.

    Call arguments:
        y_true: (B, T) int tag ids. Negative ones, padding or unknown, are passed over as if they were not there.
        y_pred: (B, T) int tag ids, or the (B, K + 2 + T, K + 1) float32 potentials of a tagging head, which are
            decoded to the best path.
        sample_weight: (B,) or None. Rows of weight 0 do not count; other weights change nothing.

    Raises:
        ValueError: for tags without an entity type, and another `mode` or `average`.

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
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.tags, self.scheme, self.mode, self.average = tuple(tags), scheme, mode, average
        check_one_of("mode", mode, MODES)
        self.tables = span_tables(self.tags, scheme, strict=mode == "strict")
        if not self.tables.types:
            raise ValueError(message("tags with at least one entity type", self.tags, "TagAccuracy"))
        check_one_of("average", average, ("micro", "macro", *self.tables.types))
        # float32 holds whole numbers up to 16.7 million exactly, and no backend or device refuses it.
        self.counts = self.add_variable(
            (len(self.tables.types), 3), initializer="zeros", dtype="float32", name="counts"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch's entities to the counts."""
        true, predicted, mask = tags_and_mask(y_true, y_pred, sample_weight)
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
        )
        self.counts.assign_add(ops.cast(counts, "float32"))

    def result(self) -> Any:
        """F1 of all batches so far, a scalar from 0 to 1."""
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
        """Scores of each type, micro and macro, as `keras_embed.metrics.entity_scores` gives them."""
        counts = np.rint(ops.convert_to_numpy(ops.convert_to_tensor(self.counts))).astype(int)
        return report_of(dict(zip(self.tables.types, counts.tolist(), strict=True)))

    def table(self) -> str:
        """The report as text in conlleval's layout."""
        return table_of(self.report())

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        settings = {"tags": list(self.tags), "scheme": self.scheme, "mode": self.mode, "average": self.average}
        return super().get_config() | settings
