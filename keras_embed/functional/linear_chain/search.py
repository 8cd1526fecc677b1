"""Best paths of a linear chain: Viterbi, the k best, and samples.

No back-pointers are stored. The forward pass keeps its scores, and the backward pass asks again, along the path only,
where each best score came from: K numbers a step instead of K x K.
"""

from typing import Any

from keras import ops, random

from keras_embed._backend import compiled, scan
from keras_embed.functional.linear_chain.chain import (
    FORBIDDEN,
    Lattice,
    LinearChain,
    lattice,
    restore,
    state_emissions,
)
from keras_embed.functional.linear_chain.posterior import no_tag


def _backtrace(grid: Lattice, states: Any, shape: tuple[Any, ...]) -> Any:
    """The paths that end in "no tag", each step the best way into the one after it.

    Args:
        states: (T+1, B, P, K+1) scores of being in each state before position t, P paths side by side.
        shape: (B, P).

    Returns:
        (B, T, P) int32 tags in the chain's own order.
    """
    num_tags = grid.emissions.shape[-1]
    into = ops.transpose(grid.scores)  # a row for the state entered

    def step(state: Any, inputs: Any) -> Any:
        return ops.argmax(inputs[0] + ops.take(into, state, axis=0), axis=-1)

    last = ops.full(shape, num_tags, dtype="int32")
    path, _ = scan(step, last, (ops.flip(states, axis=0),))  # (T+1, B, P): the state at t enters the step for t
    return restore(ops.swapaxes(ops.flip(path, axis=0), 0, 1), grid.rank)


@compiled()
def viterbi(chain: LinearChain) -> tuple[Any, Any]:
    """The best path. Ties go to the lower tag.

    O(T K^2) time, O(T K) memory.

    Args:
        chain: see `LinearChain`; any mask.

    Returns:
        tags (B, T) int32, 0 where masked; score (B,) float32 of the whole path.

    References:
        Viterbi 1967, https://doi.org/10.1109/TIT.1967.1054010; Rabiner 1989, https://doi.org/10.1109/5.18626,
        equations 32-35.
    """
    grid = lattice(chain)
    batch, num_tags = ops.shape(grid.emissions)[0], grid.emissions.shape[-1]
    into = ops.transpose(grid.scores)

    def step(state: Any, inputs: Any) -> Any:
        return ops.max(state[:, None, :] + into, axis=-1) + inputs[0]  # (B, K+1)

    emissions = ops.swapaxes(state_emissions(grid, FORBIDDEN), 0, 1)
    states, final = scan(step, no_tag((batch,), num_tags, 2 * FORBIDDEN, 0.0), (emissions,))
    tags = _backtrace(grid, states[:, :, None], (batch, 1))[..., 0]
    return ops.where(chain.mask, tags, 0), final[:, num_tags]


@compiled(static=(1,))
def k_best(chain: LinearChain, k: int) -> tuple[Any, Any]:
    """The k best paths, best first.

    O(T K^2 k log(K k)) time, O(T K k) memory.

    Args:
        chain: see `LinearChain`; any mask.
        k: how many, at least 1.

    Returns:
        tags (B, k, T) int32, 0 where masked; scores (B, k) float32, -inf where fewer than k paths exist (there the
        tags mean nothing).

    References:
        Huang and Chiang 2005, https://aclanthology.org/W05-1506, algorithm 1, on a chain.
    """
    grid = lattice(chain)
    batch, num_tags = ops.shape(grid.emissions)[0], grid.emissions.shape[-1]
    into = ops.transpose(grid.scores)

    def candidates(state: Any, scores: Any) -> Any:
        """State (B, K+1, k), scores (B, M, K+1) into M states -> (B, M, (K+1) * k)."""
        sums = state[:, None] + scores[..., None]  # (B, M, K+1, k)
        return ops.reshape(sums, (batch, -1, (num_tags + 1) * k))

    def step(state: Any, inputs: Any) -> Any:
        best = ops.flip(ops.sort(candidates(state, into[None]), axis=-1), axis=-1)[..., :k]
        return best + inputs[0][..., None]  # (B, K+1, k)

    def back(place: Any, inputs: Any) -> Any:
        """Place (B, k): state * k + rank among the paths into it."""
        sums = candidates(inputs[0], ops.take(into, place // k, axis=0))  # (B, k, (K+1) * k)
        order = ops.cast(ops.argsort(-sums, axis=-1), "int32")
        return ops.take_along_axis(order, (place % k)[..., None], axis=-1)[..., 0]

    emissions = ops.swapaxes(state_emissions(grid, FORBIDDEN), 0, 1)
    first = no_tag((batch, k), num_tags, 2 * FORBIDDEN, 0.0)  # (B, k, K+1)
    first = ops.where(ops.arange(k)[:, None] == 0, first, 2 * FORBIDDEN)
    states, final = scan(step, ops.swapaxes(first, 1, 2), (emissions,))  # (T+1, B, K+1, k)
    last = ops.broadcast_to(num_tags * k + ops.arange(k, dtype="int32"), (batch, k))
    path, _ = scan(back, last, (ops.flip(states, axis=0),))
    tags = restore(ops.swapaxes(ops.flip(path // k, axis=0), 0, 1), grid.rank)  # (B, T, k)
    scores = final[:, num_tags]
    tags = ops.where(chain.mask[..., None], tags, 0)
    return ops.swapaxes(tags, 1, 2), ops.where(scores > FORBIDDEN / 2, scores, -float("inf"))


def sample(chain: LinearChain, num_samples: int, seed: Any) -> Any:
    """Paths drawn from the chain's own distribution, by forward filtering and backward sampling.

    Args:
        chain: see `LinearChain`; any mask.
        num_samples: S, drawn independently.
        seed: int or `keras.random.SeedGenerator`.

    Returns:
        (B, S, T) int32, 0 where masked.

    References:
        Scott 2002, https://doi.org/10.1198/016214502753479464, section 3; the categorical draw is Gumbel-max, so that
        all noise is drawn before the loop.
    """
    batch, length, num_tags = ops.shape(chain.emissions)
    uniform = random.uniform((length + 1, batch, num_samples, num_tags + 1), 1e-20, 1.0, seed=seed)
    return _sample(chain, -ops.log(-ops.log(uniform)))


@compiled()
def _sample(chain: LinearChain, noise: Any) -> Any:
    """Noise (T+1, B, S, K+1), standard Gumbel."""
    grid = lattice(chain)
    batch, num_tags = ops.shape(grid.emissions)[0], grid.emissions.shape[-1]

    def step(state: Any, inputs: Any) -> Any:
        return ops.logsumexp(state[..., None] + grid.scores, axis=-2) + inputs[0]  # (B, K+1)

    emissions = ops.swapaxes(state_emissions(grid, FORBIDDEN), 0, 1)
    states, _ = scan(step, no_tag((batch,), num_tags, 2 * FORBIDDEN, 0.0), (emissions,))
    tags = _backtrace(grid, states[:, :, None] + noise, (batch, ops.shape(noise)[2]))
    return ops.swapaxes(ops.where(chain.mask[..., None], tags, 0), 1, 2)
