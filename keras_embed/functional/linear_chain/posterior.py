"""Forward-backward: the partition function and all marginals of a linear chain.

Both directions run in one loop, in scaled exponential space (Rabiner 1989, section V.A): a step is one matrix product
and one normalisation, and float32 keeps seven digits at any length, where sums of logarithms lose them. States below
float32's range are flushed to zero. After the loop, the mass on which both directions agree at a position bounds the
loss of precision. If it is too small anywhere, the same quantities are computed again in log space, which cannot
underflow.
"""

from typing import NamedTuple

from keras import ops

from keras_embed._backend import compiled, scan
from keras_embed._types import Tensor
from keras_embed.functional.linear_chain.chain import (
    FORBIDDEN,
    Lattice,
    LinearChain,
    lattice,
    restore,
    state_emissions,
)

# Products below 1e-38 are flushed. A common mass above this keeps the relative error below (K + 1) * 1e-10.
_SAFE_MASS = 1e-28


class Posterior(NamedTuple):
    """Marginals and expected counts of a chain. No gradient flows through them.

    Attributes:
        log_partition: (B,) log of the sum over all paths of exp(score).
        unary: (B, T, K) p(y_t = k), zero where masked.
        transitions: (B, K, K) expected number of uses of each transition.
        start: (B, K) p(first tag = k).
        end: (B, K) p(last tag = k).
    """

    log_partition: Tensor
    unary: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor


class Messages(NamedTuple):
    """Results of forward-backward in lattice order.

    Attributes:
        log_partition: (B,).
        unary: (B, T+1, K+1) posterior of each state.
        counts: (B, K+1, K+1) expected uses of each entry of the score matrix.
        future: (B, T+1, K+1) backward message, proportional to p(all after t | state at t+1) x likelihood at t+1.
    """

    log_partition: Tensor
    unary: Tensor
    counts: Tensor
    future: Tensor


def _lanes(x: Tensor) -> Tensor:
    """Stacks both directions, (B, T, ...) -> (T, 2, B, ...): left to right in lane 0, right to left in lane 1."""
    x = ops.swapaxes(x, 0, 1)
    return ops.stack([x, ops.flip(x, axis=0)], axis=1)


def _unlane(states: Tensor) -> tuple[Tensor, Tensor]:
    """Separates (T, 2, B, ...) into the messages before and after each position, both (B, T, ...)."""
    return ops.swapaxes(states[:, 0], 0, 1), ops.swapaxes(ops.flip(states[:, 1], axis=0), 0, 1)


def no_tag(shape: tuple[int | Tensor, ...], num_tags: int, others: float, itself: float) -> Tensor:
    """Returns the initial state (*shape, K+1): `itself` for "no tag", `others` for the tags."""
    row = ops.concatenate([ops.full((num_tags,), others, "float32"), ops.full((1,), itself, "float32")], axis=0)
    return ops.broadcast_to(row, (*shape, num_tags + 1))


def _scaled(grid: Lattice) -> Messages:
    batch, num_tags = ops.shape(grid.emissions)[0], grid.emissions.shape[-1]
    emissions = state_emissions(grid, FORBIDDEN)
    # Subtracting the maxima keeps exponentials at most 1; they are added to log Z again below.
    peak = ops.max(emissions, axis=-1, keepdims=True)  # (B, T+1, 1)
    likelihood = ops.exp(emissions - peak)
    top = ops.max(grid.scores)
    weights = ops.exp(grid.scores - top)  # (K+1, K+1)
    both = ops.stack([weights, ops.transpose(weights)])  # (2, K+1, K+1)

    def step(state: Tensor, inputs: tuple[Tensor]) -> Tensor:
        entered = ops.matmul(state, both) * inputs[0]  # (2, B, K+1); lane 1 uses the transposed matrix
        return entered / ops.sum(entered, axis=-1, keepdims=True)

    states, _ = scan(step, no_tag((2, batch), num_tags, 0.0, 1.0), (_lanes(likelihood),))  # (T+1, 2, B, K+1)
    past, future = _unlane(states)  # (B, T+1, K+1)
    prior = ops.matmul(past, weights)  # alpha before the emission
    evidence = likelihood * ops.matmul(future, ops.transpose(weights))  # emission x beta
    joint = prior * evidence  # the marginals, up to their sum
    mass = ops.sum(joint, axis=-1, keepdims=True)  # (B, T+1, 1)
    scale = ops.sum(prior * likelihood, axis=-1)  # (B, T+1)
    return Messages(
        # log Z is the sum of the logs of the scales. A mass that is too small makes it NaN, for `messages` to check.
        log_partition=ops.sum(
            ops.where(mass[..., 0] > _SAFE_MASS, ops.log(scale) + peak[..., 0] + top, float("nan")), axis=1
        ),
        unary=joint / mass,
        counts=ops.matmul(ops.swapaxes(past, 1, 2), evidence / mass) * weights,
        future=future,
    )


