"""The potentials of a linear chain, packed into one tensor, and their layout for a recursion."""

from typing import NamedTuple

from keras import ops

from keras_embed._types import Tensor

#: Score of a forbidden transition. Its exponential is exactly zero in float32, so it does not contribute to a sum; it
#: is finite, so that 0 x score stays 0 and a gold path that breaks a constraint has a huge but finite loss.
FORBIDDEN = -1e9


class LinearChain(NamedTuple):
    """Scores of a linear-chain conditional random field over `K` tags (Lafferty et al. 2001).

    The score of the tags y at the unmasked positions 1..n is

        start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_(t-1), y_t] + end[y_n]

    Masked positions are skipped, also inside a sequence; a sequence without unmasked positions has only the empty path,
    with score 0.

    Attributes:
        emissions: (B, T, K) float32.
        mask: (B, T) bool, True = real token.
        transitions: (K, K) float32, from the row's tag to the column's.
        start: (K,) float32.
        end: (K,) float32.
    """

    emissions: Tensor
    mask: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor


def pack(chain: LinearChain) -> Tensor:
    """Packs a chain into one tensor, so that losses, metrics and decoders need nothing else.

    Rows 0..K-1 hold the transitions, row K the start scores, row K+1 the end scores, the rest the emissions; the last
    column holds the mask beside the emissions and zeros above. Batch and time axes may be symbolic.

    Args:
        chain: the scores and the mask.

    Returns:
        (B, K + 2 + T, K + 1) float32.

    Example:
    >>> import numpy as np
    >>> scores = np.zeros((2, 3, 4), "float32")  # (B, T, K)
    >>> chain = LinearChain(scores, np.ones((2, 3), bool), np.zeros((4, 4)), np.zeros(4), np.zeros(4))
    >>> tuple(pack(chain).shape)
    (2, 9, 5)
    """
    # Padding must not reach the result even if it is NaN.
    emissions = ops.where(ops.expand_dims(chain.mask, -1), ops.cast(chain.emissions, "float32"), 0.0)
    table = ops.concatenate([chain.transitions, chain.start[None], chain.end[None]], axis=0)  # (K+2, K)
    table = ops.pad(ops.cast(table, "float32"), [[0, 0], [0, 1]])  # (K+2, K+1)
    table = ops.broadcast_to(table[None], (ops.shape(emissions)[0], *table.shape))  # (B, K+2, K+1)
    scores = ops.concatenate([emissions, ops.expand_dims(ops.cast(chain.mask, "float32"), -1)], axis=-1)  # (B, T, K+1)
    return ops.concatenate([table, scores], axis=1)


def unpack(potentials: Tensor) -> LinearChain:
    """Unpacks the tensor that `pack` returned.

    The table is the same for every row of a batch, so it is read from the first: with a shared matrix each step of a
    recursion is one matrix product.

    Args:
        potentials: (B, K + 2 + T, K + 1) float32.

    Returns:
        `LinearChain`.

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

    An additional state with index K means "no tag". A path starts in it; at padding it returns to it and stays. So the
    start scores are its row, the end scores its column, and neither the first step, nor the last, nor an empty sequence
    is a special case. Read from right to left, the same lattice has the transposed matrix.

    Attributes:
        emissions: (B, T+1, K), zero where masked.
        mask: (B, T+1) bool, True for the first n positions.
        scores: (K+1, K+1), from the row's state to the column's.
        order: (B, T) int32, position in the chain of each position of the lattice but the last.
        rank: (B, T) int32, its inverse: position in the lattice of each unmasked position of the chain.
    """

    emissions: Tensor
    mask: Tensor
    scores: Tensor
    order: Tensor
    rank: Tensor


def lattice(chain: LinearChain) -> Lattice:
    """Builds the lattice of a chain: the masked positions move after the others. No gradient flows through it."""
    chain = LinearChain(*(ops.stop_gradient(part) for part in chain))
    length = ops.shape(chain.mask)[1]
    real = ops.cast(chain.mask, "int32")  # (B, T)
    position = ops.arange(length, dtype="int32")[None]
    mask = position < ops.sum(real, axis=1, keepdims=True)
    emissions = ops.cast(chain.emissions, "float32")

    def sorted_() -> tuple[Tensor, Tensor]:
        order = ops.cast(ops.argsort(position + length * (1 - real), axis=1), "int32")
        return ops.take_along_axis(emissions, order[..., None], axis=1), order

    # Padding is nearly always on the right already; sorting costs more than a recursion over few tags.
    in_order = ops.all(ops.equal(mask, chain.mask))
    emissions, order = ops.cond(in_order, lambda: (emissions, position + 0 * real), sorted_)
    table = ops.concatenate([chain.transitions, chain.start[None]], axis=0)  # (K+1, K)
    closing = ops.pad(chain.end, [[0, 1]])[:, None]  # (K+1, 1)
    return Lattice(
        emissions=ops.pad(ops.where(mask[..., None], emissions, 0.0), [[0, 0], [0, 1], [0, 0]]),
        mask=ops.pad(mask, [[0, 0], [0, 1]]),
        scores=ops.concatenate([table, closing], axis=1),
        order=order,
        rank=ops.maximum(ops.cumsum(real, axis=1) - 1, 0),
    )


def restore(x: Tensor, rank: Tensor) -> Tensor:
    """Reorders (B, T+1, D) in lattice order to (B, T, D) in the chain's order; arbitrary at masked positions."""
    return ops.take_along_axis(x, rank[..., None], axis=1)


def state_emissions(lattice: Lattice, log_zero: float) -> Tensor:
    """Computes the emissions of all K+1 states, (B, T+1, K+1): "no tag" is possible exactly at padding."""
    mask = lattice.mask[..., None]
    tags = ops.where(mask, lattice.emissions, log_zero)
    return ops.concatenate([tags, ops.where(mask, log_zero, 0.0)], axis=-1)
