"""The linear chain itself: what a tagging head emits, in one tensor."""

from typing import Any, NamedTuple

from keras import ops

#: Score of a transition that a hard constraint forbids. Its exponential is exactly zero in float32, so it takes no
#: part in a sum; it is finite, so that 0 x score stays 0 and a gold path that breaks a constraint gives a huge but
#: finite loss.
FORBIDDEN = -1e9


class LinearChain(NamedTuple):
    """Scores of a linear-chain conditional random field over `K` tags (Lafferty et al. 2001).

    The score of the tags y at the unmasked positions 1..n is

        start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_(t-1), y_t] + end[y_n]

    Masked positions are skipped as if they were not there, wherever they stand; a sequence without unmasked positions
    has the one empty path, of score 0.

    Attributes:
        emissions: (B, T, K) float32.
        mask: (B, T) bool, True = real token.
        transitions: (K, K) float32, from the row's tag to the column's.
        start: (K,) float32.
        end: (K,) float32.
    """

    emissions: Any
    mask: Any
    transitions: Any
    start: Any
    end: Any


def pack(chain: LinearChain) -> Any:
    """One self-contained tensor for a chain, so that losses, metrics and decoders need nothing else.

    Rows 0..K-1 hold the transitions, row K the start scores, row K+1 the end scores, the rest the emissions; the last
    column holds the mask beside the emissions and zeros above. Symbolic batch and time axes are welcome.

    Args:
        chain: its scores and its mask.

    Returns:
        (B, K + 2 + T, K + 1) float32.

    Example:
    >>> import numpy as np
    >>> scores = np.zeros((2, 3, 4), "float32")  # (B, T, K)
    >>> chain = LinearChain(scores, np.ones((2, 3), bool), np.zeros((4, 4)), np.zeros(4), np.zeros(4))
    >>> tuple(pack(chain).shape)
    (2, 9, 5)
    """
    # What stands at padding must reach nothing, were it not a number.
    emissions = ops.where(ops.expand_dims(chain.mask, -1), ops.cast(chain.emissions, "float32"), 0.0)
    table = ops.concatenate([chain.transitions, chain.start[None], chain.end[None]], axis=0)  # (K+2, K)
    table = ops.pad(ops.cast(table, "float32"), [[0, 0], [0, 1]])  # (K+2, K+1)
    table = ops.broadcast_to(table[None], (ops.shape(emissions)[0], *table.shape))  # (B, K+2, K+1)
    scores = ops.concatenate([emissions, ops.expand_dims(ops.cast(chain.mask, "float32"), -1)], axis=-1)  # (B, T, K+1)
    return ops.concatenate([table, scores], axis=1)


def unpack(potentials: Any) -> LinearChain:
    """The chain that `pack` wrote.

    The table is one and the same for every row of a batch, so it is read from the first: a shared matrix makes each
    step of a recursion one matrix product.

    Args:
        potentials: (B, K + 2 + T, K + 1) float32.

    Example:
    >>> import numpy as np
    >>> tuple(unpack(np.zeros((2, 9, 5), "float32")).emissions.shape)  # (B, T, K)
    (2, 3, 4)
    """
    num_tags = potentials.shape[-1] - 1
    table = potentials[0, : num_tags + 2, :num_tags]  # (K+2, K)
    rows = potentials[:, num_tags + 2 :]  # (B, T, K+1)
    return LinearChain(
        emissions=rows[..., :num_tags],
        mask=rows[..., num_tags] > 0.5,
        transitions=table[:num_tags],
        start=table[num_tags],
        end=table[num_tags + 1],
    )


class Lattice(NamedTuple):
    """A chain laid out for a recursion: real tokens first, then padding, at least one position of it.

    One more state, number K, means "no tag". It is where a path begins; padding leads back to it and stays there. So
    the start scores are its row, the end scores its column, and neither the first step, nor the last, nor an empty
    sequence is a special case. Read right to left, the same lattice has the transposed matrix.

    Attributes:
        mask: (B, T+1) bool, True for the first n positions.
        scores: (K+1, K+1), from the row's state to the column's.
        order: (B, T) int32, the chain's position that stands at each of the lattice's but the last.
        rank: (B, T) int32, its inverse: where position t of the chain stands, if it is unmasked.
    """

    emissions: Any
    mask: Any
    scores: Any
    order: Any
    rank: Any


def lattice(chain: LinearChain) -> Lattice:
    """Moves the masked positions of a chain behind the others, cut off from the gradient.

    Returns:
        `Lattice`, with emissions (B, T+1, K) that are zero where masked.
    """
    chain = LinearChain(*(ops.stop_gradient(part) for part in chain))
    length = ops.shape(chain.mask)[1]
    kept = ops.cast(chain.mask, "int32")
    position = ops.arange(length, dtype="int32")[None]
    mask = position < ops.sum(kept, axis=1, keepdims=True)
    emissions = ops.cast(chain.emissions, "float32")

    def sorted_() -> tuple[Any, Any]:
        order = ops.cast(ops.argsort(position + length * (1 - kept), axis=1), "int32")
        return ops.take_along_axis(emissions, order[..., None], axis=1), order

    # Nearly always padding stands on the right already; sorting costs more than a recursion of few tags.
    in_place = ops.all(ops.equal(mask, chain.mask))
    emissions, order = ops.cond(in_place, lambda: (emissions, position + 0 * kept), sorted_)
    table = ops.concatenate([chain.transitions, chain.start[None]], axis=0)  # (K+1, K)
    closing = ops.pad(chain.end, [[0, 1]])[:, None]  # (K+1, 1)
    return Lattice(
        emissions=ops.pad(ops.where(mask[..., None], emissions, 0.0), [[0, 0], [0, 1], [0, 0]]),
        mask=ops.pad(mask, [[0, 0], [0, 1]]),
        scores=ops.concatenate([table, closing], axis=1),
        order=order,
        rank=ops.maximum(ops.cumsum(kept, axis=1) - 1, 0),
    )


def restore(x: Any, rank: Any) -> Any:
    """(B, T+1, D) in lattice order -> (B, T, D) in the chain's; what stands at masked positions is arbitrary."""
    return ops.take_along_axis(x, rank[..., None], axis=1)


def state_emissions(lattice: Lattice, log_zero: float) -> Any:
    """Emissions of all K+1 states, (B, T+1, K+1): only "no tag" fits padding, and it fits nothing else."""
    mask = lattice.mask[..., None]
    tags = ops.where(mask, lattice.emissions, log_zero)
    return ops.concatenate([tags, ops.where(mask, log_zero, 0.0)], axis=-1)
