"""Many files of tokenised text, a sentence a line, as one stream that can stop and go on."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_embed import _errors
from keras_embed.corpora.plain import read_plain

Path = str | os.PathLike[str]


class SentenceShards:
    r"""An endless stream of sentences out of shards: files of tokenised text, plain, gz or xz, a sentence a line.

    Each pass goes through all shards, in an order drawn anew, and through the sentences of a shard in an order drawn
    anew. The order depends on the seed, the pass and the shard alone, so three numbers say where the stream stands. One
    shard is in memory at a time.

    Args:
        files: the shards.
        shuffle: False reads files and sentences as they stand.
        seed: integers; streams with different seeds are independent.

    Raises:
        ValueError: for no files; while reading, for a file without sentences.

    Example:
    >>> import pathlib
    >>> _ = pathlib.Path("shard.txt").write_text("A b .\nC .\n")
    >>> shards = SentenceShards(["shard.txt"], shuffle=False)
    >>> shards.next_sentence(), shards.position()
    (('A', 'b', '.'), {'pass': 0, 'shard': 0, 'sentence': 1})
    """

    def __init__(self, files: Sequence[Path], shuffle: bool = True, seed: int | Sequence[int] = 0) -> None:
        if isinstance(files, str | os.PathLike) or not len(files):
            raise ValueError(_errors.message("`files` to be a list of at least one path", files, "sorted(glob(...))"))
        self.files = [os.fspath(file) for file in files]
        self.shuffle = shuffle
        self.seed = [int(seed)] if isinstance(seed, int) else [int(part) for part in seed]
        self._pass = self._shard = self._sentence = 0
        self._sentences: list[tuple[str, ...]] | None = None

    def next_sentence(self) -> tuple[str, ...]:
        """The next sentence's words."""
        if self._sentences is None:
            self._sentences = self._read()
        sentence = self._sentences[self._sentence]
        self._sentence += 1
        if self._sentence == len(self._sentences):
            self._sentences, self._sentence = None, 0
            self._shard += 1
            if self._shard == len(self.files):
                self._pass, self._shard = self._pass + 1, 0
        return sentence

    def position(self) -> dict[str, int]:
        """Where the stream stands: what `seek` takes, and JSON holds."""
        return {"pass": self._pass, "shard": self._shard, "sentence": self._sentence}

    def seek(self, position: dict[str, int]) -> None:
        """Goes to a position that `position` gave."""
        self._pass, self._shard, self._sentence = (int(position[name]) for name in ("pass", "shard", "sentence"))
        self._sentences = None

    def once(self) -> Iterator[tuple[str, ...]]:
        """All sentences once, files and sentences in their own order. The stream's position stays."""
        for file in self.files:
            for sentence in read_plain(file):
                yield sentence.tokens

    def _read(self) -> list[tuple[str, ...]]:
        place = self._order(len(self.files), self._pass)[self._shard]
        sentences = [sentence.tokens for sentence in read_plain(self.files[place])]
        return [sentences[number] for number in self._order(len(sentences), self._pass, place)]

    def _order(self, size: int, *place: int) -> Any:
        if not self.shuffle:
            return range(size)
        # The length of the entropy tells the order of shards, (seed, pass), from that of sentences.
        entropy = [*self.seed, len(place), *map(int, place)]
        return np.random.default_rng(entropy).permutation(size).tolist()
