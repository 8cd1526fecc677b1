"""GloVe: the weight of a pair, its loss, and AdaGrad as the tool `glove` does it.

Letters: P pairs, D width; X is how often two words stand near each other; w and b are a word's vector and bias, w~ and
b~ those of a word as context.

References:
    Pennington et al. 2014, "GloVe: global vectors for word representation", https://aclanthology.org/D14-1162;
    Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html, for AdaGrad.
"""

from typing import Any

from keras import ops


def weight(counts: Any, x_max: float = 100.0, alpha: float = 0.75) -> Any:
    """f(X) = (X / x_max)^alpha, at most 1 (equation 9): what a pair counts.

    Example:
    >>> ops.convert_to_numpy(weight([6.25, 100.0, 900.0])).tolist()
    [0.125, 1.0, 1.0]
    """
    counts = ops.convert_to_tensor(counts, "float32")
    return ops.power(ops.minimum(counts / x_max, 1.0), alpha)


def residual(words: Any, contexts: Any, log_counts: Any) -> Any:
    """w . w~ + b + b~ - log X: how far a pair is off.

    Args:
        words: (P, D + 1), vectors with their biases behind them.
        contexts: (P, D + 1).
        log_counts: (P,).

    Returns:
        (P,)
    """
    products = ops.sum(words[:, :-1] * contexts[:, :-1], axis=-1)
    return products + words[:, -1] + contexts[:, -1] - log_counts


def loss(words: Any, contexts: Any, log_counts: Any, weights: Any) -> Any:
    """Half the weighted squares, (P,): the tool's cost, half of what a pair adds to equation 8."""
    return 0.5 * weights * ops.square(residual(words, contexts, log_counts))


def gradients(words: Any, contexts: Any, log_counts: Any, weights: Any) -> tuple[Any, Any]:
    """The gradient of `loss` in `words` and in `contexts`, (P, D + 1) each."""
    slopes = (weights * residual(words, contexts, log_counts))[:, None]
    ones = ops.ones_like(slopes)
    return (
        slopes * ops.concatenate([contexts[:, :-1], ones], axis=-1),
        slopes * ops.concatenate([words[:, :-1], ones], axis=-1),
    )


def scaled(gradient: Any, learning_rate: float, clip: float = 100.0) -> Any:
    """What AdaGrad sums the squares of, and divides by the root of that sum: the gradient times the learning rate.

    In the tool a bias has no learning rate, and the others are clipped before theirs is multiplied in. Its sums begin
    at 1, which weighs less the smaller the learning rate is.

    Args:
        gradient: (P, D + 1), the bias' behind.
        learning_rate: of the vectors.
        clip: the greatest size of an entry.

    Returns:
        (P, D + 1)
    """
    vectors = ops.clip(gradient[:, :-1], -clip, clip) * learning_rate
    return ops.concatenate([vectors, gradient[:, -1:]], axis=-1)