def _in_log_space(grid: Lattice) -> Messages:
    batch, num_tags = ops.shape(grid.emissions)[0], grid.emissions.shape[-1]
    emissions = state_emissions(grid, FORBIDDEN)
    both = ops.stack([grid.scores, ops.transpose(grid.scores)])[:, None]  # (2, 1, K+1, K+1)

    def step(state: Tensor, inputs: tuple[Tensor]) -> Tensor:
        return ops.logsumexp(state[..., None] + both, axis=-2) + inputs[0]  # (2, B, K+1)

    states, final = scan(step, no_tag((2, batch), num_tags, 2 * FORBIDDEN, 0.0), (_lanes(emissions),))
    past, future = _unlane(states)  # (B, T+1, K+1)
    after = emissions + ops.logsumexp(future[..., None, :] + grid.scores, axis=-1)  # (B, T+1, K+1)
    # xi_t(i, j), the posterior of each transition: alpha_i + score_ij + emission_j + beta_j
    pairs = past[..., None] + grid.scores + after[..., None, :]  # (B, T+1, K+1, K+1)
    pairs = ops.exp(pairs - ops.logsumexp(pairs, axis=(-2, -1), keepdims=True))
    return Messages(
        log_partition=final[0, :, num_tags],
        unary=ops.sum(pairs, axis=-2),
        counts=ops.sum(pairs, axis=1),
        future=ops.softmax(future, axis=-1),
    )


def messages(grid: Lattice) -> Messages:
    """Runs forward-backward on a lattice: in scaled space, and again in log space if that was not safe."""
    scaled = _scaled(grid)
    safe = ops.all(ops.isfinite(scaled.log_partition))
    return Messages(*ops.cond(safe, lambda: tuple(scaled), lambda: tuple(_in_log_space(grid))))


@compiled()
def posterior(chain: LinearChain) -> Posterior:
    """Computes partition function, marginals and expected counts by forward-backward.

    O(T K^2) time, O(T K) memory, always float32. No gradient flows through it.

    Args:
        chain: see `LinearChain`; any mask.

    Returns:
        `Posterior`.

    References:
        Rabiner 1989, https://doi.org/10.1109/5.18626, equations 19-27 and 92-95; Lafferty et al. 2001,
        https://repository.upenn.edu/cis_papers/159.
    """
    grid = lattice(chain)
    return as_posterior(chain, grid, messages(grid))


def as_posterior(chain: LinearChain, grid: Lattice, found: Messages) -> Posterior:
    """Reorders messages to the chain's order; the row and column of "no tag" are the start and end counts."""
    num_tags = chain.emissions.shape[-1]
    unary = restore(found.unary[..., :num_tags], grid.rank)
    return Posterior(
        log_partition=found.log_partition,
        unary=ops.where(chain.mask[..., None], unary, 0.0),
        transitions=found.counts[:, :num_tags, :num_tags],
        start=found.counts[:, num_tags, :num_tags],
        end=found.counts[:, :num_tags, num_tags],
    )


@compiled()
def path_posteriors(chain: LinearChain, tags: Tensor) -> tuple[Tensor, Tensor]:
    """Computes marginals along one path: the probability of each of its tags, and of each tag after it.

    A linear chain is Markov, so the exact probability of any segment of a path is the marginal of its first tag times
    the probabilities of each next tag given the one before.

    Args:
        chain: the scores.
        tags: (B, T) int in [0, K); ignored where masked.

    Returns:
        probability (B, T) float32: p(y_t = tags_t), zero where masked.
        successors (B, T, K+1) float32: p(next unmasked tag = k | y_t = tags_t); the last column is the probability that
            no tag follows, exactly 1 at the last unmasked position. Rows sum to one, and are zero where masked.
    """
    grid = lattice(chain)
    found = messages(grid)
    num_tags = chain.emissions.shape[-1]
    tags = ops.where(chain.mask, ops.cast(tags, "int32"), 0)
    unary = restore(found.unary, grid.rank)[..., :num_tags]
    probability = ops.take_along_axis(unary, tags[..., None], axis=-1)[..., 0]
    leaving = ops.exp(grid.scores - ops.max(grid.scores, axis=1, keepdims=True))
    # p(next = j | tag i) is proportional to exp(score_ij) x the backward message of j
    joint = ops.take(leaving, tags, axis=0) * restore(found.future, grid.rank)  # (B, T, K+1)
    successors = joint / ops.maximum(ops.sum(joint, axis=-1, keepdims=True), 1e-37)
    mask = chain.mask[..., None]
    return ops.where(chain.mask, probability, 0.0), ops.where(mask, successors, 0.0)
