"""Word2Vec from a corpus: skip-gram and CBOW with negative sampling, in one compiled loop of row updates."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed._backend import add_rows, keras, row_loop, take_rows
from keras_embed._types import Tensor
from keras_embed.vectors._extras import positive
from keras_embed.vectors.training import _gensim_engine
from keras_embed.vectors.training._gensim_engine import LAST_LEARNING_RATE
from keras_embed.vectors.training._progress import Progress
from keras_embed.vectors.training.corpus_ids import Corpus, TokenIds, token_ids
from keras_embed.vectors.word_vectors import WordVectors

#: Maximum of the updates of one row in a batch, times the learning rate: at 4 training on few words begins to diverge,
#: at 1 it is too slow.
MOST_UPDATES = 2.0
#: Maximum number of centers of a group, and number of its noise words: 32 of both were the fastest on a CPU.
_GROUP = 32
#: Maximum number of groups of a batch, and of batches of a block, which is one call of the compiled loop.
_BATCH, _BLOCK = 32, 256
#: Expected updates of the most frequent word in a batch, times the learning rate. `skipgram.bounded_rates` would scale
#: down more of them, and part of the batch would be wasted.
_BATCH_UPDATES = 8.0


def train_word2vec(
    corpus: Corpus,
    algorithm: str = "skipgram",
    dim: int = 100,
    window: int = 5,
    negatives: int = 5,
    min_count: int = 5,
    epochs: int = 5,
    subsample: float = 1e-3,
    learning_rate: float = 0.025,
    seed: int = 1,
    workers: int | None = None,
    engine: str = "keras",
    verbose: int = 1,
    initial: WordVectors | None = None,
) -> WordVectors:
    """Trains word vectors with negative sampling.

    Both engines follow the same rules: words below `min_count` are removed, frequent ones are subsampled, each center
    draws its window from 1 to `window`, noise is drawn by count^0.75, and the learning rate decays linearly to 1e-4.
    The Keras engine differs in that neighbouring words share their noise words, and a batch of up to 1,024 centers is
    computed before its updates are applied. Its scores on similarity tests equal those of gensim.

    The Keras engine runs on the backend's device as one compiled loop. On a CPU, its skip-gram is faster than gensim's
    on JAX; gensim's CBOW is faster on every backend.

    Args:
        corpus: sentences, each a list of words or of other items, such as the nodes of a random walk (`str(item)` is
            the word); a `corpora.Corpus`; or the path of a tokenised text with one sentence in each line.
        algorithm: "skipgram", where a word predicts the words around it, or "cbow", where their mean predicts it.
        dim: width of a vector.
        window: maximum number of words to each side.
        negatives: number of noise words for each pair.
        min_count: words with a lower count are removed.
        epochs: number of passes over the corpus.
        subsample: words with a higher relative frequency are subsampled; 0 keeps all.
        learning_rate: initial learning rate.
        seed: random seed. The Keras engine is deterministic on a CPU, gensim with `workers=1`.
        workers: number of threads of gensim; `None`: one for each core. Keras' threads are those of its backend.
        engine: "keras", or "gensim", which is an extra: `pip install 'keras-embed[vectors]'`.
        verbose: 0: silent; 1: a progress bar for each epoch; 2: a line.
        initial: vectors to continue from, loaded or trained, with `dim` numbers, by the Keras engine. Words of the
            corpus start at their vectors, new ones at random; words that the corpus does not have keep theirs. Output
            vectors, which files do not contain, start at zero.

    Returns:
        The vectors with their counts, the most frequent word first.

    Raises:
        TypeError: If the corpus can be read only once, such as a generator, or a sentence is not a list.
        ValueError: If an argument is out of range, or no word is frequent enough.
        ImportError: If the engine is gensim and it is not installed.

    References:
        Mikolov et al. 2013, https://arxiv.org/abs/1301.3781 and https://arxiv.org/abs/1310.4546.

    Example:
    >>> walks = [[node, (node + 1) % 6, (node + 2) % 6] for node in range(6)] * 20
    >>> vectors = train_word2vec(walks, dim=8, window=2, epochs=2, verbose=0)
    >>> len(vectors), vectors.dim
    (6, 8)
    """
    _errors.check_one_of("algorithm", algorithm, ("skipgram", "cbow"))
    _errors.check_one_of("engine", engine, ("gensim", "keras"))
    sizes = {"dim": dim, "window": window, "negatives": negatives, "min_count": min_count, "epochs": epochs}
    sizes = {name: positive(name, value) for name, value in sizes.items()}
    dim, window, negatives = sizes["dim"], sizes["window"], sizes["negatives"]
    min_count, epochs = sizes["min_count"], sizes["epochs"]
    check_rates(learning_rate, subsample)
    if initial is not None and engine == "gensim":
        raise ValueError(_errors.message('engine="keras" with `initial`', engine, 'engine="keras"'))
    if initial is not None and initial.dim != dim:
        raise ValueError(_errors.message(f"`dim` of `initial`, {initial.dim}", dim, f"dim={initial.dim}"))
    if engine == "gensim":
        return _gensim_engine.word2vec(
            corpus, algorithm, learning_rate=learning_rate, subsample=subsample, seed=seed, workers=workers,
            verbose=verbose, **sizes,
        )  # fmt: skip
    ids = token_ids(corpus, min_count)
    settings = Settings(algorithm, dim, window, negatives, epochs, subsample, learning_rate, seed, verbose)
    if initial is None:
        return WordVectors(ids.words, train(ids, settings), counts=ids.counts)
    trained = WordVectors(ids.words, train(ids, settings, initial), counts=ids.counts)
    return initial.with_vectors(trained.words, trained.matrix, replace=True)


def check_rates(learning_rate: float, subsample: float) -> None:
    """Raises `ValueError` unless the learning rate is positive and the subsampling threshold is not negative."""
    if not learning_rate > 0:
        raise ValueError(_errors.message("`learning_rate` above 0", learning_rate))
    if not subsample >= 0:
        raise ValueError(_errors.message("`subsample` of at least 0", subsample))


class Settings(NamedTuple):
    """Arguments of `train_word2vec` for the Keras engine."""

    algorithm: str
    dim: int
    window: int
    negatives: int
    epochs: int
    subsample: float
    learning_rate: float
    seed: int
    verbose: int


def train(corpus: TokenIds, settings: Settings, initial: WordVectors | None = None) -> NDArray[np.float32]:
    """Trains on Keras' backend and returns the input vectors, (V, D).

    Raises:
        FloatingPointError: If training diverges.
    """
    from keras_embed.functional import skipgram  # deferred: formulas import Keras, importing `vectors` must not

    rng = np.random.default_rng(settings.seed)
    keep = skipgram.keep_probability(corpus.counts, settings.subsample)
    draw = Draw(settings.window, settings.negatives, keep, skipgram.noise_probability(corpus.counts))
    shape = shape_of(corpus, draw, settings.learning_rate)
    size = (len(corpus.words), settings.dim)
    first = ((2 * rng.random(size, np.float32) - 1) / settings.dim, np.zeros(size, np.float32))  # as gensim begins
    if initial is not None:
        old = [initial.index(word) for word in corpus.words]
        new_rows = np.array([row for row, index in enumerate(old) if index is not None], np.int64)
        if len(new_rows):
            old_rows = np.array([index for index in old if index is not None], np.int64)
            first[0][new_rows] = np.asarray(initial.matrix[old_rows], np.float32)
        if not np.isfinite(first[0]).all():
            raise ValueError(
                _errors.message("`initial` vectors of finite numbers", "NaN or inf", "initial.subset(words)")
            )
    step = {"skipgram": _skipgram_step, "cbow": _cbow_step}[settings.algorithm]
    rates = (settings.learning_rate, min(settings.learning_rate, LAST_LEARNING_RATE))
    rate = partial(skipgram.learning_rate, first=rates[0], last=rates[1])
    run, read = row_loop(partial(step, settings.window, settings.negatives), first)
    progress = Progress(settings.epochs, corpus.tokens, settings.verbose, "word")
    for epoch in range(settings.epochs):
        progress.start_epoch(epoch)
        done = 0.0
        for groups, share in blocks(corpus, draw, shape, rng):
            # The learning rate of each batch, by the share of the whole training before it.
            through = epoch + done + share * np.arange(shape.block) / shape.block
            run((*groups, rate(through / settings.epochs).astype("float32")))
            progress.advance(share)
            done += share
        progress.end_epoch(learning_rate=rate((epoch + 1) / settings.epochs))
    vectors: NDArray[np.float32] = read(0)
    if not np.isfinite(vectors).all():
        raise FloatingPointError(_errors.message("vectors of finite numbers", "infinite ones", "a lower learning_rate"))
    return vectors


def _skipgram_step(
    window: int, negatives: int, tables: tuple[Tensor, ...], batch: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    from keras_embed.functional import skipgram

    inputs, outputs = tables
    words, sentences, halves, noise, rate = batch
    centers = words[:, window : window + halves.shape[1]]
    pairs = skipgram.window_pairs(halves, sentences, window)
    weights = skipgram.skipgram_noise(pairs, words, noise, negatives)
    targets = keras.ops.concatenate([words, noise], axis=1)  # (B, M + N)
    both = keras.ops.concatenate([pairs, weights], axis=-1)  # (B, G, M + N)
    rows = (take_rows(inputs, centers), take_rows(outputs, targets))
    center_rows, target_rows = skipgram.skipgram_gradients(*rows, pairs, weights)
    # The weight of a row's updates bounds its learning rate; see `bounded_rates`.
    center_rates = skipgram.bounded_rates(rate, keras.ops.sum(both, axis=2), centers, inputs.shape[0], MOST_UPDATES)
    target_rates = skipgram.bounded_rates(rate, keras.ops.sum(both, axis=1), targets, inputs.shape[0], MOST_UPDATES)
    inputs = add_rows(inputs, centers, -center_rates * center_rows)
    return inputs, add_rows(outputs, targets, -target_rates * target_rows)


def _cbow_step(
    window: int, negatives: int, tables: tuple[Tensor, ...], batch: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    from keras_embed.functional import skipgram

    inputs, outputs = tables
    words, sentences, halves, noise, rate = batch
    centers = words[:, window : window + halves.shape[1]]
    pairs = skipgram.window_pairs(halves, sentences, window)
    weights = skipgram.cbow_noise(pairs, centers, noise, negatives)
    targets = keras.ops.concatenate([centers, noise], axis=1)  # (B, G + N)
    rows = (take_rows(inputs, words), take_rows(outputs, targets))
    word_rows, target_rows = skipgram.cbow_gradients(*rows, pairs, weights)
    own = keras.ops.max(pairs, axis=-1)  # (B, G), 1 if the center has a context
    seen = keras.ops.concatenate([own, keras.ops.sum(weights, axis=1)], axis=1)
    updates = keras.ops.sum(pairs, axis=1) * (negatives + 1)
    word_rates = skipgram.bounded_rates(rate, updates, words, inputs.shape[0], MOST_UPDATES)
    target_rates = skipgram.bounded_rates(rate, seen, targets, inputs.shape[0], MOST_UPDATES)
    inputs = add_rows(inputs, words, -word_rates * word_rows)
    return inputs, add_rows(outputs, targets, -target_rates * target_rows)


class Shape(NamedTuple):
    """Numbers of centers and noise words of a group, groups of a batch, and batches of a block."""

    group: int
    noise: int
    batch: int
    block: int


@dataclass(frozen=True)
class Draw:
    """Sampling of windows, words and noise.

    Attributes:
        window: c, maximum number of words to each side.
        negatives: K, number of noise words for each pair.
        keep: (V,) probability that subsampling keeps a word.
        noise: (V,) probability of each noise word.
    """

    window: int
    negatives: int
    keep: NDArray[np.float64]
    noise: NDArray[np.float64]


def shape_of(corpus: TokenIds, draw: Draw, learning_rate: float) -> Shape:
    """Chooses sizes for a corpus: large batches are fast, but should not contain one word too often.

    A word has window + 1 pairs on average, each with K noise words.
    """
    expected = corpus.counts * draw.keep  # counts after subsampling
    share = max(float(np.max(expected / expected.sum())), float(draw.noise.max()))
    updates = (draw.window + 1) * (draw.negatives + 1) * learning_rate
    most = _BATCH_UPDATES / (share * updates)  # centers of a batch
    group = 2 ** int(np.clip(np.floor(np.log2(max(most, 1.0))), 0, np.log2(_GROUP)))
    batch = int(np.clip(most // group, 1, _BATCH))
    return Shape(group, _GROUP, batch, int(np.clip(np.ceil(expected.sum() / (group * batch)), 1, _BLOCK)))


def blocks(
    corpus: TokenIds, draw: Draw, shape: Shape, rng: np.random.Generator
) -> Iterator[tuple[tuple[NDArray[np.int32], ...], float]]:
    """Yields the groups of one epoch in random order, so that a batch has words from all parts of the corpus.

    Args:
        corpus: the corpus as ids.
        draw: sampling of windows, words and noise.
        shape: sizes; the last block is filled with groups of padding.
        rng: random generator.

    Yields:
        `(words, sentences, half windows, noise)` with leading axes (block, batch), and their share of the epoch.
    """
    sampled = rng.random(len(corpus.ids), np.float32) < draw.keep[corpus.ids]
    count = max(1, -(-int(sampled.sum()) // shape.group))
    words = _padded(corpus.ids[sampled], count, shape.group, draw.window, 0)
    sentences = _padded(corpus.sentences[sampled], count, shape.group, draw.window, -1)
    order = rng.permutation(count)
    # Noise is drawn by inverting the cumulative distribution.
    cumulative = np.cumsum(draw.noise)
    cumulative /= cumulative[-1]
    around = np.arange(shape.group + 2 * draw.window)
    size = shape.batch * shape.block
    for start in range(0, count, size):
        chosen = order[start : start + size]
        indices = chosen[:, None] * shape.group + around  # (groups, M)
        groups = np.zeros((2, size, len(around)), np.int32)
        groups[1] = -1
        groups[0, : len(chosen)], groups[1, : len(chosen)] = words[indices], sentences[indices]
        halves = rng.integers(1, draw.window + 1, (size, shape.group), np.int32)
        noise = np.searchsorted(cumulative, rng.random((size, shape.noise), np.float32), side="right")
        arrays = (*groups, halves, np.minimum(noise, len(cumulative) - 1).astype(np.int32))
        yield tuple(x.reshape(shape.block, shape.batch, -1) for x in arrays), len(chosen) / count


def _padded(values: NDArray[np.int32], count: int, group: int, window: int, padding: int) -> NDArray[np.int32]:
    padded = np.full(count * group + 2 * window, padding, np.int32)
    padded[window : window + len(values)] = values
    return padded
