"""Words to numbers by a hash table in TensorFlow's graph."""

from collections.abc import Sequence
from typing import Any

from keras_embed._backend import tf


class WordTable:
    """The place of each word in a list, for graphs.

    Args:
        words: distinct words.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self._resource: Any = None

    def lookup(self, strings: Any) -> Any:
        """int32 places of strings of any shape, -1 for what is not in the list."""
        return self.resource.lookup(strings)

    @property
    def resource(self) -> Any:
        """The `tf.lookup.StaticHashTable`, made at first use. An exporter must track it."""
        if self._resource is None:
            with tf.init_scope():  # outside of any graph being traced, so that every later graph can use it
                keys = tf.constant([word.encode("utf-8") for word in self.words], tf.string)
                values = tf.range(len(self.words), dtype=tf.int32)
                self._resource = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)
        return self._resource

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_resource": None}  # a TensorFlow resource cannot be copied or pickled
