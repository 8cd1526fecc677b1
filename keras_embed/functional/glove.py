"""GloVe: the weight of a pair, its loss and gradients, and the AdaGrad update of the tool `glove`.

Letters: P pairs, D width; X is the co-occurrence count of two words; w and b are the vector and bias of a word, w~ and
b~ those of a context word.

References:
    Pennington et al. 2014, "GloVe: global vectors for word representation", https://aclanthology.org/D14-1162;
    Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html, for AdaGrad.
"""

from keras import ops

from keras_embed._types import Tensor


def weight(counts: Tensor, x_max: float = 100.0, alpha: float = 0.75) -> Tensor:
    """Computes the weight of a pair, `f(X) = min(X / x_max, 1)^alpha` (equation 9).

    Args:
        counts: X, floats of any shape.
        x_max: count from which on the weight is 1.
        alpha: exponent.

    Returns:
        float32, of the same shape.

    Example:
    >>> ops.convert_to_numpy(weight([6.25, 100.0, 900.0])).tolist()
    [0.125, 1.0, 1.0]
    """
    counts = ops.convert_to_tensor(counts, "float32")
    return ops.power(ops.minimum(counts / x_max, 1.0), alpha)


def residual(words: Tensor, contexts: Tensor, log_counts: Tensor) -> Tensor:
    """Computes the residual of each pair, `w . w~ + b + b~ - log X`.

    Args:
        words: (P, D + 1), vectors w, the biases b in the last column.
        contexts: (P, D + 1), w~ and b~.
        log_counts: log X, (P,).

    Returns:
        (P,).
    """
    products = ops.sum(words[:, :-1] * contexts[:, :-1], axis=-1)  # w . w~, (P,)
    return products + words[:, -1] + contexts[:, -1] - log_counts


def loss(words: Tensor, contexts: Tensor, log_counts: Tensor, weights: Tensor) -> Tensor:
    """Computes `f(X) r^2 / 2`, (P,): the cost that the tool reports, half of a pair's term in equation 8."""
    return 0.5 * weights * ops.square(residual(words, contexts, log_counts))


def gradients(words: Tensor, contexts: Tensor, log_counts: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Computes the gradients of `loss` with respect to `words` and `contexts`, (P, D + 1) each."""
    slopes = (weights * residual(words, contexts, log_counts))[:, None]  # d loss / d r, (P, 1)
    ones = ops.ones_like(slopes)  # d r / d b = d r / d b~ = 1
    return (
        slopes * ops.concatenate([contexts[:, :-1], ones], axis=-1),
        slopes * ops.concatenate([words[:, :-1], ones], axis=-1),
    )


def scaled(gradient: Tensor, learning_rate: float, clip: float = 100.0) -> Tensor:
    """Scales a gradient for AdaGrad, which sums its squares and divides it by the root of the sum.

    As in the tool, the gradient of a vector is clipped and multiplied by the learning rate, that of a bias is neither.
    The tool's sums start at 1, which counts less the smaller the learning rate is.

    Args:
        gradient: (P, D + 1), the bias in the last column.
        learning_rate: learning rate of the vectors.
        clip: maximum absolute value of an entry.

    Returns:
        (P, D + 1).
    """
    vectors = ops.clip(gradient[:, :-1], -clip, clip) * learning_rate
    return ops.concatenate([vectors, gradient[:, -1:]], axis=-1)
