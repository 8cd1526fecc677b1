"""Best paths of a linear chain: Viterbi, k best, and samples.

No back-pointers are stored. The forward pass stores its scores, and the backward pass recomputes, along the path only,
the predecessor of each best score: K values for each step instead of K x K.
"""

from keras import ops, random

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
from keras_embed.functional.linear_chain.posterior import no_tag


def _backtrace(grid: Lattice, states: Tensor, shape: tuple[int | Tensor, ...]) -> Tensor:
    """Traces back the paths that end in "no tag"; each step is the best predecessor of the one after it.

    Args:
        grid: the lattice.
        states: (T+1, B, P, K+1) scores of being in each state before position t, P paths side by side.
        shape: (B, P).

    Returns:
        (B, T, P) int32 tags in the chain's order.
    """
    num_tags = grid.emissions.shape[-1]
    into = ops.transpose(grid.scores)  # a row for the state entered

    def step(state: Tensor, inputs: tuple[Tensor]) -> Tensor:
        return ops.argmax(inputs[0] + ops.take(into, state, axis=0), axis=-1)  # (B, P)

    last = ops.full(shape, num_tags, dtype="int32")
    path, _ = scan(step, last, (ops.flip(states, axis=0),))  # (T+1, B, P): the state at t enters the step for t
    return restore(ops.swapaxes(ops.flip(path, axis=0), 0, 1), grid.rank)


@compiled()
def viterbi(chain: LinearChain) -> tuple[Tensor, Tensor]:
    """Finds the best path, `argmax_y score(y)`. The lower tag wins a tie.

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

    # delta_t(j) = max_i (delta_(t-1)(i) + score_ij) + emission_t(j)   (Rabiner, equation 33a)
    def step(state: Tensor, inputs: tuple[Tensor]) -> Tensor:
        return ops.max(state[:, None, :] + into, axis=-1) + inputs[0]  # (B, K+1)

    emissions = ops.swapaxes(state_emissions(grid, FORBIDDEN), 0, 1)
    states, final = scan(step, no_tag((batch,), num_tags, 2 * FORBIDDEN, 0.0), (emissions,))
    tags = _backtrace(grid, states[:, :, None], (batch, 1))[..., 0]
    return ops.where(chain.mask, tags, 0), final[:, num_tags]


@compiled(static=(1,))
def k_best(chain: LinearChain, k: int) -> tuple[Tensor, Tensor]:
    """Finds the k best paths, best first.

    O(T K^2 k log(K k)) time, O(T K k) memory.

    Args:
        chain: see `LinearChain`; any mask.
        k: number of paths, at least 1.

    Returns:
        tags (B, k, T) int32, 0 where masked; scores (B, k) float32, -inf if there are fewer than k paths (their tags
        are arbitrary).

    References:
        Huang and Chiang 2005, https://aclanthology.org/W05-1506, algorithm 1, on a chain.
    """
    grid = lattice(chain)
    batch, num_tags = ops.shape(grid.emissions)[0], grid.emissions.shape[-1]
    into = ops.transpose(grid.scores)

    def candidates(state: Tensor, scores: Tensor) -> Tensor:
        """Sums state (B, K+1, k) and scores (B, M, K+1) into M states: (B, M, (K+1) * k)."""
        sums = state[:, None] + scores[..., None]  # (B, M, K+1, k)
        return ops.reshape(sums, (batch, -1, (num_tags + 1) * k))

    # The k best ways into each state are among the k best ways into its predecessors.
    def step(state: Tensor, inputs: tuple[Tensor]) -> Tensor:
        best = ops.flip(ops.sort(candidates(state, into[None]), axis=-1), axis=-1)[..., :k]
        return best + inputs[0][..., None]  # (B, K+1, k)

    def back(index: Tensor, inputs: tuple[Tensor]) -> Tensor:
        """Returns the predecessors of `index` (B, k), each state * k + rank among the paths into it."""
        sums = candidates(inputs[0], ops.take(into, index // k, axis=0))  # (B, k, (K+1) * k)
        order = ops.cast(ops.argsort(-sums, axis=-1), "int32")
        return ops.take_along_axis(order, (index % k)[..., None], axis=-1)[..., 0]

    emissions = ops.swapaxes(state_emissions(grid, FORBIDDEN), 0, 1)
    first = no_tag((batch, k), num_tags, 2 * FORBIDDEN, 0.0)  # (B, k, K+1)
    first = ops.where(ops.arange(k)[:, None] == 0, first, 2 * FORBIDDEN)  # one empty path, not k copies of it
    states, final = scan(step, ops.swapaxes(first, 1, 2), (emissions,))  # (T+1, B, K+1, k)
    last = ops.broadcast_to(num_tags * k + ops.arange(k, dtype="int32"), (batch, k))
    path, _ = scan(back, last, (ops.flip(states, axis=0),))
    tags = restore(ops.swapaxes(ops.flip(path // k, axis=0), 0, 1), grid.rank)  # (B, T, k)
    scores = final[:, num_tags]
    tags = ops.where(chain.mask[..., None], tags, 0)
    return ops.swapaxes(tags, 1, 2), ops.where(scores > FORBIDDEN / 2, scores, -float("inf"))


def sample(chain: LinearChain, num_samples: int, seed: "int | random.SeedGenerator | None") -> Tensor:
    """Draws paths from the chain's distribution, by forward filtering and backward sampling.

    Args:
        chain: see `LinearChain`; any mask.
        num_samples: S, number of independent samples.
        seed: int or `keras.random.SeedGenerator`.

    Returns:
        (B, S, T) int32, 0 where masked.

    References:
        Scott 2002, https://doi.org/10.1198/016214502753479464, section 3. Categorical draws use the Gumbel-max trick,
        so that all noise is drawn before the loop.
    """
    batch, length, num_tags = ops.shape(chain.emissions)
    uniform = random.uniform((length + 1, batch, num_samples, num_tags + 1), 1e-20, 1.0, seed=seed)
    return _sample(chain, -ops.log(-ops.log(uniform)))


@compiled()
def _sample(chain: LinearChain, noise: Tensor) -> Tensor:
    """Samples with standard Gumbel noise (T+1, B, S, K+1): argmax(score + noise) is a draw from softmax(score)."""
    grid = lattice(chain)
    batch, num_tags = ops.shape(grid.emissions)[0], grid.emissions.shape[-1]

    # alpha_t(j) = logsumexp_i (alpha_(t-1)(i) + score_ij) + emission_t(j): forward filtering
    def step(state: Tensor, inputs: tuple[Tensor]) -> Tensor:
        return ops.logsumexp(state[..., None] + grid.scores, axis=-2) + inputs[0]  # (B, K+1)

    emissions = ops.swapaxes(state_emissions(grid, FORBIDDEN), 0, 1)
    states, _ = scan(step, no_tag((batch,), num_tags, 2 * FORBIDDEN, 0.0), (emissions,))
    tags = _backtrace(grid, states[:, :, None] + noise, (batch, ops.shape(noise)[2]))
    return ops.swapaxes(ops.where(chain.mask[..., None], tags, 0), 1, 2)
