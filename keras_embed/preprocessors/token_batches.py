"""Encoded pairs in batches of about as many pieces, in few shapes."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors.batch_shapes import BatchShape, assign, fit_shapes, useful_shapes
from keras_embed.tokenizers.subword_tokenizer import END_ID, START_ID

_NAMES = ("encoder_token_ids", "encoder_padding_mask", "decoder_token_ids", "decoder_padding_mask")
_PREFETCHED = 4


class TokenBatches:
    """Pairs of numbers in batches, each of one of few shapes, in a new order every epoch.

    A shape has its own number of rows, so that batches hold about as many target pieces, and its own lengths of sources
    and targets. Every batch has exactly one of these shapes: where pairs do not fill the last one of a shape, others
    are repeated in it with labels of -1, which nothing is learnt from.

    Args:
        sources: N arrays of numbers, without end.
        targets: N arrays of numbers, without start and end.
        batch_tokens: target pieces in a batch at most, padding included (but at least one pair).
        batch_size: pairs in a batch at most; give one of the two.
        seed: of the shuffling; `None` keeps an order.
        max_shapes: how many shapes at most.
        max_lengths: of source and target, start or end included. Longer pairs are left out, with a warning.
        shapes: to use some of these instead of new ones. Pairs that fit none get one more.

    Attributes:
        shapes: tuple of `BatchShape`.
        num_batches: in an epoch.
        num_pairs: in an epoch.
        padding_share: of all cells of source and target, those that hold no piece.

    Raises:
        ValueError: for both or neither of `batch_tokens` and `batch_size`, and numbers below one.

    Example:
    >>> from keras_embed.preprocessors import TokenBatches
    >>> batches = TokenBatches([[4], [5], [4, 5, 6, 7]], [[4], [4], [5, 5, 5]], batch_tokens=8, max_shapes=2)
    >>> batches.shapes
    (BatchShape(rows=2, source_length=2, target_length=2), BatchShape(rows=1, source_length=5, target_length=4))
    >>> features, labels = next(iter(batches))
    >>> features["encoder_token_ids"].tolist(), features["decoder_token_ids"].tolist(), labels.tolist()
    ([[4, 3], [5, 3]], [[2, 4], [2, 4]], [[4, 3], [4, 3]])
    """

    def __init__(
        self,
        sources: Sequence[Any],
        targets: Sequence[Any],
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        seed: int | None = None,
        max_shapes: int = 8,
        max_lengths: tuple[int, int] | None = None,
        shapes: Sequence[BatchShape] | None = None,
    ) -> None:
        self._batch_tokens, self._batch_size = batch_tokens, batch_size
        if (batch_tokens is None) == (batch_size is None):
            raise ValueError(message("either `batch_tokens` or `batch_size`", (batch_tokens, batch_size)))
        check_positive("batch_tokens" if batch_size is None else "batch_size", batch_tokens or batch_size or 0)
        check_positive("max_shapes", max_shapes)
        self._generator = None if seed is None else np.random.default_rng(seed)
        lengths = np.array([[len(pair[0]) + 1, len(pair[1]) + 1] for pair in zip(sources, targets, strict=True)])
        kept = _short_enough(lengths.reshape(-1, 2), max_lengths)
        lengths = lengths[kept]
        found = useful_shapes(lengths, shapes or ())
        rest = lengths[assign(lengths, found) < 0]
        if len(rest):
            found += fit_shapes(rest, self._max_rows, 1 if found else max_shapes)
        places = assign(lengths, found)
        self.num_pairs = len(kept)
        groups = [(shape, kept[places == place]) for place, shape in enumerate(found) if (places == place).any()]
        self.shapes = tuple(shape for shape, _ in groups)
        self._tables = [
            _Table([sources[i] for i in pairs], [targets[i] for i in pairs], shape) for shape, pairs in groups
        ]
        self.num_batches = sum(table.num_batches for table in self._tables)
        self.padding_share = 1 - int(lengths.sum()) / sum(table.cells for table in self._tables)

    def _max_rows(self, target_length: int) -> int:
        return self._batch_size or max(1, (self._batch_tokens or 1) // target_length)

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[tuple[dict[str, NDArray[Any]], NDArray[np.int32]]]:
        """The batches of an epoch, `(features, labels)` as `TranslationPreprocessor` makes them, in NumPy arrays."""
        plan = [(table, rows) for table in self._tables for rows in table.batches(self._generator)]
        order = range(len(plan)) if self._generator is None else self._generator.permutation(len(plan))
        for place in order:
            table, rows = plan[place]
            yield table.batch(rows)

    def dataset(self) -> Any:
        """The same as a `tf.data.Dataset`, for `fit`; each time it is gone through is an epoch."""
        ids, mask = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.bool)
        signature = (dict(zip(_NAMES, (ids, mask, ids, mask), strict=True)), ids)
        dataset = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(self.num_batches)).prefetch(_PREFETCHED)


class _Table:
    """The pairs of one shape, padded."""

    def __init__(self, sources: Sequence[Any], targets: Sequence[Any], shape: BatchShape) -> None:
        self.rows, count = shape.rows, len(sources)
        self.num_batches = -(-count // self.rows)
        self.cells = self.num_batches * self.rows * (shape.source_length + shape.target_length)
        self._encoder, encoder_lengths = _padded(sources, shape.source_length)
        self._decoder, decoder_lengths = _padded(targets, shape.target_length)
        every = np.arange(count)
        self._labels = np.where(np.arange(shape.target_length) < decoder_lengths[:, None], self._decoder, -1)
        self._encoder[every, encoder_lengths] = END_ID
        self._labels[every, decoder_lengths] = END_ID
        self._decoder = np.pad(self._decoder, [(0, 0), (1, 0)], constant_values=START_ID)[:, :-1]
        self._encoder_mask = np.arange(shape.source_length) <= encoder_lengths[:, None]
        self._decoder_mask = np.arange(shape.target_length) <= decoder_lengths[:, None]

    def batches(self, generator: np.random.Generator | None) -> list[NDArray[np.int64]]:
        """The rows of every batch; the last may be shorter."""
        count = len(self._labels)
        order = np.arange(count) if generator is None else generator.permutation(count)
        return [order[start : start + self.rows] for start in range(0, count, self.rows)]

    def batch(self, rows: NDArray[np.int64]) -> tuple[dict[str, NDArray[Any]], NDArray[np.int32]]:
        full = np.resize(rows, self.rows)
        labels = self._labels[full]
        labels[len(rows) :] = -1
        columns = (self._encoder, self._encoder_mask, self._decoder, self._decoder_mask)
        return {name: column[full] for name, column in zip(_NAMES, columns, strict=True)}, labels


def _padded(rows: Sequence[Any], length: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """(N, length) int32, and the rows' lengths."""
    lengths = np.array([len(row) for row in rows], np.int64)
    table = np.zeros((len(rows), length), np.int32)
    table[np.arange(length) < lengths[:, None]] = np.concatenate([np.asarray(row, np.int32) for row in rows])
    return table, lengths


def _short_enough(lengths: NDArray[np.int64], max_lengths: tuple[int, int] | None) -> NDArray[np.int64]:
    """The places of the pairs that are not too long."""
    limits = np.array(max_lengths if max_lengths is not None else [np.inf, np.inf])
    short = np.all(lengths <= limits, axis=-1)
    if not short.any():
        raise ValueError(message(f"at least one pair of lengths up to {max_lengths}", f"{len(lengths)} pairs"))
    if not short.all():
        warnings.warn(f"{(~short).sum()} of {len(short)} pairs are longer than {max_lengths}: left out", stacklevel=4)
    return np.flatnonzero(short)
