"""Helpers for Python strings and string tensors: lower case, lookup tables, packing, streams of texts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed._types import TFTensor


def as_strings(strings: TFTensor | Sequence[Any]) -> TFTensor:
    """Converts lists and arrays to a dense string tensor; ragged tensors pass unchanged."""
    return strings if isinstance(strings, tf.RaggedTensor) else tf.convert_to_tensor(strings, tf.string)


def map_strings(function: Callable[[TFTensor], TFTensor], strings: TFTensor | Sequence[Any]) -> TFTensor:
    """Applies an elementwise graph function to a dense or ragged string tensor."""
    strings = as_strings(strings)
    if isinstance(strings, tf.RaggedTensor):
        return strings.with_flat_values(function(strings.flat_values))
    return function(strings)


def lower(strings: TFTensor) -> TFTensor:
    """Lower-cases a dense string tensor by Unicode's rules. Bytes that are not UTF-8 become U+FFFD."""

    # `tf.strings.lower` drops everything after a NUL, and so does any string attribute that holds one. If there is a
    # NUL: lower-case the parts between NULs, append a NUL to each, join them, and cut the last NUL off.
    def between_nuls() -> TFTensor:
        parts = tf.strings.split(tf.reshape(strings, [-1]), "\0")  # ragged (N, None)
        lowered = tf.strings.join([tf.strings.lower(parts.flat_values, encoding="utf-8"), tf.constant("\0")])
        joined = tf.strings.reduce_join(parts.with_flat_values(lowered), axis=-1)  # (N,)
        lengths = tf.strings.length(joined) - 1
        return tf.reshape(tf.strings.substr(joined, tf.zeros_like(lengths), lengths), tf.shape(strings))

    has_nul = tf.reduce_any(tf.strings.regex_full_match(strings, r"\C*\x00\C*"))
    return tf.cond(has_nul, between_nuls, lambda: tf.strings.lower(strings, encoding="utf-8"))


def check_utf8(text: str, name: str) -> None:
    """Raises `ValueError` if `text` holds a lone surrogate, which UTF-8 cannot encode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            message(
                f"{name} to be text that UTF-8 can encode",
                f"{text!r}, with a lone surrogate at character {error.start}",
                "reading the source with errors='replace', or removing the surrogate",
            )
        ) from error


class StringLookup:
    """Looks strings up by id in a TensorFlow graph.

    Args:
        strings: text or bytes; a string's id is its index.
    """

    def __init__(self, strings: Sequence[str | bytes]) -> None:
        self._bytes = [string if isinstance(string, bytes) else string.encode("utf-8") for string in strings]
        self._tensor: TFTensor = None

    def gather(self, ids: TFTensor) -> TFTensor:
        """Returns the strings of some ids, as a tensor of the same shape, dense or ragged."""
        if self._tensor is None:
            with tf.init_scope():  # outside any graph being traced, so that later graphs can use the tensor too
                self._tensor = tf.constant(self._bytes, tf.string)
        if isinstance(ids, tf.RaggedTensor):
            return ids.with_flat_values(tf.gather(self._tensor, ids.flat_values))
        return tf.gather(self._tensor, ids)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_tensor": None}


class IdLookup:
    """Looks ids up by string in a TensorFlow graph, with a hash table.

    Args:
        words: distinct words; a word's id is its index unless `ids` are given.
        default: the id of every other string.
        ids: one id for each word.
    """

    def __init__(self, words: Sequence[str | bytes], default: int = -1, ids: Sequence[int] | None = None) -> None:
        self._words, self._default, self._ids = words, default, ids
        self._table: TFTensor = None

    def lookup(self, strings: TFTensor) -> TFTensor:
        """Returns int32 ids of strings of any shape."""
        return self.table.lookup(strings)

    @property
    def table(self) -> TFTensor:
        """The `tf.lookup.StaticHashTable`, created at first use. An exporter must track it."""
        if self._table is None:
            with tf.init_scope():  # outside any graph being traced, so that later graphs can use the table too
                encoded = [word if isinstance(word, bytes) else word.encode("utf-8") for word in self._words]
                ids = tf.range(len(encoded), dtype=tf.int32) if self._ids is None else tf.constant(self._ids, tf.int32)
                pairs = tf.lookup.KeyValueTensorInitializer(tf.constant(encoded, tf.string), ids)
                self._table = tf.lookup.StaticHashTable(pairs, self._default)
        return self._table

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_table": None}  # a TensorFlow resource can be neither copied nor pickled


def pack(strings: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Encodes strings as two arrays, for files that hold arrays only.

    Returns:
        All strings in UTF-8, concatenated, uint8; and the number of bytes of each, int32.

    Example:
    >>> [array.tolist() for array in pack(["a", "", "é"])]
    [[97, 195, 169], [1, 0, 2]]
    """
    encoded = [string.encode("utf-8") for string in strings]
    return np.frombuffer(b"".join(encoded), np.uint8), np.array([len(string) for string in encoded], np.int32)


def unpack(data: ArrayLike, lengths: ArrayLike) -> list[str]:
    """Returns the strings that `pack` encoded."""
    ends = np.cumsum(np.asarray(lengths, np.int64)).tolist()
    flat = np.asarray(data, np.uint8).tobytes()
    return [flat[start:end].decode("utf-8") for start, end in zip([0, *ends[:-1]], ends, strict=False)]


def each_text(texts: Iterable[Any]) -> Iterator[str | bytes]:
    """Yields the single texts of a stream of texts, batches, pairs (text, label), or tokenised sentences."""
    if isinstance(texts, (str, bytes)):
        raise ValueError(message("an iterable of texts", texts, "[text]"))
    for item in texts:
        if isinstance(item, tuple):
            item = item[0]
        if hasattr(item, "tokens"):
            item = " ".join(item.tokens)
        if hasattr(item, "numpy"):
            item = item.numpy()
        if isinstance(item, (str, bytes)):
            yield item
        elif isinstance(item, (list, np.ndarray)):
            yield from np.ravel(np.asarray(item, object)).tolist()
        else:
            raise ValueError(message("every text to be a string, bytes, or a batch of them", item))


def decoded(text: str | bytes) -> str:
    """Decodes UTF-8 bytes, invalid ones as U+FFFD; strings pass unchanged."""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
