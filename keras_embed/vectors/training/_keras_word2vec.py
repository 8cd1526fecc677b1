"""Word2Vec as one compiled loop of row updates, on Keras' backend."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed._backend import add_rows, keras, row_loop, take_rows
from keras_embed.vectors.training._progress import Progress
from keras_embed.vectors.training._skipgram_batches import Draw, blocks, shape_of
from keras_embed.vectors.training.corpus_ids import TokenIds

LAST_LEARNING_RATE = 1e-4
#: The most updates of one row in a batch, times the learning rate: at 4 training of few words begins to diverge, at 1
#: they learn too slowly.
MOST_UPDATES = 2.0


class Settings(NamedTuple):
    """Arguments of `train_word2vec`."""

    algorithm: str
    dim: int
    window: int
    negatives: int
    epochs: int
    subsample: float
    learning_rate: float
    seed: int
    verbose: int


def train(corpus: TokenIds, settings: Settings) -> NDArray[np.float32]:
    """Trains, and returns the input vectors, (V, D).

    Raises:
        FloatingPointError: if training diverged.
    """
    from keras_embed.functional import skipgram  # formulas import Keras; the rest of this room does not

    rng = np.random.default_rng(settings.seed)
    keep = skipgram.keep_probability(corpus.counts, settings.subsample)
    draw = Draw(settings.window, settings.negatives, keep, skipgram.noise_probability(corpus.counts))
    shape = shape_of(corpus, draw, settings.learning_rate)
    size = (len(corpus.words), settings.dim)
    first = ((2 * rng.random(size, np.float32) - 1) / settings.dim, np.zeros(size, np.float32))  # as gensim begins
    step = {"skipgram": _skipgram_step, "cbow": _cbow_step}[settings.algorithm]
    rates = (settings.learning_rate, min(settings.learning_rate, LAST_LEARNING_RATE))
    rate = partial(skipgram.learning_rate, first=rates[0], last=rates[1])
    run, read = row_loop(partial(step, settings.window, settings.negatives), first)
    progress = Progress(settings.epochs, corpus.tokens, settings.verbose, "word")
    for epoch in range(settings.epochs):
        progress.start_epoch(epoch)
        done = 0.0
        for groups, share in blocks(corpus, draw, shape, rng):
            through = epoch + done + share * np.arange(shape.block) / shape.block
            run((*groups, rate(through / settings.epochs).astype("float32")))
            progress.advance(share)
            done += share
        progress.end_epoch(learning_rate=rate((epoch + 1) / settings.epochs))
    vectors: NDArray[np.float32] = read(0)
    if not np.isfinite(vectors).all():
        raise FloatingPointError(_errors.message("vectors of finite numbers", "infinite ones", "a lower learning_rate"))
    return vectors


def _skipgram_step(window: int, negatives: int, tables: Any, batch: Any) -> Any:
    from keras_embed.functional import skipgram

    inputs, outputs = tables
    words, sentences, halves, noise, rate = batch
    centers = words[:, window : window + halves.shape[1]]
    pairs = skipgram.window_pairs(halves, sentences, window)
    weights = skipgram.skipgram_noise(pairs, words, noise, negatives)
    targets = keras.ops.concatenate([words, noise], axis=1)
    both = keras.ops.concatenate([pairs, weights], axis=-1)  # (B, G, M + N)
    rows = (take_rows(inputs, centers), take_rows(outputs, targets))
    center_rows, target_rows = skipgram.skipgram_gradients(*rows, pairs, weights)
    center_rates = skipgram.bounded_rates(rate, keras.ops.sum(both, axis=2), centers, inputs.shape[0], MOST_UPDATES)
    target_rates = skipgram.bounded_rates(rate, keras.ops.sum(both, axis=1), targets, inputs.shape[0], MOST_UPDATES)
    inputs = add_rows(inputs, centers, -center_rates * center_rows)
    return inputs, add_rows(outputs, targets, -target_rates * target_rows)


def _cbow_step(window: int, negatives: int, tables: Any, batch: Any) -> Any:
    from keras_embed.functional import skipgram

    inputs, outputs = tables
    words, sentences, halves, noise, rate = batch
    centers = words[:, window : window + halves.shape[1]]
    pairs = skipgram.window_pairs(halves, sentences, window)
    weights = skipgram.cbow_noise(pairs, centers, noise, negatives)
    targets = keras.ops.concatenate([centers, noise], axis=1)
    rows = (take_rows(inputs, words), take_rows(outputs, targets))
    word_rows, target_rows = skipgram.cbow_gradients(*rows, pairs, weights)
    own = keras.ops.max(pairs, axis=-1)  # (B, G), whether there is a context
    seen = keras.ops.concatenate([own, keras.ops.sum(weights, axis=1)], axis=1)
    updates = keras.ops.sum(pairs, axis=1) * (negatives + 1)
    word_rates = skipgram.bounded_rates(rate, updates, words, inputs.shape[0], MOST_UPDATES)
    target_rates = skipgram.bounded_rates(rate, seen, targets, inputs.shape[0], MOST_UPDATES)
    inputs = add_rows(inputs, words, -word_rates * word_rows)
    return inputs, add_rows(outputs, targets, -target_rates * target_rows)
