"""Ids of a word's row and its character n-grams' rows in one embedding matrix, as in fastText."""

from collections.abc import Iterable, Mapping

import numpy as np

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed._types import Config, PathLike, TFTensor
from keras_embed.text import _files
from keras_embed.text.ngrams import ngram_buckets, subword_buckets
from keras_embed.text.normalization import WordNormalizer
from keras_embed.text.strings import IdLookup

_FORM = ("keras_embed.SubwordIndex", 1)
_NO_WORD = b"\xff"  # not valid UTF-8; a table must not be empty


class SubwordIndex:
    """fastText's words and n-gram buckets as ids: 0 padding, then V words, then R buckets.

    Args:
        words: the V words with a row of their own.
        min_n: see `character_ngrams`.
        max_n: see `character_ngrams`.
        num_buckets: hashes are taken modulo this number.
        kept: bucket to row, in a pruned model, whose other buckets have no row; `None`: bucket b has row b.
        normalizer: applied to words first; `None`: words are looked up unchanged.

    Raises:
        ValueError: If a word is repeated.

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
        # 0 for words without a row of their own.
        encoded = [word.encode("utf-8", "surrogatepass") for word in self._words]
        self._table = IdLookup([_NO_WORD, *encoded], default=0)

    def __len__(self) -> int:
        if self._kept is not None:
            return 1 + len(self._words) + max(self._kept.values(), default=-1) + 1
        return 1 + len(self._words) + (self.num_buckets if self.max_n else 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SubwordIndex) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash((self._words, self.min_n, self.max_n, self.num_buckets))

    def encode(self, words: TFTensor) -> TFTensor:
        """Computes the ids of each word in TensorFlow graph code.

        Args:
            words: string tensor (N,).

        Returns:
            Ragged int32 (N, None); the id of the word itself comes first.
        """
        words = tf.convert_to_tensor(words, tf.string)
        words = words if self.normalizer is None else self.normalizer(words)
        own = self.table.lookup(words)[:, None]  # (N, 1), 0 for words without a row
        buckets = subword_buckets(words, self.min_n, self.max_n, self.num_buckets)
        rows = buckets if self._kept is None else _kept_rows(buckets, self._kept)
        return tf.concat([tf.ragged.boolean_mask(own, own > 0), rows + (1 + len(self._words))], axis=1)

    def encode_python(self, word: str) -> list[int]:
        """Computes the ids of one word in Python."""
        word = word if self.normalizer is None else self.normalizer.normalize_python(word)
        buckets = ngram_buckets(word, self.min_n, self.max_n, self.num_buckets)
        rows = buckets if self._kept is None else [self._kept[bucket] for bucket in buckets if bucket in self._kept]
        own = self._rows.get(word, 0)
        return [own][: own > 0] + [1 + len(self._words) + row for row in rows]

    @property
    def table(self) -> TFTensor:
        """The `tf.lookup.StaticHashTable` of the words, created at first use. An exporter must track it."""
        return self._table.table

    def get_config(self) -> Config:
        """Returns the settings, without the words and the remaining buckets, which `save` writes."""
        return {
            "min_n": self.min_n,
            "max_n": self.max_n,
            "num_buckets": self.num_buckets,
            "normalizer": None if self.normalizer is None else self.normalizer.get_config(),
        }

    @classmethod
    def from_config(cls, config: Config) -> "SubwordIndex":
        """Creates an index without words, which `load` fills."""
        return cls(**_arguments({**config, "words": (), "kept": None}))

    def _content(self) -> Config:
        kept = None if self._kept is None else [list(self._kept), list(self._kept.values())]
        return {**self.get_config(), "kept": kept, "words": list(self._words)}

    def save(self, path: PathLike) -> None:
        """Writes a JSON file atomically."""
        _files.write(path, _FORM, self._content())

    @classmethod
    def load(cls, path: PathLike) -> "SubwordIndex":
        """Reads what `save` wrote.

        Raises:
            ValueError: If the file has another format.
        """
        return cls(**_arguments(_files.read(path, _FORM, "a subword index")))


def _arguments(content: Config) -> Config:
    """Converts JSON to the constructor's arguments."""
    kept, normalizer = content["kept"], content["normalizer"]
    return {
        **content,
        "kept": None if kept is None else dict(zip(*kept, strict=True)),
        "normalizer": None if normalizer is None else WordNormalizer.from_config(normalizer),
    }


def _kept_rows(buckets: TFTensor, kept: Mapping[int, int]) -> TFTensor:
    """Converts ragged buckets to rows and drops the pruned ones, in graph code; `kept` is sorted."""
    # The sentinel, above all buckets, keeps the found index inside the array.
    keys = np.array([*kept, np.iinfo(np.int32).max], np.int32)
    values = np.array([*kept.values(), 0], np.int32)
    index = tf.searchsorted(keys, buckets.flat_values)
    rows = buckets.with_flat_values(tf.gather(values, index))
    return tf.ragged.boolean_mask(rows, buckets.with_flat_values(tf.gather(keys, index) == buckets.flat_values))
