"""Batches of sentences of similar length."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf


def similar_length_batches(
    lengths: Sequence[int], batch_size: int, generator: np.random.Generator | None = None
) -> list[NDArray[np.int64]]:
    """Indices of sentences, batch by batch, so that each batch holds neighbours in length.

    Sentences are sorted by length and cut into batches; only one batch, that of the longest, may be smaller, so that
    a compiler meets one more shape and not one for each length.

    Args:
        lengths: of all sentences.
        batch_size: sentences in a batch.
        generator: shuffles sentences of (nearly) equal length, and the batches. `None` keeps everything in place.

    Returns:
        arrays of indices, which together are 0..N-1.
    """
    keys = np.asarray(lengths, np.float64)
    if generator is None:
        order = np.argsort(keys, kind="stable")
    else:
        # A little noise keeps the same sentences from meeting in every epoch.
        order = np.argsort(keys * generator.uniform(0.9, 1.1, len(keys)) + generator.uniform(0, 1, len(keys)))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if generator is not None:
        generator.shuffle(batches)
    return batches


def batched_dataset(columns: tuple[Any, ...], batch_size: int, seed: int | None, lengths: Any = None) -> Any:
    """A `tf.data.Dataset` of batches of similar length, in a new order every epoch.

    Args:
        columns: tensors with a common first axis, dense or ragged, or dicts of such.
        batch_size: sentences in a batch.
        seed: of the shuffling; `None` keeps the order by length.
        lengths: of all sentences; those of the first column, which is ragged then, where `None`.
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


def padded_batch(tokens: Any, rows: NDArray[np.int64]) -> Any:
    """Some rows of a ragged tensor, or strings, then empty ones up to a power of two: fewer shapes for a compiler."""
    batch = tf.gather(tokens, rows)
    missing = (1 << (len(rows) - 1).bit_length()) - len(rows)
    if not isinstance(batch, tf.RaggedTensor):
        return tf.concat([batch, tf.fill([missing], "")], axis=0)
    lengths = tf.concat([batch.row_lengths(), tf.zeros([missing], tf.int64)], axis=0)
    return tf.RaggedTensor.from_row_lengths(batch.flat_values, lengths)
