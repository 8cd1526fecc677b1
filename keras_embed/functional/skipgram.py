"""Skip-gram and CBOW with negative sampling: loss, gradient rows, and what is drawn for them.

The rows come in groups. A group is a run of G words of a text, the centers, together with the c words before and the c
words behind it: M = G + 2c words. Its centers share N noise words, each of which counts K / N times, so that a pair
still meets K of them on average. A group so takes three matrix products and G + M + N rows, where the plain loop takes
(1 + K) rows and as many dot products for each pair. To share noise words leaves the expected gradient as it is.
Letters: B groups, G centers, M words around them, N noise words, D width, c largest window, K noise words a pair.

References:
    Mikolov et al. 2013, "Distributed representations of words and phrases and their compositionality",
    https://arxiv.org/abs/1310.4546; Mikolov et al. 2013, https://arxiv.org/abs/1301.3781, for CBOW and the window; the
    tool word2vec.c for what they leave open. Ji et al. 2016, https://arxiv.org/abs/1604.04661, share noise words.
"""

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray


def keep_probability(counts: Any, threshold: float) -> NDArray[np.float64]:
    """How likely a word is kept where frequent words are thinned out: sqrt(t / f) + t / f, at most 1.

    This is word2vec.c's rule. The paper (equation 5) writes sqrt(t / f).

    Args:
        counts: (V,) how often each word was seen.
        threshold: t; 0 keeps all words.

    Returns:
        (V,) float64, each in (0, 1].

    Example:
    >>> keep_probability([990, 10], 0.01).round(2).tolist()
    [0.11, 1.0]
    """
    counts = np.asarray(counts, "float64")
    if threshold <= 0:
        return np.ones_like(counts)
    ratio = threshold * counts.sum() / counts
    return np.minimum(np.sqrt(ratio) + ratio, 1.0)


def noise_probability(counts: Any, exponent: float = 0.75) -> NDArray[np.float64]:
    """How likely each word is drawn as noise: count^0.75, normalised (section 2.2 of the paper). (V,) float64.

    Example:
    >>> noise_probability([81, 16]).round(3).tolist()
    [0.771, 0.229]
    """
    powers = np.asarray(counts, "float64") ** exponent
    return powers / powers.sum()


def learning_rate(progress: Any, first: float, last: float) -> Any:
    """Linear decay: `first` where the progress is 0, `last` where it is 1, as word2vec.c and gensim have it.

    Example:
    >>> learning_rate(0.5, 0.025, 0.0)
    0.0125
    """
    return first + (last - first) * progress


def window_pairs(half_windows: Any, sentences: Any, window: int) -> Any:
    """Which words of a group are context of which centers.

    Args:
        half_windows: (B, G) int, how far each center looks to both sides; word2vec.c draws 1..c.
        sentences: (B, M) int, which sentence each word is of; negative at padding.
        window: c; center g is word c + g.

    Returns:
        (B, G, M) float32, ones and zeros.

    Example:
    >>> ops.convert_to_numpy(window_pairs([[1, 1]], [[0, 0, 0, 1]], 1)).tolist()
    [[[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]]]
    """
    half_windows, sentences = ops.cast(half_windows, "int32"), ops.convert_to_tensor(sentences)
    centers = half_windows.shape[-1]
    distance = np.abs(window + np.arange(centers)[:, None] - np.arange(centers + 2 * window))  # (G, M)
    distance = np.where(distance == 0, 2 * window, distance).astype("int32")
    own = sentences[:, window : window + centers, None]  # (B, G, 1)
    near = ops.less_equal(distance, half_windows[..., None]) & ops.equal(own, sentences[:, None]) & (own >= 0)
    return ops.cast(near, "float32")


def skipgram_noise(pairs: Any, words: Any, noise: Any, negatives: int) -> Any:
    """How often each noise word counts for each center: K / N for each of its pairs, but for those with that word.

    A noise word that is the pair's own context is passed over, as in word2vec.c.

    Args:
        pairs: (B, G, M) of `window_pairs`.
        words: (B, M) int.
        noise: (B, N) int.
        negatives: K.

    Returns:
        (B, G, N) float32.
    """
    same = ops.cast(ops.equal(words[:, :, None], noise[:, None]), "float32")  # (B, M, N)
    others = ops.sum(pairs, axis=-1, keepdims=True) - ops.matmul(pairs, same)
    return others * (negatives / noise.shape[-1])


def cbow_noise(pairs: Any, centers: Any, noise: Any, negatives: int) -> Any:
    """How often each noise word counts for each center: K / N, but 0 where it is the center or there is no context.

    Args:
        pairs: (B, G, M) of `window_pairs`.
        centers: (B, G) int.
        noise: (B, N) int.
        negatives: K.

    Returns:
        (B, G, N) float32.
    """
    differs = ops.not_equal(centers[..., None], noise[:, None])
    counts = differs & ops.any(pairs > 0, axis=-1, keepdims=True)
    return ops.cast(counts, "float32") * (negatives / noise.shape[-1])


