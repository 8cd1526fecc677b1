"""Merging the pieces of words by a ranked list of pairs, in TensorFlow's graph."""

from collections.abc import Sequence
from typing import Any

from keras_embed._backend import tf

_NEVER = 2**31 - 1


class Merges:
    """Merges, in every word, the pair learnt first, until no pair of the list is left.

    Args:
        pairs: `(left, right, merged)` numbers of pieces, in the order in which they were learnt.
        size: greater than any of the numbers.
    """

    def __init__(self, pairs: Sequence[tuple[int, int, int]], size: int) -> None:
        self._pairs = tuple(pairs)
        self._size = size
        self._table: Any = None

    @property
    def table(self) -> Any:
        """The `tf.lookup.StaticHashTable` from a pair to its rank, made at first use. An exporter must track it."""
        if self._table is None:
            with tf.init_scope():  # outside of any graph being traced, so that every later graph can use it
                keys = tf.constant([left * self._size + right for left, right, _ in self._pairs], tf.int64)
                ranks = tf.range(len(self._pairs), dtype=tf.int64)
                self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ranks), _NEVER)
        return self._table

    def __call__(self, words: Any) -> Any:
        """Ragged int32 (N, None), letters, to ragged int32 (N, None), pieces."""
        pieces = tf.pad(words.to_tensor(-1), [[0, 0], [0, 2]], constant_values=-1)  # (N, W + 2)
        shape = tf.TensorShape([None, None])
        merged, _ = tf.while_loop(
            lambda _, going: going,
            self._step,
            [pieces, tf.constant(True)],
            shape_invariants=[shape, tf.TensorShape([])],
        )
        return tf.RaggedTensor.from_tensor(merged, padding=-1)

    def _step(self, pieces: Any, _: Any) -> tuple[Any, Any]:
        """One merge in every word that has one."""
        left, right = tf.cast(pieces[:, :-1], tf.int64), tf.cast(pieces[:, 1:], tf.int64)
        rank = self.table.lookup(left * self._size + tf.maximum(right, -1))
        rank = tf.where(right >= 0, rank, _NEVER)  # (N, W + 1)
        place = tf.argmin(rank, axis=1, output_type=tf.int32)[:, None]
        best = tf.reduce_min(rank, axis=1)[:, None]
        found = best < _NEVER
        into = tf.constant([merged for _, _, merged in self._pairs] or [0], tf.int32)
        merged = tf.gather(into, tf.where(found, best, 0))
        at = tf.range(tf.shape(pieces)[1])[None]
        after = tf.concat([pieces[:, 1:], tf.fill([tf.shape(pieces)[0], 1], -1)], axis=1)
        new = tf.where(at < place, pieces, tf.where(at == place, merged, after))
        return tf.where(found, new, pieces), tf.reduce_any(found)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_table": None}  # a TensorFlow resource cannot be copied or pickled
