"""Which rows of one matrix a word is made of: its own, and those of its character n-grams."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed.text import _json_file
from keras_embed.text.ngrams import ngram_buckets, subword_buckets
from keras_embed.text.normalizers import WordNormalizer

_FORM = ("keras_embed.SubwordIndex", 1)
_NO_WORD = b"\xff"  # no UTF-8; a table may not be empty


class SubwordIndex:
    """fastText's words and n-gram buckets as numbers: 0 padding, then V words, then R buckets.

    Args:
        words: the V words that have a row of their own.
        min_n: see `character_ngrams`.
        max_n: see `character_ngrams`.
        num_buckets: what hashes are taken modulo of.
        kept: bucket to row, in a pruned model, where the other buckets have none; `None`: bucket b has row b.
        normalizer: `WordNormalizer`, applied to a word first; `None` takes it as it is.

    Raises:
        ValueError: for a word twice.

    Example:
    >>> index = SubwordIndex(["cat", "dog"], min_n=3, max_n=3, num_buckets=10)
    >>> index.encode_python("cat"), index.encode_python("cats"), len(index)
    ([1, 10, 4, 9], [10, 4, 4, 11], 13)
    """

    def __init__(
        self,
        words: Iterable[str],
        min_n: int,
        max_n: int,
        num_buckets: int,
        kept: Mapping[int, int] | None = None,
        normalizer: WordNormalizer | None = None,
    ) -> None:
        self._words = tuple(words)
        self._rows = {word: row for row, word in enumerate(self._words, 1)}
        if len(self._rows) != len(self._words):
            raise ValueError(message("each word once", f"{len(self._words)} words, {len(self._rows)} different"))
        self.min_n, self.max_n, self.num_buckets = min_n, max_n, num_buckets
        self._kept = None if kept is None else dict(sorted(kept.items()))
        self.normalizer = normalizer
        self._table: Any = None

    def __len__(self) -> int:
        if self._kept is not None:
            return 1 + len(self._words) + max(self._kept.values(), default=-1) + 1
        return 1 + len(self._words) + (self.num_buckets if self.max_n else 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SubwordIndex) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash((self._words, self.min_n, self.max_n, self.num_buckets))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_table": None}  # a TensorFlow resource: it cannot be copied or pickled

    def encode(self, words: Any) -> Any:
        """The rows of each word, in TensorFlow graph code.

        Args:
            words: string tensor (N,).

        Returns:
            Ragged int32 (N, None); a word's own row is first.
        """
        words = tf.convert_to_tensor(words, tf.string)
        words = words if self.normalizer is None else self.normalizer(words)
        own = self.table.lookup(words)[:, None]  # (N, 1), 0 where a word has no row
        buckets = subword_buckets(words, self.min_n, self.max_n, self.num_buckets)
        rows = buckets if self._kept is None else _kept_rows(buckets, self._kept)
        return tf.concat([tf.ragged.boolean_mask(own, own > 0), rows + (1 + len(self._words))], axis=1)

    def encode_python(self, word: str) -> list[int]:
        """What `encode` gives for one word."""
        word = word if self.normalizer is None else self.normalizer.normalize_python(word)
        buckets = ngram_buckets(word, self.min_n, self.max_n, self.num_buckets)
        rows = buckets if self._kept is None else [self._kept[bucket] for bucket in buckets if bucket in self._kept]
        own = self._rows.get(word, 0)
        return [own][: own > 0] + [1 + len(self._words) + row for row in rows]

    @property
    def table(self) -> Any:
        """The `tf.lookup.StaticHashTable` of the words, made at first use. An exporter must track it."""
        if self._table is None:
            with tf.init_scope():  # outside of any graph being traced, so that every later graph can use it
                words = [word.encode("utf-8", "surrogatepass") for word in self._words]
                keys = tf.constant([_NO_WORD, *words], tf.string)
                values = tf.range(len(keys), dtype=tf.int32)
                self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), 0)
        return self._table

    def get_config(self) -> dict[str, Any]:
        """The settings, without the words and the kept buckets, which `save` writes."""
        return {
            "min_n": self.min_n,
            "max_n": self.max_n,
            "num_buckets": self.num_buckets,
            "normalizer": None if self.normalizer is None else self.normalizer.get_config(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SubwordIndex":
        """An index without words, which `load` brings."""
        return cls(**_arguments({**config, "words": (), "kept": None}))

    def _content(self) -> dict[str, Any]:
        kept = None if self._kept is None else [list(self._kept), list(self._kept.values())]
        return {**self.get_config(), "kept": kept, "words": list(self._words)}

    def save(self, path: str | Path) -> None:
        """Writes a JSON file. It appears whole or not at all."""
        _json_file.write(path, _FORM, self._content())

    @classmethod
    def load(cls, path: str | Path) -> "SubwordIndex":
        """Reads what `save` wrote.

        Raises:
            ValueError: for another file.
        """
        return cls(**_arguments(_json_file.read(path, _FORM, "a subword index")))


def _arguments(content: dict[str, Any]) -> dict[str, Any]:
    """What the constructor takes, out of JSON."""
    kept, normalizer = content["kept"], content["normalizer"]
    return {
        **content,
        "kept": None if kept is None else dict(zip(*kept, strict=True)),
        "normalizer": None if normalizer is None else WordNormalizer.from_config(normalizer),
    }


def _kept_rows(buckets: Any, kept: Mapping[int, int]) -> Any:
    """Ragged buckets as rows, without those that were pruned, in graph code; `kept` is sorted."""
    # The sentinel, above every bucket, keeps the search inside an array that is never empty.
    keys = np.array([*kept, np.iinfo(np.int32).max], np.int32)
    values = np.array([*kept.values(), 0], np.int32)
    place = tf.searchsorted(keys, buckets.flat_values)
    rows = buckets.with_flat_values(tf.gather(values, place))
    return tf.ragged.boolean_mask(rows, buckets.with_flat_values(tf.gather(keys, place) == buckets.flat_values))
