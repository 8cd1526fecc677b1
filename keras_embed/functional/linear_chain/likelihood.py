"""Scores, likelihood and entropy of a linear chain, with the gradient in closed form."""

from typing import Any

from keras import ops

from keras_embed._backend import compiled
from keras_embed.functional.linear_chain.chain import FORBIDDEN, LinearChain, lattice
from keras_embed.functional.linear_chain.posterior import Posterior, posterior


@compiled()
def path_statistics(chain: LinearChain, tags: Any) -> Posterior:
    """The posterior of a chain that must take one given path: its score, and which scores it used.

    Args:
        chain: the scores.
        tags: (B, T) int in [0, K); ignored where masked.

    Returns:
        `Posterior` with zeros and ones for probabilities; `log_partition` is the score of the path.
    """
    num_tags = chain.emissions.shape[-1]
    grid = lattice(chain)
    tags = ops.where(chain.mask, ops.cast(tags, "int32"), 0)
    unary = ops.one_hot(tags, num_tags, dtype="float32") * ops.cast(chain.mask, "float32")[..., None]
    # Neighbours on the path are neighbours in the lattice; tag K is "no tag".
    path = ops.pad(ops.take_along_axis(tags, grid.order, axis=1), [[0, 0], [0, 1]])  # (B, T+1)
    path = ops.pad(ops.where(grid.mask, path, num_tags), [[0, 0], [1, 0]], constant_values=num_tags)
    states = ops.one_hot(path, num_tags + 1, dtype="float32")  # (B, T+2, K+1)
    counts = ops.matmul(ops.swapaxes(states[:, :-1], 1, 2), states[:, 1:])  # (B, K+1, K+1)
    emissions = ops.where(chain.mask[..., None], ops.stop_gradient(chain.emissions), 0.0)
    return Posterior(
        log_partition=ops.sum(emissions * unary, axis=(1, 2)) + ops.sum(grid.scores * counts, axis=(1, 2)),
        unary=unary,
        transitions=counts[:, :num_tags, :num_tags],
        start=counts[:, num_tags, :num_tags],
        end=counts[:, :num_tags, num_tags],
    )


def clamp(chain: LinearChain, tags: Any) -> LinearChain:
    """The chain that can only take paths which agree with the given tags; -1 leaves a position free."""
    tags = ops.cast(tags, "int32")[..., None]
    allowed = ops.logical_or(tags < 0, tags == ops.arange(chain.emissions.shape[-1], dtype="int32"))
    return chain._replace(emissions=ops.where(allowed, chain.emissions, FORBIDDEN))


@compiled()
def _evidence(chain: LinearChain, tags: Any) -> Posterior:
    """The posterior given labels. Full labels leave one path; only partial ones cost a second forward-backward."""
    chain = LinearChain(*(ops.stop_gradient(part) for part in chain))
    partial = ops.any(ops.logical_and(chain.mask, ops.cast(tags, "int32") < 0))
    return Posterior(
        *ops.cond(
            partial,
            lambda: tuple(posterior(clamp(chain, tags))),
            lambda: tuple(path_statistics(chain, tags)),
        )
    )


def _linear(value: Any, chain: LinearChain, slope: Posterior) -> Any:
    """`value` (B,), with `slope` as its gradient in the chain's scores: value + slope . (scores - their own value)."""
    for part, gradient, axes in (
        (chain.emissions, slope.unary, (1, 2)),
        (chain.transitions, slope.transitions, (1, 2)),
        (chain.start, slope.start, (1,)),
        (chain.end, slope.end, (1,)),
    ):
        value = value + ops.sum(ops.stop_gradient(gradient) * (part - ops.stop_gradient(part)), axis=axes)
    return value


def log_partition(chain: LinearChain) -> Any:
    """Log Z: the log of the sum over all paths of exp(score).

    The gradient is written, not derived: d log Z / d emissions are the marginals, d log Z / d transitions the expected
    counts. It costs no stored loop and compiles under XLA on every backend. First order only.

    Returns:
        (B,) float32.

    Reference: Lafferty et al. (2001), section 4.
    """
    expected = posterior(chain)
    return _linear(expected.log_partition, chain, expected)


def path_score(chain: LinearChain, tags: Any) -> Any:
    """The score of one path, (B,) float32, differentiable in the chain's scores. `tags` (B, T) int in [0, K)."""
    used = path_statistics(LinearChain(*(ops.stop_gradient(part) for part in chain)), tags)
    return _linear(used.log_partition, chain, used)


def negative_log_likelihood(chain: LinearChain, tags: Any) -> Any:
    """-log p(tags): log Z over all paths less log Z over the paths that agree with the labels.

    Args:
        chain: the scores.
        tags: (B, T) int; -1 at an unmasked position means "any tag" (partial labels: the likelihood is summed over the
            unknown tags). Masked positions are ignored whatever they hold.

    Returns:
        (B,) float32, >= 0. The gradient is expected minus observed, exact to first order.

    Reference: Lafferty et al. (2001); for partial labels Tsuboi et al. (2008), "Training conditional random fields
    using incomplete annotations", equation 3.
    """
    expected, observed = posterior(chain), _evidence(chain, tags)
    slope = Posterior(*(a - b for a, b in zip(expected, observed, strict=True)))
    return _linear(slope.log_partition, chain, slope)


def entropy(chain: LinearChain) -> Any:
    """Entropy of the distribution over paths, in nats: log Z minus the expected score. (B,) float32, no gradient."""
    chain = LinearChain(*(ops.stop_gradient(part) for part in chain))
    expected = posterior(chain)
    return (
        expected.log_partition
        - ops.sum(ops.where(chain.mask[..., None], chain.emissions, 0.0) * expected.unary, axis=(1, 2))
        - ops.sum(chain.transitions * expected.transitions, axis=(1, 2))
        - ops.sum(chain.start * expected.start, axis=1)
        - ops.sum(chain.end * expected.end, axis=1)
    )
