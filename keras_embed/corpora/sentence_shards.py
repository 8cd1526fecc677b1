"""A resumable stream of sentences from many files of tokenized text."""

import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from keras_embed import _errors
from keras_embed._types import PathLike
from keras_embed.corpora.column_files import read_plain


class SentenceShards:
    r"""An endless stream of sentences from shards: files of tokenized text, plain, gz or xz, one sentence per line.

    Every epoch visits all shards in a new random order, and the sentences of a shard in a new random order. The order
    depends only on the seed, the epoch and the shard, so three integers are enough to resume the stream. One shard at a
    time is in memory.

    Args:
        files: the shards.
        shuffle: if False, files and sentences are read in their given order.
        seed: an integer or several; streams with different seeds are independent.

    Raises:
        ValueError: If `files` is empty; while reading, for a file without sentences.

    Example:
    >>> import pathlib
    >>> _ = pathlib.Path("shard.txt").write_text("A b .\nC .\n")
    >>> shards = SentenceShards(["shard.txt"], shuffle=False)
    >>> shards.next_sentence(), shards.position()
    (('A', 'b', '.'), {'pass': 0, 'shard': 0, 'sentence': 1})
    """

    def __init__(self, files: Sequence[PathLike], shuffle: bool = True, seed: int | Sequence[int] = 0) -> None:
        if isinstance(files, str | os.PathLike) or not len(files):
            raise ValueError(_errors.message("`files` to be a list of at least one path", files, "sorted(glob(...))"))
        self.files = [os.fspath(file) for file in files]
        self.shuffle = shuffle
        self.seed = [int(seed)] if isinstance(seed, int) else [int(part) for part in seed]
        # The position: the epoch, and the indices of the shard and of the sentence within its shuffled order.
        self._pass = self._shard = self._sentence = 0
        self._sentences: list[tuple[str, ...]] | None = None  # the current shard; None until it is read

    def next_sentence(self) -> tuple[str, ...]:
        """Returns the words of the next sentence."""
        if self._sentences is None:
            self._sentences = self._read()
        sentence = self._sentences[self._sentence]
        self._sentence += 1
        # After the last sentence, move on to the next shard; after the last shard, to the next epoch.
        if self._sentence == len(self._sentences):
            self._sentences, self._sentence = None, 0
            self._shard += 1
            if self._shard == len(self.files):
                self._pass, self._shard = self._pass + 1, 0
        return sentence

    def position(self) -> dict[str, int]:
        """Returns the position of the stream, JSON-serializable, for `seek`."""
        return {"pass": self._pass, "shard": self._shard, "sentence": self._sentence}

    def seek(self, position: Mapping[str, int]) -> None:
        """Moves to a position that `position` returned."""
        self._pass, self._shard, self._sentence = (int(position[name]) for name in ("pass", "shard", "sentence"))
        self._sentences = None

    def once(self) -> Iterator[tuple[str, ...]]:
        """Yields all sentences once, unshuffled. The position of the stream does not change."""
        for file in self.files:
            for sentence in read_plain(file):
                yield sentence.tokens

    def _read(self) -> list[tuple[str, ...]]:
        shard = self._order(len(self.files), self._pass)[self._shard]
        sentences = [sentence.tokens for sentence in read_plain(self.files[shard])]
        return [sentences[index] for index in self._order(len(sentences), self._pass, shard)]

    def _order(self, size: int, *path: int) -> Sequence[int]:
        """Returns the permutation of the shards, for `path = (epoch,)`, or of the sentences, for `(epoch, shard)`."""
        if not self.shuffle:
            return range(size)
        # The length in the entropy keeps (seed, epoch) apart from (seed, epoch, shard) with a shorter seed.
        entropy = [*self.seed, len(path), *path]
        permutation: list[int] = np.random.default_rng(entropy).permutation(size).tolist()
        return permutation
