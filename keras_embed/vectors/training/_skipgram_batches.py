"""Groups of words for skip-gram and CBOW, as `functional.skipgram` takes them, drawn in blocks by NumPy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.training.corpus_ids import TokenIds

#: Centers of a group at most, and noise words of each: 32 of both were the fastest on a CPU.
_GROUP = 32
#: Groups of a batch at most, and batches of a block, which is one call of the compiled loop.
_BATCH, _BLOCK = 32, 256
#: Expected updates of the most frequent word in a batch, times the learning rate. More would be held down by
#: `skipgram.bounded_rates`, and batches would waste what they compute.
_BATCH_UPDATES = 8.0


class Shape(NamedTuple):
    """Sizes: centers of a group, its noise words, groups of a batch, batches of a block."""

    group: int
    noise: int
    batch: int
    block: int


@dataclass(frozen=True)
class Draw:
    """What is drawn, and how.

    Attributes:
        window: c, words to each side at most.
        negatives: K, noise words for each pair.
        keep: (V,) how likely a word is kept.
        noise: (V,) how likely a word is drawn as noise.
    """

    window: int
    negatives: int
    keep: NDArray[np.float64]
    noise: NDArray[np.float64]


def shape_of(corpus: TokenIds, draw: Draw, learning_rate: float) -> Shape:
    """Sizes for a corpus: big batches are fast, but should not hold one word too often.

    A word that is drawn once meets window + 1 others on average, each with K noise words.
    """
    kept = corpus.counts * draw.keep
    share = max(float(np.max(kept / kept.sum())), float(draw.noise.max()))
    updates = (draw.window + 1) * (draw.negatives + 1) * learning_rate
    most = _BATCH_UPDATES / (share * updates)  # centers of a batch
    group = 2 ** int(np.clip(np.floor(np.log2(max(most, 1.0))), 0, np.log2(_GROUP)))
    batch = int(np.clip(most // group, 1, _BATCH))
    return Shape(group, _GROUP, batch, int(np.clip(np.ceil(kept.sum() / (group * batch)), 1, _BLOCK)))


def blocks(
    corpus: TokenIds, draw: Draw, shape: Shape, rng: np.random.Generator
) -> Iterator[tuple[tuple[Any, ...], float]]:
    """The groups of one epoch, in random order, so that a batch holds words of many places.

    Args:
        corpus: in numbers.
        draw: windows, noise, and which words are kept.
        shape: sizes; the last block is filled up with groups of padding.
        rng: where all chance comes from.

    Yields:
        `(words, sentences, half windows, noise)` with leading axes (block, batch), and which share of the epoch they
        are.
    """
    kept = rng.random(len(corpus.ids), np.float32) < draw.keep[corpus.ids]
    count = max(1, -(-int(kept.sum()) // shape.group))
    words = _padded(corpus.ids[kept], count, shape.group, draw.window, 0)
    sentences = _padded(corpus.sentences[kept], count, shape.group, draw.window, -1)
    order = rng.permutation(count)
    cumulative = np.cumsum(draw.noise)
    cumulative /= cumulative[-1]
    around = np.arange(shape.group + 2 * draw.window)
    size = shape.batch * shape.block
    for start in range(0, count, size):
        chosen = order[start : start + size]
        places = chosen[:, None] * shape.group + around
        groups = np.zeros((2, size, len(around)), np.int32)
        groups[1] = -1
        groups[0, : len(chosen)], groups[1, : len(chosen)] = words[places], sentences[places]
        halves = rng.integers(1, draw.window + 1, (size, shape.group), np.int32)
        noise = np.searchsorted(cumulative, rng.random((size, shape.noise), np.float32), side="right")
        arrays = (*groups, halves, np.minimum(noise, len(cumulative) - 1).astype(np.int32))
        yield tuple(x.reshape(shape.block, shape.batch, -1) for x in arrays), len(chosen) / count


def _padded(values: NDArray[Any], count: int, group: int, window: int, padding: int) -> NDArray[np.int32]:
    padded = np.full(count * group + 2 * window, padding, np.int32)
    padded[window : window + len(values)] = values
    return padded
