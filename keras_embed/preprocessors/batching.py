"""Batches of rows of similar length, and batches of pairs in few shapes."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed._types import Dataset, TFTensor, Tokens
from keras_embed.tokenizers.subword_tokenizer import END_ID, START_ID

_NAMES = ("encoder_token_ids", "encoder_padding_mask", "decoder_token_ids", "decoder_padding_mask")
_PREFETCHED = 4

# === Rows of similar length ===


def similar_length_batches(
    lengths: Sequence[int] | NDArray[np.int64], batch_size: int, generator: np.random.Generator | None = None
) -> list[NDArray[np.int64]]:
    """Groups rows of similar length into batches.

    Rows are sorted by length and cut into batches. Only one batch, that of the longest, may be smaller, so that a
    compiler meets one shape more and not one for each length.

    Args:
        lengths: of all rows.
        batch_size: rows in a batch.
        generator: shuffles rows of (nearly) equal length, and the batches. `None` sorts.

    Returns:
        arrays of indices, which together are 0..N-1.
    """
    keys = np.asarray(lengths, np.float64)
    if generator is None:
        order = np.argsort(keys, kind="stable")
    else:
        # A little noise, so that a row meets other rows in every epoch.
        order = np.argsort(keys * generator.uniform(0.9, 1.1, len(keys)) + generator.uniform(0, 1, len(keys)))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if generator is not None:
        generator.shuffle(batches)
    return batches


def batched_dataset(
    columns: tuple[Tokens, ...],
    batch_size: int,
    seed: int | None,
    lengths: Sequence[int] | NDArray[np.int64] | None = None,
) -> Dataset:
    """Returns a `tf.data.Dataset` of batches of similar length, in a new order every epoch.

    Args:
        columns: tensors with a common first axis, dense or ragged, or dicts of them.
        batch_size: rows in a batch.
        seed: seed of the shuffling; `None` sorts by length.
        lengths: of all rows; by default those of the first column, which is ragged.
    """
    lengths = columns[0].row_lengths().numpy() if lengths is None else lengths
    generator = None if seed is None else np.random.default_rng(seed)
    count = -(-len(lengths) // batch_size)

    def indices() -> Iterator[NDArray[np.int64]]:
        yield from similar_length_batches(lengths, batch_size, generator)

    dataset = tf.data.Dataset.from_generator(indices, output_signature=tf.TensorSpec([None], tf.int64))
    return dataset.map(lambda rows: tf.nest.map_structure(lambda column: tf.gather(column, rows), columns)).apply(
        tf.data.experimental.assert_cardinality(count)
    )


def padded_batch(tokens: TFTensor, rows: NDArray[np.int64]) -> TFTensor:
    """Selects rows of a ragged tensor, or strings, and adds empty ones up to a power of two: few shapes to compile."""
    batch = tf.gather(tokens, rows)
    missing = (1 << (len(rows) - 1).bit_length()) - len(rows)
    if not isinstance(batch, tf.RaggedTensor):
        return tf.concat([batch, tf.fill([missing], "")], axis=0)
    lengths = tf.concat([batch.row_lengths(), tf.zeros([missing], tf.int64)], axis=0)
    return tf.RaggedTensor.from_row_lengths(batch.flat_values, lengths)


# === Few shapes for pairs ===


class BatchShape(NamedTuple):
    """Shape of a batch of pairs.

    Args:
        rows: number of pairs.
        source_length: S, to which sources are padded.
        target_length: T, to which targets are padded.
    """

    rows: int
    source_length: int
    target_length: int


def fit_lengths(lengths: NDArray[np.int64], max_shapes: int) -> list[tuple[int, int]]:
    """Finds lengths to pad pairs to, such that every pair fits and there is little padding.

    Starts with one pair of lengths for all, and greedily splits the pairs, along sources or targets, where that saves
    most cells. Each split is optimal; all of them together need not be.

    Args:
        lengths: (N, 2), of sources and targets.
        max_shapes: maximum number of shapes.

    Returns:
        `(source_length, target_length)`, the smallest first.
    """
    boxes = [lengths]
    splits = [_best_split(lengths)]
    while len(boxes) < max_shapes:
        best = int(np.argmax([saved for saved, _, _ in splits]))
        saved, axis, threshold = splits[best]
        if saved <= 0:
            break
        box = boxes[best]
        low = box[:, axis] <= threshold
        boxes[best : best + 1] = [box[low], box[~low]]
        splits[best : best + 1] = [_best_split(box[low]), _best_split(box[~low])]
    found = {(int(box[:, 0].max()), int(box[:, 1].max())) for box in boxes}
    return sorted(found, key=lambda shape: (sum(shape), shape))


def _best_split(box: NDArray[np.int64]) -> tuple[int, int, int]:
    """Returns the cells that the best split of a box saves, its axis, and the greatest length of the lower part."""
    best = (0, 0, 0)
    whole = len(box) * int(box.max(axis=0).sum())
    for axis in (0, 1):
        ordered = box[np.argsort(box[:, axis], kind="stable")]
        # Cells of a row, if the first i pairs are one part and the others another, for every i.
        below = np.maximum.accumulate(ordered, axis=0).sum(axis=1)[:-1]
        above = np.maximum.accumulate(ordered[::-1], axis=0).sum(axis=1)[::-1][1:]
        count = np.arange(1, len(box))
        saved = whole - count * below - (len(box) - count) * above
        saved[ordered[1:, axis] == ordered[:-1, axis]] = 0  # equal lengths stay together
        if len(saved) and saved.max() > best[0]:
            at = int(np.argmax(saved))
            best = (int(saved[at]), axis, int(ordered[at, axis]))
    return best


def fit_shapes(lengths: NDArray[np.int64], max_rows: Callable[[int], int], max_shapes: int) -> list[BatchShape]:
    """Finds shapes of batches: lengths by `fit_lengths`, and rows such that the last batch of a shape is nearly full.

    Args:
        lengths: (N, 2), of sources and targets.
        max_rows: function from a target length to the maximum number of pairs in a batch.
        max_shapes: maximum number of shapes.
    """
    found = [BatchShape(1, *shape) for shape in fit_lengths(lengths, max_shapes)]
    counts = np.bincount(assign(lengths, found), minlength=len(found))
    shapes = []
    for shape, count in zip(found, counts.tolist(), strict=True):
        if count:
            batches = -(-count // max_rows(shape.target_length))
            shapes.append(shape._replace(rows=-(-count // batches)))
    return shapes


def useful_shapes(lengths: NDArray[np.int64], shapes: Sequence[BatchShape]) -> list[BatchShape]:
    """Selects those of given shapes that suit few pairs: none whose half-empty batch costs more than it saves.

    Args:
        lengths: (N, 2), of sources and targets.
        shapes: shapes to choose from. Pairs that fit one of them still fit one of those selected.
    """
    chosen = list(shapes)
    while len(chosen) > 1:
        fewer = [chosen[:index] + chosen[index + 1 :] for index in range(len(chosen))]
        costs = [_cells(lengths, some) for some in fewer]
        if min(costs) > _cells(lengths, chosen):
            break
        chosen = fewer[int(np.argmin(costs))]
    return chosen


def _cells(lengths: NDArray[np.int64], shapes: Sequence[BatchShape]) -> float:
    """Returns the cells of the batches that hold all pairs; a pair that fits no shape costs more than all others."""
    indices = assign(lengths, shapes)
    counts = np.bincount(indices[indices >= 0], minlength=len(shapes)).tolist()
    batches = sum(
        -(-count // shape.rows) * shape.rows * sum(shape[1:]) for count, shape in zip(counts, shapes, strict=True)
    )
    return batches + 1e12 * int((indices < 0).sum())


def assign(lengths: NDArray[np.int64], shapes: Sequence[BatchShape]) -> NDArray[np.int64]:
    """Returns the index of the shape with the least padding for each of N pairs, -1 if a pair fits none."""
    table = np.array([shape[1:] for shape in shapes], np.int64).reshape(-1, 2)  # (shapes, 2)
    fits = (lengths[:, None] <= table[None]).all(axis=-1)  # (N, shapes)
    cells = np.where(fits, table.sum(axis=-1), np.iinfo(np.int64).max)
    return np.where(fits.any(axis=-1), cells.argmin(axis=-1), -1) if len(table) else np.full(len(lengths), -1)


# === Pairs of ids ===


class TokenBatches:
    """Pairs of ids in batches, each of one of few shapes, in a new order every epoch.

    A shape has its own number of rows, so that batches have about as many target tokens, and its own lengths of sources
    and targets. Every batch has exactly one of these shapes: if pairs do not fill the last one of a shape, others are
    repeated in it with labels of -1, which do not count in the loss.

    Args:
        sources: N arrays of ids, without end.
        targets: N arrays of ids, without start and end.
        batch_tokens: maximum number of target tokens in a batch, padding included (but at least one pair).
        batch_size: maximum number of pairs in a batch; give one of the two.
        seed: seed of the shuffling; `None` does not shuffle.
        max_shapes: maximum number of shapes.
        max_lengths: of source and target, start or end included. Longer pairs are left out, with a warning.
        shapes: shapes to use instead of new ones. Pairs that fit none add one more.

    Attributes:
        shapes: tuple of `BatchShape`.
        num_batches: batches in an epoch.
        num_pairs: pairs in an epoch.
        padding_share: share of the cells of source and target that is padding.

    Raises:
        ValueError: If there are both or neither of `batch_tokens` and `batch_size`, or a number is below one.

    Example:
    >>> from keras_embed.preprocessors.batching import TokenBatches
    >>> batches = TokenBatches([[4], [5], [4, 5, 6, 7]], [[4], [4], [5, 5, 5]], batch_tokens=8, max_shapes=2)
    >>> batches.shapes
    (BatchShape(rows=2, source_length=2, target_length=2), BatchShape(rows=1, source_length=5, target_length=4))
    >>> features, labels = next(iter(batches))
    >>> features["encoder_token_ids"].tolist(), features["decoder_token_ids"].tolist(), labels.tolist()
    ([[4, 3], [5, 3]], [[2, 4], [2, 4]], [[4, 3], [4, 3]])
    """

    def __init__(
        self,
        sources: Sequence[Sequence[int] | NDArray[np.int32]],
        targets: Sequence[Sequence[int] | NDArray[np.int32]],
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
        indices = assign(lengths, found)
        self.num_pairs = len(kept)
        groups = [(shape, kept[indices == index]) for index, shape in enumerate(found) if (indices == index).any()]
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
        """Yields the batches of an epoch, `(features, labels)` as of `TranslationPreprocessor`, in NumPy arrays."""
        plan = [(table, rows) for table in self._tables for rows in table.batches(self._generator)]
        order = range(len(plan)) if self._generator is None else self._generator.permutation(len(plan))
        for index in order:
            table, rows = plan[index]
            yield table.batch(rows)

    def dataset(self) -> Dataset:
        """Returns the batches as a `tf.data.Dataset`, for `fit`; each iteration over it is an epoch."""
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
        self._encoder, encoder_lengths = _padded(sources, shape.source_length)  # (N, S)
        self._decoder, decoder_lengths = _padded(targets, shape.target_length)  # (N, T)
        every = np.arange(count)
        # Labels are the targets and END; the decoder reads START and the targets: each position predicts the next one.
        self._labels = np.where(np.arange(shape.target_length) < decoder_lengths[:, None], self._decoder, -1)
        self._encoder[every, encoder_lengths] = END_ID
        self._labels[every, decoder_lengths] = END_ID
        self._decoder = np.pad(self._decoder, [(0, 0), (1, 0)], constant_values=START_ID)[:, :-1]
        self._encoder_mask = np.arange(shape.source_length) <= encoder_lengths[:, None]
        self._decoder_mask = np.arange(shape.target_length) <= decoder_lengths[:, None]

    def batches(self, generator: np.random.Generator | None) -> list[NDArray[np.int64]]:
        """Returns the rows of every batch; the last may be shorter."""
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
    """Returns rows padded to (N, length), and their lengths."""
    lengths = np.array([len(row) for row in rows], np.int64)
    table = np.zeros((len(rows), length), np.int32)
    table[np.arange(length) < lengths[:, None]] = np.concatenate([np.asarray(row, np.int32) for row in rows])
    return table, lengths


def _short_enough(lengths: NDArray[np.int64], max_lengths: tuple[int, int] | None) -> NDArray[np.int64]:
    """Returns the indices of the pairs that are not too long."""
    limits = np.array(max_lengths if max_lengths is not None else [np.inf, np.inf])
    short = np.all(lengths <= limits, axis=-1)
    if not short.any():
        raise ValueError(message(f"at least one pair of lengths up to {max_lengths}", f"{len(lengths)} pairs"))
    if not short.all():
        warnings.warn(f"{(~short).sum()} of {len(short)} pairs are longer than {max_lengths}: left out", stacklevel=4)
    return np.flatnonzero(short)