def scores(vectors: Any, mask: Any, targets: Any) -> Any:
    """v' . mean of v: how well each target fits the words that look for it.

    Args:
        vectors: (B, C, D) input vectors of the words that look, one of them in skip-gram.
        mask: (B, C) bool, True = real.
        targets: (B, N, D) output vectors.

    Returns:
        (B, N); 0 where no word looks.
    """
    real = ops.expand_dims(ops.cast(mask, vectors.dtype), -1)
    means = ops.sum(vectors * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)  # (B, D)
    return ops.sum(ops.expand_dims(means, 1) * targets, axis=-1)


def loss(scores: Any, labels: Any, weights: Any) -> Any:
    """Negative sampling: -sum of weight * log sigmoid(score) where the label is 1, and of -score where it is 0.

    This is minus equation 4 of the paper.

    Args:
        scores: v'_o . v_i, any shape.
        labels: 1 for a word of the text, 0 for noise.
        weights: how often each counts.

    Returns:
        A scalar.

    Example:
    >>> round(float(loss(np.zeros(2), np.eye(2)[0], np.ones(2))), 4)  # 2 log 2
    1.3863
    """
    signed = ops.where(ops.convert_to_tensor(labels) > 0, ops.negative(scores), scores)
    return ops.sum(ops.multiply(weights, ops.softplus(signed)))


def bounded_rates(rate: Any, weights: Any, places: Any, size: int, most: float) -> Any:
    """The learning rate of each row of a batch, lower for rows that the batch holds often.

    The updates of a batch are computed before any is added, and those of one row add up: where a loop over pairs would
    come to rest, their sum goes too far. So the rate times the weight of all updates of a row is bounded.

    Args:
        rate: the learning rate.
        weights: (B, R) how many updates each row is the sum of.
        places: (B, R) int, which row of the table each is.
        size: rows of the table.
        most: the bound.

    Returns:
        (B, R, 1)

    Example:
    >>> rates = bounded_rates(0.5, np.array([[1.0, 2.0, 2.0]]), np.array([[0, 1, 1]]), size=3, most=1.0)
    >>> ops.convert_to_numpy(rates)[0, :, 0].tolist()
    [0.5, 0.25, 0.25]
    """
    flat = ops.reshape(ops.cast(weights, "float32"), (-1,))
    sums = ops.segment_sum(flat, ops.reshape(places, (-1,)), size)  # (size,)
    updates = ops.expand_dims(ops.take(sums, places), -1)  # (B, R, 1)
    return ops.minimum(rate, most / ops.maximum(updates, 1e-9))


def skipgram_gradients(centers: Any, targets: Any, pairs: Any, noise_weights: Any) -> tuple[Any, Any]:
    """The gradient of a group's loss: row by row, in closed form, d loss / d score = weight * (sigmoid(score) - label).

    Args:
        centers: (B, G, D) input vectors of the centers, v.
        targets: (B, M + N, D) output vectors of the words around them, then of the noise words, v'.
        pairs: (B, G, M) how often each pair counts.
        noise_weights: (B, G, N) the same for noise.

    Returns:
        the gradients of `centers` and `targets`.
    """
    scores = ops.matmul(centers, ops.swapaxes(targets, 1, 2))  # (B, G, M + N)
    weights = ops.concatenate([pairs, noise_weights], axis=-1)
    labels = ops.concatenate([pairs, ops.zeros_like(noise_weights)], axis=-1)
    slopes = weights * ops.sigmoid(scores) - labels
    return ops.matmul(slopes, targets), ops.matmul(ops.swapaxes(slopes, 1, 2), centers)


def cbow_gradients(contexts: Any, targets: Any, pairs: Any, noise_weights: Any) -> tuple[Any, Any]:
    """The same for CBOW, where the mean of the context's input vectors is to find the center among noise.

    As in word2vec.c and gensim each word of the context gets the mean's whole gradient. The true gradient is that,
    divided by the size of the context.

    Args:
        contexts: (B, M, D) input vectors of the words around the centers, v.
        targets: (B, G + N, D) output vectors of the centers, then of the noise words, v'.
        pairs: (B, G, M) ones where a word is context of a center.
        noise_weights: (B, G, N) how often each noise word counts.

    Returns:
        the rows for `contexts`, and the gradient of `targets`.
    """
    group = pairs.shape[1]
    centers, noise = targets[:, :group], targets[:, group:]
    size = ops.sum(pairs, axis=-1, keepdims=True)  # (B, G, 1)
    means = ops.matmul(pairs, contexts) / ops.maximum(size, 1.0)  # (B, G, D)
    own = ops.sum(means * centers, axis=-1, keepdims=True)
    own_slopes = ops.minimum(size, 1.0) * (ops.sigmoid(own) - 1.0)  # (B, G, 1); a center without context is left out
    slopes = noise_weights * ops.sigmoid(ops.matmul(means, ops.swapaxes(noise, 1, 2)))  # (B, G, N)
    rows = own_slopes * centers + ops.matmul(slopes, noise)  # (B, G, D)
    target_rows = ops.concatenate([own_slopes * means, ops.matmul(ops.swapaxes(slopes, 1, 2), means)], axis=1)
    return ops.matmul(ops.swapaxes(pairs, 1, 2), rows), target_rows
