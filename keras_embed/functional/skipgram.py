"""Skip-gram and CBOW with negative sampling: loss, gradient rows, and sampling probabilities.

Words are processed in groups. A group is a run of G words of a text, the centers, together with the c words before and
the c words after it: M = G + 2c words. Its centers share N noise words, each with weight K / N, so that a pair has K
of them on average. A group takes three matrix products and G + M + N rows, where the plain loop takes (1 + K) rows and
as many dot products for each pair. Sharing noise words does not change the expected gradient.
Letters: B groups, G centers, M words around them, N noise words, D width, c largest window, K noise words for a pair.

References:
    Mikolov et al. 2013, "Distributed representations of words and phrases and their compositionality",
    https://arxiv.org/abs/1310.4546; Mikolov et al. 2013, https://arxiv.org/abs/1301.3781, for CBOW and the window; the
    tool word2vec.c for what they leave open. Ji et al. 2016, https://arxiv.org/abs/1604.04661, share noise words.
"""

import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from keras_embed._types import Tensor


def keep_probability(counts: ArrayLike, threshold: float) -> NDArray[np.float64]:
    """Computes the probability that subsampling keeps a word, `min(sqrt(t / f) + t / f, 1)`.

    This is the rule of word2vec.c; the paper (equation 5) has `sqrt(t / f)`.

    Args:
        counts: (V,) count of each word; f is its share of the total.
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


def noise_probability(counts: ArrayLike, exponent: float = 0.75) -> NDArray[np.float64]:
    """Computes the probability of each noise word, `count^0.75 / sum count^0.75` (section 2.2 of the paper).

    Args:
        counts: (V,) count of each word.
        exponent: exponent of the counts.

    Returns:
        (V,) float64.

    Example:
    >>> noise_probability([81, 16]).round(3).tolist()
    [0.771, 0.229]
    """
    powers = np.asarray(counts, "float64") ** exponent
    return powers / powers.sum()


def learning_rate(progress: Tensor, first: float, last: float) -> Tensor:
    """Computes the linear decay of word2vec.c and gensim, from `first` at progress 0 to `last` at progress 1.

    Args:
        progress: share of the training that is done, a number or an array.
        first: initial learning rate.
        last: final learning rate.

    Returns:
        A number or array like `progress`.

    Example:
    >>> learning_rate(0.5, 0.025, 0.0)
    0.0125
    """
    return first + (last - first) * progress


def window_pairs(half_windows: Tensor, sentences: Tensor, window: int) -> Tensor:
    """Computes which words of a group are in the context of which centers.

    Args:
        half_windows: (B, G) int, context size of each center to either side; word2vec.c draws it from 1..c.
        sentences: (B, M) int, index of each word's sentence; negative at padding.
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
    distance = np.where(distance == 0, 2 * window, distance).astype("int32")  # a word is not its own context
    own = sentences[:, window : window + centers, None]  # (B, G, 1)
    near = ops.less_equal(distance, half_windows[..., None]) & ops.equal(own, sentences[:, None]) & (own >= 0)
    return ops.cast(near, "float32")


def skipgram_noise(pairs: Tensor, words: Tensor, noise: Tensor, negatives: int) -> Tensor:
    """Computes the weight of each noise word for each center: K / N for each pair whose context is another word.

    A noise word that equals the context of a pair is skipped, as in word2vec.c.

    Args:
        pairs: (B, G, M), from `window_pairs`.
        words: (B, M) int, word ids.
        noise: (B, N) int, word ids.
        negatives: K.

    Returns:
        (B, G, N) float32.
    """
    same = ops.cast(ops.equal(words[:, :, None], noise[:, None]), "float32")  # (B, M, N)
    # Pairs of a center, less those whose context is the noise word: (B, G, N)
    others = ops.sum(pairs, axis=-1, keepdims=True) - ops.matmul(pairs, same)
    return others * (negatives / noise.shape[-1])


def cbow_noise(pairs: Tensor, centers: Tensor, noise: Tensor, negatives: int) -> Tensor:
    """Computes the weight of each noise word for each center: K / N, or 0 if it is the center or has no context.

    Args:
        pairs: (B, G, M), from `window_pairs`.
        centers: (B, G) int, word ids.
        noise: (B, N) int, word ids.
        negatives: K.

    Returns:
        (B, G, N) float32.
    """
    differs = ops.not_equal(centers[..., None], noise[:, None])
    counts = differs & ops.any(pairs > 0, axis=-1, keepdims=True)
    return ops.cast(counts, "float32") * (negatives / noise.shape[-1])


def scores(vectors: Tensor, mask: Tensor, targets: Tensor) -> Tensor:
    """Computes the score of each target, `v' . mean(v)`.

    Args:
        vectors: v, (B, C, D) input vectors of the context, of one word in skip-gram.
        mask: (B, C) bool, True = real.
        targets: v', (B, N, D) output vectors.

    Returns:
        (B, N); 0 if the context is empty.
    """
    real = ops.expand_dims(ops.cast(mask, vectors.dtype), -1)
    means = ops.sum(vectors * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)  # (B, D)
    return ops.sum(ops.expand_dims(means, 1) * targets, axis=-1)


