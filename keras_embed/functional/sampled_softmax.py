"""Softmax over a large vocabulary: over all of it for evaluation, over a sample for training.

Word ids are sorted by descending frequency, so that the log-uniform distribution is close to the words' own (Zipf's
law): P(k) = (log(k + 2) - log(k + 1)) / log(V + 1).
Letters: N positions, P width, V words, S sampled words.

References:
    Jean et al. 2015, "On using very large target vocabulary", https://arxiv.org/abs/1412.2007, for the sampled softmax
    and its correction; Jozefowicz et al. 2016, https://arxiv.org/abs/1602.02410, for its use in language models.
"""

import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import message
from keras_embed._types import Tensor

_FEWEST_DRAWS = 64


def log_uniform_probability(ids: ArrayLike, vocabulary_size: int) -> NDArray[np.float64]:
    """Computes the probability of each word in one draw, `P(k) = log(1 + 1 / (k + 1)) / log(V + 1)`.

    Args:
        ids: word ids k, integers of any shape.
        vocabulary_size: V.

    Returns:
        float64 of the same shape.

    Example:
    >>> log_uniform_probability(np.arange(3), 3).round(3).tolist()
    [0.5, 0.292, 0.208]
    """
    return np.log1p(1.0 / (np.asarray(ids, "float64") + 1.0)) / np.log(vocabulary_size + 1.0)


def log_uniform_candidates(
    generator: np.random.Generator, count: int, vocabulary_size: int
) -> tuple[NDArray[np.int32], int]:
    """Draws words until `count` distinct ones have been drawn.

    Args:
        generator: source of randomness.
        count: S.
        vocabulary_size: V, at least S.

    Returns:
        The words, int32 (S,), in the order of their first draw, and the number of draws.

    Raises:
        ValueError: If `count` is not in 1 to V.

    Example:
    >>> words, draws = log_uniform_candidates(np.random.default_rng(0), 3, 3)
    >>> sorted(words.tolist()), draws >= 3
    ([0, 1, 2], True)
    """
    if not 0 < count <= vocabulary_size:
        raise ValueError(message(f"1 to {vocabulary_size} sampled words", count, "fewer `negatives`"))
    draws = np.empty(0, "int64")
    while True:
        # exp of a uniform number in [0, log(V + 1)) is x in [1, V + 1) with P(x < k + 2) - P(x < k + 1) = P(k).
        uniform = generator.random(max(len(draws), 2 * count, _FEWEST_DRAWS))
        drawn = np.exp(uniform * np.log(vocabulary_size + 1.0)).astype("int64") - 1
        draws = np.concatenate([draws, np.minimum(drawn, vocabulary_size - 1)])
        words, first = np.unique(draws, return_index=True)
        if len(words) >= count:
            order = np.argsort(first)[:count]
            return words[order].astype("int32"), int(first[order[-1]]) + 1


def expected_count(probability: ArrayLike, draws: int) -> NDArray[np.float64]:
    """Computes the probability that a word is sampled in some number of draws, `E = 1 - (1 - p)^draws`.

    Args:
        probability: p, floats of any shape.
        draws: number of draws.

    Returns:
        float64 of the same shape.

    Example:
    >>> expected_count(0.5, 2).item()
    0.75
    """
    return -np.expm1(draws * np.log1p(-np.asarray(probability, "float64")))


def log_expected_count(ids: ArrayLike, draws: int, vocabulary_size: int) -> NDArray[np.float32]:
    """Computes log E for log-uniform draws, float32 of the shape of `ids`; see `expected_count`."""
    probability = log_uniform_probability(ids, vocabulary_size)
    with np.errstate(divide="ignore"):  # V = 1: the only word has probability 1, log1p(-1) is -inf and its count 1
        return np.log(expected_count(probability, draws)).astype("float32")


def sampled_cross_entropy(
    hidden: Tensor,
    targets: Tensor,
    candidates: Tensor,
    kernel: Tensor,
    bias: Tensor,
    target_log_counts: Tensor,
    candidate_log_counts: Tensor,
) -> Tensor:
    """Computes the cross-entropy of each target among itself and the sampled words.

        z_k = w_k . h + b_k - log E_k
        loss = logsumexp(z_y, z_1, ..., z_S) - z_y

    With the correction by the expected count E the loss tends to that of the full softmax as S grows. A sampled word
    that is the target of a position is excluded there ("accidental hit").

    Args:
        hidden: h, (N, P).
        targets: y, (N,) int.
        candidates: (S,) int, distinct words, shared by all positions.
        kernel: w, (V, P).
        bias: b, (V,).
        target_log_counts: (N,) log E of the targets.
        candidate_log_counts: (S,) log E of the sampled words.

    Returns:
        (N,).
    """
    hidden = ops.convert_to_tensor(hidden)
    own = ops.sum(hidden * ops.take(kernel, targets, axis=0), axis=-1)  # w_y . h
    own = own + ops.take(bias, targets, axis=0) - ops.cast(target_log_counts, own.dtype)  # (N,)
    shift = ops.take(bias, candidates, axis=0) - ops.cast(candidate_log_counts, own.dtype)  # (S,)
    logits = ops.matmul(hidden, ops.transpose(ops.take(kernel, candidates, axis=0))) + shift  # (N, S)
    # Accidental hits: -1e4 and not -inf, which is within float16's range and has a finite gradient.
    logits = ops.where(ops.equal(targets[:, None], candidates[None]), ops.full_like(logits, -1e4), logits)
    return ops.logsumexp(ops.concatenate([own[:, None], logits], axis=-1), axis=-1) - own


def full_cross_entropy(hidden: Tensor, targets: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Computes the cross-entropy over the whole vocabulary, `logsumexp(z) - z_y` with `z = w h + b`.

    Args:
        hidden: h, (N, P).
        targets: y, (N,) int.
        kernel: w, (V, P).
        bias: b, (V,).

    Returns:
        (N,).

    Example:
    >>> loss = full_cross_entropy(np.zeros((1, 2)), np.array([1]), np.ones((4, 2)), np.zeros(4))
    >>> round(float(loss[0]), 4)  # log 4
    1.3863
    """
    logits = ops.matmul(hidden, ops.transpose(kernel)) + ops.convert_to_tensor(bias)  # (N, V)
    own = ops.take_along_axis(logits, ops.expand_dims(ops.cast(targets, "int32"), -1), axis=-1)[:, 0]
    return ops.logsumexp(logits, axis=-1) - own
