"""Strings by number in TensorFlow's graph."""

from collections.abc import Sequence
from typing import Any

from keras_embed._backend import tf


class GraphStrings:
    """A list of strings that graphs read.

    Args:
        strings: text or bytes.
    """

    def __init__(self, strings: Sequence[str | bytes]) -> None:
        self._bytes = [string if isinstance(string, bytes) else string.encode("utf-8") for string in strings]
        self._tensor: Any = None

    def gather(self, ids: Any) -> Any:
        """The strings with these numbers, in a tensor of the same shape, dense or ragged."""
        if self._tensor is None:
            with tf.init_scope():  # outside of any graph being traced, so that every later graph can use it
                self._tensor = tf.constant(self._bytes, tf.string)
        if isinstance(ids, tf.RaggedTensor):
            return ids.with_flat_values(tf.gather(self._tensor, ids.flat_values))
        return tf.gather(self._tensor, ids)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_tensor": None}