def loss(scores: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Computes the loss of negative sampling, minus equation 4 of the paper.

        loss = - sum_pairs weight log sigmoid(score) - sum_noise weight log sigmoid(-score)

    Args:
        scores: v'_o . v_i, any shape.
        labels: 1 for a word of the text, 0 for noise.
        weights: weight of each score.

    Returns:
        A scalar.

    Example:
    >>> round(float(loss(np.zeros(2), np.eye(2)[0], np.ones(2))), 4)  # 2 log 2
    1.3863
    """
    # -log sigmoid(s) = softplus(-s)
    signed = ops.where(ops.convert_to_tensor(labels) > 0, ops.negative(scores), scores)
    return ops.sum(ops.multiply(weights, ops.softplus(signed)))


def bounded_rates(rate: Tensor, weights: Tensor, places: Tensor, size: int, most: float) -> Tensor:
    """Computes the learning rate of each row of a batch, lower for rows that occur often in the batch.

    The updates of a batch are computed before any is applied, and those of one row add up: where a loop over pairs
    would converge, their sum overshoots. So the rate times the weight of all updates of a row is bounded.

    Args:
        rate: the learning rate.
        weights: (B, R) number of updates that each row is the sum of.
        places: (B, R) int, index of each row in the table.
        size: number of rows of the table.
        most: the bound.

    Returns:
        (B, R, 1).

    Example:
    >>> rates = bounded_rates(0.5, np.array([[1.0, 2.0, 2.0]]), np.array([[0, 1, 1]]), size=3, most=1.0)
    >>> ops.convert_to_numpy(rates)[0, :, 0].tolist()
    [0.5, 0.25, 0.25]
    """
    flat = ops.reshape(ops.cast(weights, "float32"), (-1,))
    sums = ops.segment_sum(flat, ops.reshape(places, (-1,)), size)  # (size,)
    updates = ops.expand_dims(ops.take(sums, places), -1)  # (B, R, 1)
    return ops.minimum(rate, most / ops.maximum(updates, 1e-9))


def skipgram_gradients(centers: Tensor, targets: Tensor, pairs: Tensor, noise_weights: Tensor) -> tuple[Tensor, Tensor]:
    """Computes the gradients of a group's loss in closed form, `d loss / d s = weight (sigmoid(s) - label)`.

    Args:
        centers: v, (B, G, D) input vectors of the centers.
        targets: v', (B, M + N, D) output vectors of the words around them, then of the noise words.
        pairs: (B, G, M) weight of each pair.
        noise_weights: (B, G, N) weight of each noise word.

    Returns:
        The gradients with respect to `centers` and `targets`.
    """
    scores = ops.matmul(centers, ops.swapaxes(targets, 1, 2))  # (B, G, M + N)
    weights = ops.concatenate([pairs, noise_weights], axis=-1)
    labels = ops.concatenate([pairs, ops.zeros_like(noise_weights)], axis=-1)
    slopes = weights * ops.sigmoid(scores) - labels  # d loss / d s; the label is 1 for pairs, weighted by `pairs`
    return ops.matmul(slopes, targets), ops.matmul(ops.swapaxes(slopes, 1, 2), centers)


def cbow_gradients(contexts: Tensor, targets: Tensor, pairs: Tensor, noise_weights: Tensor) -> tuple[Tensor, Tensor]:
    """Computes the updates of CBOW, where the mean of the context's input vectors predicts the center.

    As in word2vec.c and gensim, each word of the context gets the whole gradient of the mean. The exact gradient is
    that divided by the size of the context.

    Args:
        contexts: v, (B, M, D) input vectors of the words around the centers.
        targets: v', (B, G + N, D) output vectors of the centers, then of the noise words.
        pairs: (B, G, M), 1 if a word is in the context of a center, else 0.
        noise_weights: (B, G, N) weight of each noise word.

    Returns:
        The updates of `contexts`, and the gradient with respect to `targets`.
    """
    group = pairs.shape[1]
    centers, noise = targets[:, :group], targets[:, group:]
    size = ops.sum(pairs, axis=-1, keepdims=True)  # (B, G, 1)
    means = ops.matmul(pairs, contexts) / ops.maximum(size, 1.0)  # (B, G, D)
    own = ops.sum(means * centers, axis=-1, keepdims=True)  # score of the center itself, (B, G, 1)
    own_slopes = ops.minimum(size, 1.0) * (ops.sigmoid(own) - 1.0)  # (B, G, 1), 0 for a center without context
    slopes = noise_weights * ops.sigmoid(ops.matmul(means, ops.swapaxes(noise, 1, 2)))  # (B, G, N)
    rows = own_slopes * centers + ops.matmul(slopes, noise)  # (B, G, D)
    target_rows = ops.concatenate([own_slopes * means, ops.matmul(ops.swapaxes(slopes, 1, 2), means)], axis=1)
    return ops.matmul(ops.swapaxes(pairs, 1, 2), rows), target_rows
