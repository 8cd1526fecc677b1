"""Texts for a language model, in windows and batches of few shapes."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors.batch_shapes import assign, fit_shapes
from keras_embed.tokenizers.subword_tokenizer import END_ID, START_ID

_PREFETCHED = 4
Features = dict[str, NDArray[Any]]


class LanguageModelBatches:
    """Texts as numbers in batches, each of one of few shapes, in a new order every epoch.

    A text with its start and its end is cut into windows of at most `max_length` inputs. Every piece, and the end, is
    the label of one window. A window begins with the piece that the last one ended with, or, with an `overlap`, that
    many pieces earlier, which are read and are no labels: so every piece has at least as many before it.

    Every batch has exactly one of the shapes: where windows do not fill the last one of a shape, others are repeated
    in it with labels of -1, which nothing is learnt from.

    Args:
        texts: N arrays of numbers, without start and end.
        max_length: inputs of a window at most.
        overlap: below `max_length`.
        batch_tokens: inputs in a batch at most, padding included (but at least one window).
        batch_size: windows in a batch at most; give one of the two.
        seed: of the shuffling; `None` keeps an order.
        max_shapes: how many shapes at most; and no more than one for every four batches.

    Attributes:
        shapes: tuple of (rows, length).
        num_batches: in an epoch.
        num_labels: in an epoch: all pieces and an end for each text.

    Raises:
        ValueError: for both or neither of `batch_tokens` and `batch_size`, numbers out of range, and no texts.

    Example:
    >>> batches = LanguageModelBatches([[4, 5, 6, 7], [8]], max_length=3, batch_size=2)
    >>> batches.shapes
    ((2, 3),)
    >>> for features, labels in batches:
    ...     print(features["token_ids"].tolist(), labels.tolist())
    [[2, 4, 5], [6, 7, 0]] [[4, 5, 6], [7, 3, -1]]
    [[2, 8, 0], [2, 8, 0]] [[8, 3, -1], [-1, -1, -1]]
    """

    def __init__(
        self,
        texts: Sequence[Any],
        max_length: int,
        overlap: int = 0,
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        seed: int | None = None,
        max_shapes: int = 4,
    ) -> None:
        if (batch_tokens is None) == (batch_size is None):
            raise ValueError(message("either `batch_tokens` or `batch_size`", (batch_tokens, batch_size)))
        check_positive("batch_tokens" if batch_size is None else "batch_size", batch_tokens or batch_size or 0)
        check_positive("max_length", max_length)
        check_positive("max_shapes", max_shapes)
        if not 0 <= overlap < max_length:
            raise ValueError(message(f"`overlap` from 0 to below max_length={max_length}", overlap))
        if not len(texts):
            raise ValueError(message("at least one text", "none"))
        self._generator = None if seed is None else np.random.default_rng(seed)
        lengths = np.array([len(text) + 1 for text in texts], np.int64)  # labels of each text
        self._flat = _joined(texts)
        self._windows = _Windows(lengths, max_length, overlap)
        sizes = np.stack([np.zeros_like(self._windows.lengths), self._windows.lengths], axis=1)

        def max_rows(length: int) -> int:
            return batch_size or max(1, (batch_tokens or 1) // length)

        batches = -(-len(sizes) // max_rows(int(self._windows.lengths.max())))
        found = fit_shapes(sizes, max_rows, min(max_shapes, 1 + (batches - 1) // 4))
        places = assign(sizes, found)
        self._groups = [np.flatnonzero(places == place) for place in range(len(found))]
        self.shapes = tuple((shape.rows, shape.target_length) for shape in found)
        self.num_batches = sum(
            -(-len(group) // rows) for group, (rows, _) in zip(self._groups, self.shapes, strict=True)
        )
        self.num_labels = int(lengths.sum())

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[tuple[Features, NDArray[np.int32]]]:
        """The batches of an epoch, `(features, labels)`: `token_ids`, `padding_mask` and labels, (B, T) each."""
        for _, features, labels in self.numbered():
            yield features, labels

    def numbered(self) -> Iterator[tuple[NDArray[np.int64], Features, NDArray[np.int32]]]:
        """The batches of an epoch, `(numbers, features, labels)`; the first (B,) says which text each row is of."""
        plan = []
        for group, (rows, length) in zip(self._groups, self.shapes, strict=True):
            order = group if self._generator is None else self._generator.permutation(group)
            plan += [(order[start : start + rows], rows, length) for start in range(0, len(order), rows)]
        places = range(len(plan)) if self._generator is None else self._generator.permutation(len(plan))
        for place in places:
            yield self._batch(*plan[place])

    def _batch(self, windows: NDArray[np.int64], rows: int, length: int) -> Any:
        full, steps = np.resize(windows, rows), np.arange(length)
        starts, sizes, skipped = (column[full, None] for column in self._windows.columns)
        real = steps < sizes
        cells = np.where(real, starts + steps, 0)
        features = {"token_ids": np.where(real, self._flat[cells], 0), "padding_mask": real}
        labels = np.where(real & (steps >= skipped), self._flat[cells + 1], -1)
        labels[len(windows) :] = -1
        return self._windows.texts[full], features, labels

    def dataset(self) -> Any:
        """The same as a `tf.data.Dataset`, for `fit`; each time it is gone through is an epoch."""
        ids, mask = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.bool)
        signature = ({"token_ids": ids, "padding_mask": mask}, ids)
        dataset = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(self.num_batches)).prefetch(_PREFETCHED)


class _Windows:
    """Where each window begins among all numbers, how many inputs it has, how many of them have no label, its text."""

    def __init__(self, lengths: NDArray[np.int64], max_length: int, overlap: int) -> None:
        stride = max_length - overlap
        counts = 1 + np.maximum(0, -(-(lengths - max_length) // stride))
        self.texts = np.repeat(np.arange(len(lengths)), counts)
        number = np.arange(len(self.texts)) - np.repeat(np.cumsum(counts) - counts, counts)  # of a text's window
        first = np.cumsum(lengths + 1) - (lengths + 1)  # where each text's start stands
        self.starts = first[self.texts] + number * stride
        self.lengths = np.minimum(max_length, lengths[self.texts] - number * stride)
        self.columns = (self.starts, self.lengths, np.where(number > 0, overlap, 0))


def _joined(texts: Sequence[Any]) -> NDArray[np.int32]:
    """All texts in a row, each with its start and its end."""
    parts: list[Any] = []
    for text in texts:
        parts += [[START_ID], text, [END_ID]]
    return np.concatenate([np.asarray(part, np.int32) for part in parts])
