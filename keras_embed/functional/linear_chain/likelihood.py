"""Scores, likelihood and entropy of a linear chain, with the gradient in closed form.

Letters: B batch, T positions, K tags; state K of the lattice means "no tag".
"""

from keras import ops

from keras_embed._backend import compiled
from keras_embed._types import Tensor
from keras_embed.functional.linear_chain.chain import FORBIDDEN, Lattice, LinearChain, lattice
from keras_embed.functional.linear_chain.posterior import Messages, Posterior, as_posterior, messages, posterior


def _path_messages(grid: Lattice, states: Tensor) -> Messages:
    """Returns the messages of a lattice with only one path, `states` (B, T+1), K = "no tag"."""
    batch, num_states = ops.shape(states)[0], grid.emissions.shape[-1] + 1
    # The marginals of a single path are indicators of its states.
    unary = ops.one_hot(states, num_states, dtype="float32")  # (B, T+1, K+1)
    before = ops.pad(states[:, :-1], [[0, 0], [1, 0]], constant_values=num_states - 1)  # a path starts in "no tag"
    # Count the transitions of each row: one flat index (row, from, to) for each step.
    row = ops.arange(batch, dtype="int32")[:, None]
    entry = ops.reshape((row * num_states + before) * num_states + states, (-1,))
    counts = ops.segment_sum(ops.ones_like(entry, dtype="float32"), entry, batch * num_states * num_states)
    counts = ops.reshape(counts, (batch, num_states, num_states))
    # The score is linear in the potentials: their sum, weighted by the counts.
    score = ops.sum(grid.emissions * unary[..., :-1], axis=(1, 2)) + ops.sum(grid.scores * counts, axis=(1, 2))
    return Messages(score, unary, counts, unary)


def _states(grid: Lattice, tags: Tensor) -> Tensor:
    """Reorders tags (B, T) to the order of the lattice, K at padding: (B, T+1) int32."""
    states = ops.take_along_axis(ops.cast(tags, "int32"), grid.order, axis=1)
    return ops.where(grid.mask, ops.pad(states, [[0, 0], [0, 1]]), grid.emissions.shape[-1])


@compiled()
def path_statistics(chain: LinearChain, tags: Tensor) -> Posterior:
    """Computes the posterior of a chain restricted to one path: its score, and which potentials it uses.

    Args:
        chain: the scores.
        tags: (B, T) int in [0, K); ignored where masked.

    Returns:
        `Posterior` with probabilities 0 and 1; `log_partition` is the score of the path.
    """
    grid = lattice(chain)
    return as_posterior(chain, grid, _path_messages(grid, _states(grid, tags)))


def clamp(grid: Lattice, states: Tensor) -> Lattice:
    """Restricts a lattice to the paths that agree with `states` (B, T+1); -1 leaves a position free."""
    allowed = ops.logical_or(states[..., None] < 0, ops.equal(states[..., None], ops.arange(grid.emissions.shape[-1])))
    return grid._replace(emissions=ops.where(allowed, grid.emissions, FORBIDDEN))


@compiled()
def _expected_less_observed(chain: LinearChain, tags: Tensor) -> Posterior:
    """Computes the expectation over all paths minus that over the paths that agree with the labels.

    Only partial labels cost a second forward-backward: a complete labelling has one path.
    """
    grid = lattice(chain)
    states = _states(grid, tags)
    expected = messages(grid)  # log Z, and the counts over all paths
    observed = ops.cond(
        ops.any(states < 0),
        lambda: tuple(messages(clamp(grid, states))),
        lambda: tuple(_path_messages(grid, states)),
    )
    # Loss and gradient are differences of the same quantities: log Z - log Z_observed, and expected - observed counts.
    return as_posterior(chain, grid, Messages(*(a - b for a, b in zip(expected, observed, strict=True))))


def _linear(value: Tensor, chain: LinearChain, slope: Posterior) -> Tensor:
    """Returns `value` (B,) with `slope` as its gradient with respect to the chain's scores.

    Adds `slope . (scores - stop_gradient(scores))`, which is zero but has that gradient.
    """
    for part, gradient, axes in (
        (chain.emissions, slope.unary, (1, 2)),
        (chain.transitions, slope.transitions, (1, 2)),
        (chain.start, slope.start, (1,)),
        (chain.end, slope.end, (1,)),
    ):
        value = value + ops.sum(ops.stop_gradient(gradient) * (part - ops.stop_gradient(part)), axis=axes)
    return value


def log_partition(chain: LinearChain) -> Tensor:
    """Computes `log Z = log sum_y exp(score(y))` over all paths y.

    The gradient is in closed form: d log Z / d emissions are the marginals, d log Z / d transitions the expected
    counts. So no loop is stored for the backward pass, and it compiles under XLA on every backend. First order only.

    Args:
        chain: see `LinearChain`; any mask.

    Returns:
        (B,) float32.

    References:
        Lafferty et al. 2001, https://repository.upenn.edu/cis_papers/159, section 4.
    """
    expected = posterior(chain)
    return _linear(expected.log_partition, chain, expected)


def path_score(chain: LinearChain, tags: Tensor) -> Tensor:
    """Computes the score of one path, differentiable with respect to the chain's scores.

    Args:
        chain: see `LinearChain`; any mask.
        tags: (B, T) int in [0, K); ignored where masked.

    Returns:
        (B,) float32.
    """
    used = path_statistics(LinearChain(*(ops.stop_gradient(part) for part in chain)), tags)
    return _linear(used.log_partition, chain, used)


def negative_log_likelihood(chain: LinearChain, tags: Tensor) -> Tensor:
    """Computes `-log p(tags)`: log Z over all paths minus log Z over the paths that agree with the labels.

    Args:
        chain: the scores.
        tags: (B, T) int; -1 at an unmasked position means "any tag" (partial labels: the likelihood is summed over the
            unknown tags). Masked positions are ignored whatever their values.

    Returns:
        (B,) float32, >= 0. The gradient is expected minus observed counts, exact to first order.

    References:
        Lafferty et al. 2001, https://repository.upenn.edu/cis_papers/159; for partial labels
        Tsuboi et al. 2008, https://aclanthology.org/C08-1113, equation 3.
    """
    slope = _expected_less_observed(chain, tags)
    return _linear(slope.log_partition, chain, slope)


def entropy(chain: LinearChain) -> Tensor:
    """Computes the entropy of the distribution over paths in nats, `H = log Z - E[score]`.

    Args:
        chain: see `LinearChain`; any mask.

    Returns:
        (B,) float32, without a gradient.
    """
    chain = LinearChain(*(ops.stop_gradient(part) for part in chain))
    expected = posterior(chain)
    # E[score] by the linearity of the expectation: each potential times its expected count.
    return (
        expected.log_partition
        - ops.sum(ops.where(chain.mask[..., None], chain.emissions, 0.0) * expected.unary, axis=(1, 2))
        - ops.sum(chain.transitions * expected.transitions, axis=(1, 2))
        - ops.sum(chain.start * expected.start, axis=1)
        - ops.sum(chain.end * expected.end, axis=1)
    )
