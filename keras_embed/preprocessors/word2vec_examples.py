"""Training examples of skip-gram and CBOW models."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed.functional import skipgram
from keras_embed.vectors.training.corpus_ids import token_ids


class Word2VecExamples(keras.utils.PyDataset):
    """Training examples of `backbones.Word2Vec`: context words, their target word, and noise words.

    All batches have one shape. An epoch has as many examples as the subsampled text has pairs of a word and its context
    ("skipgram") or words ("cbow"), drawn at random with replacement. The same seed gives the same batches.

    Args:
        corpus: as in `vectors.train_word2vec`.
        algorithm: "skipgram" or "cbow".
        batch_size: examples in a batch.
        window: c, maximum number of words on each side.
        negatives: K, noise words for each example.
        min_count: rarer words are left out.
        subsample: words of a greater share than this are subsampled; 0 uses all.
        seed: seed of all randomness.
        **kwargs: arguments of `keras.utils.PyDataset`, such as `workers`.

    Raises:
        TypeError: If the corpus can be read only once, such as a generator, or a sentence is not a list.
        ValueError: If an argument is out of range, no word is frequent enough, or no sentence has two frequent words.

    Example:
    >>> examples = Word2VecExamples([["a", "b", "c"]] * 8, batch_size=4, negatives=3, min_count=1)
    >>> examples.words
    ['a', 'b', 'c']
    >>> features, labels = examples[0]
    >>> features["token_ids"].shape, features["target_ids"].shape, labels[0].tolist()
    ((4, 1), (4, 4), [1.0, 0.0, 0.0, 0.0])
    """

    def __init__(
        self,
        corpus: Iterable[Sequence[str]],
        algorithm: str = "skipgram",
        batch_size: int = 1024,
        window: int = 5,
        negatives: int = 5,
        min_count: int = 5,
        subsample: float = 1e-3,
        seed: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_one_of("algorithm", algorithm, ("skipgram", "cbow"))
        for name, value in {"batch_size": batch_size, "window": window, "negatives": negatives}.items():
            _errors.check_positive(name, value)
        ids = token_ids(corpus, min_count)
        self.words, self.counts = ids.words, ids.counts
        self._ids, self._sentences = ids.ids, ids.sentences
        self._batch_size, self._window, self._negatives, self._seed = batch_size, window, negatives, seed
        self._draw = {"skipgram": self._skipgram, "cbow": self._cbow}[algorithm]
        self._keep = skipgram.keep_probability(ids.counts, subsample)
        self._noise = np.cumsum(skipgram.noise_probability(ids.counts))
        kept = float((ids.counts * self._keep).sum())
        self._examples = kept * (window + 1 if algorithm == "skipgram" else 1)
        if not _has_pairs(ids.sentences):
            raise ValueError(_errors.message("a sentence with two frequent words", "none", "a lower min_count"))
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        """Returns the number of batches in an epoch."""
        return max(1, int(np.ceil(self._examples / self._batch_size)))

    def on_epoch_end(self) -> None:
        """Subsamples the text anew."""
        self._epoch += 1
        rng = np.random.default_rng([self._seed, self._epoch])
        self._text = self._subsampled(rng)
        while not _has_pairs(self._text[1]):  # nothing may be left of a small text
            self._text = self._subsampled(rng)

    def _subsampled(self, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Returns the words that are left, and the indices of their sentences, with padding at both ends."""
        kept = rng.random(len(self._ids)) < self._keep[self._ids]
        padding = np.full(self._window, -1)
        words, sentences = (np.concatenate([padding, values[kept], padding]) for values in (self._ids, self._sentences))
        return words, sentences

    def __getitem__(self, index: int) -> tuple[dict[str, NDArray[Any]], NDArray[np.float32]]:
        """Returns the features and labels of a batch."""
        rng = np.random.default_rng([self._seed, self._epoch, index])
        drawn: list[tuple[NDArray[Any], ...]] = []
        while sum(len(some[0]) for some in drawn) < self._batch_size:
            drawn.append(self._draw(rng))
        tokens, mask, targets = (np.concatenate(parts)[: self._batch_size] for parts in zip(*drawn, strict=True))
        noise = np.searchsorted(self._noise, rng.random((self._batch_size, self._negatives)) * self._noise[-1])
        features = {
            "token_ids": tokens.astype("int32"),
            "padding_mask": mask,
            "target_ids": np.concatenate([targets[:, None], noise], axis=1).astype("int32"),
        }
        labels = np.zeros((self._batch_size, self._negatives + 1), np.float32)
        labels[:, 0] = 1.0
        return features, labels

    def _skipgram(self, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        """Draws up to B pairs, each with equal probability: positions and offsets whose word is context."""
        words, positions, around, near = self._positions(rng)
        rows, columns = np.arange(len(positions)), rng.integers(0, around.shape[1], len(positions))
        good = near[rows, columns]
        tokens = words[positions[good]][:, None]
        return tokens, np.ones_like(tokens, bool), words[around[rows, columns][good]]

    def _cbow(self, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        """Draws up to B words that have a context."""
        words, positions, around, near = self._positions(rng)
        good = near.any(axis=1)
        tokens = np.where(near, words[around], 0)
        return tokens[good], near[good], words[positions[good]]

    def _positions(self, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        """Draws positions in the text: the text, (B,) positions, (B, 2c) around them, and the mask of their context."""
        (words, sentences), window = self._text, self._window
        offsets = np.delete(np.arange(-window, window + 1), window)
        positions = rng.integers(window, len(words) - window, self._batch_size)
        halves = rng.integers(1, window + 1, len(positions))
        around = positions[:, None] + offsets
        same = sentences[around] == sentences[positions, None]
        return words, positions, around, same & (np.abs(offsets) <= halves[:, None])


def _has_pairs(sentences: NDArray[Any]) -> bool:
    """Returns True if two consecutive words belong to one sentence; padding is negative."""
    return bool(np.any((sentences[1:] == sentences[:-1]) & (sentences[1:] >= 0)))
