"""GloVe from a corpus: co-occurrences, and vectors whose products are their logarithms."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed import _errors
from keras_embed._backend import add_rows, keras, row_loop, take_rows
from keras_embed.vectors.training._progress import Progress
from keras_embed.vectors.training.cooccurrence import Cooccurrences, cooccurrences
from keras_embed.vectors.training.corpus_ids import Corpus
from keras_embed.vectors.word_vectors import WordVectors

#: Pairs of a batch at most, how often one word may be in it on average, and batches of a call of the compiled loop.
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

    The update is that of the tool `glove`, but for the order within it: squares are added to AdaGrad's sums before the
    division, so that a word which a batch holds several times cannot jump. The bar shows the tool's cost.

    Args:
        corpus: as in `train_word2vec`, or what `cooccurrences` counted.
        dim: width of a vector.
        window: greatest distance of a pair; its weight is 1 / distance. Not used where pairs are counted already.
        min_count: words seen less often are left out. Not used where pairs are counted already.
        epochs: passes over the pairs.
        learning_rate: AdaGrad's.
        x_max: pairs seen more often count no more.
        alpha: exponent of a pair's weight below that.
        seed: of the first values and the order of the pairs.
        verbose: 0: nothing is shown; 1: a bar for each epoch; 2: a line.

    Returns:
        The sums of word and context vectors, as they are published, with the words' counts.

    Raises:
        TypeError: for a corpus that can be read but once, as a generator, and for sentences that are no lists.
        ValueError: for an argument out of its range, or if no word is frequent enough, or no two stand together.

    References:
        Pennington et al. 2014, https://aclanthology.org/D14-1162.

    Example:
    >>> tales = [["the", "fox", "met", "the", "wolf"]] * 3
    >>> vectors = train_glove(tales, dim=4, window=2, min_count=1, epochs=2, verbose=0)
    >>> vectors.words, vectors.dim
    (('the', 'fox', 'met', 'wolf'), 4)
    """
    for name, value in {"dim": dim, "epochs": epochs}.items():
        _errors.check_positive(name, value)
    pairs = corpus if isinstance(corpus, Cooccurrences) else cooccurrences(corpus, window, min_count)
    if not len(pairs):
        raise ValueError(_errors.message("pairs of words that stand together", "none", "longer sentences"))
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
    """Trains parameters (2V, D + 1): vectors with their biases behind, of the words, then of the words as contexts."""
    from keras_embed.functional import glove  # formulas import Keras; the rest of this room does not

    def step(tables: Any, batch: Any) -> Any:
        rows, squares, costs = tables
        words, contexts, log_counts, weights = batch
        places = keras.ops.concatenate([words, contexts])
        both = (take_rows(rows, words), take_rows(rows, contexts), log_counts, weights)
        update = glove.scaled(keras.ops.concatenate(glove.gradients(*both)), learning_rate)
        squares = add_rows(squares, places, update * update)
        rows = add_rows(rows, places, -update * keras.ops.rsqrt(take_rows(squares, places)))
        costs = add_rows(costs, keras.ops.zeros((1,), "int32"), keras.ops.sum(glove.loss(*both))[None, None])
        return rows, squares, costs

    weights = keras.ops.convert_to_numpy(glove.weight(pairs.values, x_max, alpha))
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
) -> Iterator[tuple[tuple[Any, ...], int]]:
    """All pairs in random order: `(words, contexts, log counts, weights)`, (block, batch) each, and how many they are.

    The last block is filled up with pairs of weight 0.
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
