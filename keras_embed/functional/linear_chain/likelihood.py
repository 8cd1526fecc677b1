"""Scores, likelihood and entropy of a linear chain, with the gradient in closed form."""

from typing import Any

from keras import ops

from keras_embed._backend import compiled
from keras_embed.functional.linear_chain.chain import FORBIDDEN, Lattice, LinearChain, lattice
from keras_embed.functional.linear_chain.posterior import Messages, Posterior, as_posterior, messages, posterior


def _path_messages(grid: Lattice, states: Any) -> Messages:
    """What forward-backward would say of a lattice with one path left, `states` (B, T+1), K = "no tag"."""
    batch, num_states = ops.shape(states)[0], grid.emissions.shape[-1] + 1
    unary = ops.one_hot(states, num_states, dtype="float32")  # (B, T+1, K+1)
    before = ops.pad(states[:, :-1], [[0, 0], [1, 0]], constant_values=num_states - 1)
    row = ops.arange(batch, dtype="int32")[:, None]
    entry = ops.reshape((row * num_states + before) * num_states + states, (-1,))
    counts = ops.segment_sum(ops.ones_like(entry, dtype="float32"), entry, batch * num_states * num_states)
    counts = ops.reshape(counts, (batch, num_states, num_states))
    score = ops.sum(grid.emissions * unary[..., :-1], axis=(1, 2)) + ops.sum(grid.scores * counts, axis=(1, 2))
    return Messages(score, unary, counts, unary)


def _states(grid: Lattice, tags: Any) -> Any:
    """Tags (B, T) in the order of the lattice, K at padding. (B, T+1) int32."""
    states = ops.take_along_axis(ops.cast(tags, "int32"), grid.order, axis=1)
    return ops.where(grid.mask, ops.pad(states, [[0, 0], [0, 1]]), grid.emissions.shape[-1])


@compiled()
def path_statistics(chain: LinearChain, tags: Any) -> Posterior:
    """The posterior of a chain that must take one given path: its score, and which scores it used.

    Args:
        chain: the scores.
        tags: (B, T) int in [0, K); ignored where masked.

    Returns:
        `Posterior` with zeros and ones for probabilities; `log_partition` is the score of the path.
    """
    grid = lattice(chain)
    return as_posterior(chain, grid, _path_messages(grid, _states(grid, tags)))


def clamp(grid: Lattice, states: Any) -> Lattice:
    """The lattice that can only take paths which agree with the states (B, T+1); -1 leaves a position free."""
    allowed = ops.logical_or(states[..., None] < 0, ops.equal(states[..., None], ops.arange(grid.emissions.shape[-1])))
    return grid._replace(emissions=ops.where(allowed, grid.emissions, FORBIDDEN))


@compiled()
def _expected_less_observed(chain: LinearChain, tags: Any) -> Posterior:
    """Of all paths, less of those that agree with the labels. Only partial labels cost a second forward-backward."""
    grid = lattice(chain)
    states = _states(grid, tags)
    expected = messages(grid)
    observed = ops.cond(
        ops.any(states < 0),
        lambda: tuple(messages(clamp(grid, states))),
        lambda: tuple(_path_messages(grid, states)),
    )
    return as_posterior(chain, grid, Messages(*(a - b for a, b in zip(expected, observed, strict=True))))


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

    References:
        Lafferty et al. 2001, https://repository.upenn.edu/cis_papers/159, section 4.
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

    References:
        Lafferty et al. 2001, https://repository.upenn.edu/cis_papers/159; for partial labels
        Tsuboi et al. 2008, https://aclanthology.org/C08-1113, equation 3.
    """
    slope = _expected_less_observed(chain, tags)
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
