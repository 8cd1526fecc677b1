"""GloVe from a corpus: vectors whose products approximate the logarithms of co-occurrence counts."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed._backend import add_rows, keras, row_loop, take_rows
from keras_embed._types import Tensor
from keras_embed.vectors._extras import positive
from keras_embed.vectors.training._progress import Progress
from keras_embed.vectors.training.cooccurrence import Cooccurrences, cooccurrences
from keras_embed.vectors.training.corpus_ids import Corpus
from keras_embed.vectors.word_vectors import WordVectors

#: Maximum number of pairs of a batch, mean occurrences of one word in it, and batches of a call of the compiled loop.
_BATCH, _HITS, _BLOCK = 2048, 8, 256


def train_glove(
    corpus: Corpus | Cooccurrences,
    dim: int = 100,
    window: int = 15,
    min_count: int = 5,
    epochs: int = 25,
    learning_rate: float = 0.05,
    x_max: float = 100.0,
    alpha: float = 0.75,
    seed: int = 1,
    verbose: int = 1,
) -> WordVectors:
    """Trains GloVe vectors: AdaGrad on the rows of each batch of pairs, in one compiled loop on Keras' backend.

    The update is that of the tool `glove`, except that squares are added to AdaGrad's sums before the division, so that
    a word with several pairs in a batch does not make too large a step. The progress bar displays the tool's cost.

    Args:
        corpus: as in `train_word2vec`, or the result of `cooccurrences`.
        dim: width of a vector.
        window: maximum distance of a pair; its weight is 1 / distance. Not used for `Cooccurrences`.
        min_count: words with a lower count are removed. Not used for `Cooccurrences`.
        epochs: number of passes over the pairs.
        learning_rate: learning rate of AdaGrad.
        x_max: count from which on the weight of a pair is 1.
        alpha: exponent of a pair's weight below that.
        seed: seed of the initial values and the order of the pairs.
        verbose: 0: silent; 1: a progress bar for each epoch; 2: a line.

    Returns:
        The sums of word and context vectors, as in published files, with the words' counts.

    Raises:
        TypeError: If the corpus can be read only once, such as a generator, or a sentence is not a list.
        ValueError: If an argument is out of range, no word is frequent enough, or there are no pairs.

    References:
        Pennington et al. 2014, https://aclanthology.org/D14-1162.

    Example:
    >>> tales = [["the", "fox", "met", "the", "wolf"]] * 3
    >>> vectors = train_glove(tales, dim=4, window=2, min_count=1, epochs=2, verbose=0)
    >>> vectors.words, vectors.dim
    (('the', 'fox', 'met', 'wolf'), 4)
    """
    dim, epochs = positive("dim", dim), positive("epochs", epochs)
    pairs = corpus if isinstance(corpus, Cooccurrences) else cooccurrences(corpus, window, min_count)
    if not len(pairs):
        raise ValueError(_errors.message("pairs of neighbouring words", "none", "longer sentences"))
    # Initialisation as in the tool: uniform in [-0.5, 0.5) / D, biases included.
    rng = np.random.default_rng(seed)
    size = len(pairs.words)
    first = ((rng.random((2 * size, dim + 1)) - 0.5) / dim).astype("float32")
    parameters = adagrad(pairs, first, epochs, learning_rate, x_max, alpha, rng, verbose)[:, :-1]
    return WordVectors(pairs.words, parameters[:size] + parameters[size:], counts=pairs.counts)


def adagrad(
    pairs: Cooccurrences,
    parameters: NDArray[np.float32],
    epochs: int,
    learning_rate: float,
    x_max: float,
    alpha: float,
    rng: np.random.Generator,
    verbose: int,
) -> NDArray[np.float32]:
    """Trains parameters (2V, D + 1), vectors with biases in the last column: V words, then V context words."""
    from keras_embed.functional import glove  # deferred: formulas import Keras, importing `vectors` must not

    def step(tables: tuple[Tensor, ...], batch: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        rows, squares, costs = tables
        words, contexts, log_counts, weights = batch
        indices = keras.ops.concatenate([words, contexts])
        both = (take_rows(rows, words), take_rows(rows, contexts), log_counts, weights)
        update = glove.scaled(keras.ops.concatenate(glove.gradients(*both)), learning_rate)
        # Squares first, so that all pairs of a word in the batch count in its step size.
        squares = add_rows(squares, indices, update * update)
        rows = add_rows(rows, indices, -update * keras.ops.rsqrt(take_rows(squares, indices)))
        costs = add_rows(costs, keras.ops.zeros((1,), "int32"), keras.ops.sum(glove.loss(*both))[None, None])
        return rows, squares, costs

    weights = keras.ops.convert_to_numpy(glove.weight(pairs.values, x_max, alpha))
    # AdaGrad's sums start at 1; the third table has one entry, the total cost.
    run, read = row_loop(step, (parameters, np.ones_like(parameters), np.zeros((1, 1), np.float32)))
    progress = Progress(epochs, len(pairs), verbose, "pair")
    for epoch in range(epochs):
        progress.start_epoch(epoch)
        before = read(2).item()
        for batches, count in _blocks(pairs, weights, rng):
            run(batches)
            progress.advance(count / len(pairs))
        progress.end_epoch(cost=(read(2).item() - before) / len(pairs))
    result: NDArray[np.float32] = read(0)
    return result


def _blocks(
    pairs: Cooccurrences, weights: NDArray[np.float32], rng: np.random.Generator
) -> Iterator[tuple[tuple[NDArray[np.generic], ...], int]]:
    """Yields all pairs in random order: `(words, contexts, log counts, weights)`, (block, batch) each, and their count.

    The last block is filled with pairs of weight 0.
    """
    batch = int(np.clip(_HITS * len(pairs) // len(pairs.words), 1, min(_BATCH, max(len(pairs), 1))))
    block = min(_BLOCK, -(-len(pairs) // batch))
    order = rng.permutation(len(pairs))
    for start in range(0, len(pairs), block * batch):
        chosen = order[start : start + block * batch]
        arrays = (
            pairs.rows[chosen],
            pairs.columns[chosen] + np.int32(len(pairs.words)),
            np.log(pairs.values[chosen]).astype("float32"),
            weights[chosen],
        )
        padding = (0, block * batch - len(chosen))
        yield tuple(np.pad(x, padding).reshape(block, batch) for x in arrays), len(chosen)
