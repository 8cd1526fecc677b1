"""The most probable continuations, without sorting them all."""

import math
from typing import Any

from keras import ops

from keras_embed._backend import largest, take_beams
from keras_embed.decoding._search import BASE, NEVER

# Up to so many continuations, and where blocks are not this many times fewer, all are looked through.
_FEW = 512
_GAIN = 4


def best_continuations(scores: Any, k: int, live: Any = None) -> tuple[Any, Any]:
    """The k best of all continuations of a row's K hypotheses; of equals the first.

    The vocabulary is cut into blocks. The k best continuations stand in the k blocks with the largest maxima, so after
    one pass for the maxima only these blocks are looked through.

    Args:
        scores: log-probabilities of the next tokens, (B, K, V).
        k: at most K * V.
        live: log-probabilities of the hypotheses (B, K), which are added; None: 0.

    Returns:
        log-probabilities, falling, and codes, beam * BASE + token, (B, k) both.
    """
    beams, vocabulary = scores.shape[1:]
    size = _block_size(beams, vocabulary, k)
    number = -(-vocabulary // size)
    if number * size > vocabulary:
        scores = ops.pad(scores, ((0, 0), (0, 0), (0, number * size - vocabulary)), constant_values=2 * NEVER)
    blocks = ops.reshape(scores, (-1, beams * number, size))
    if size == 1 or number == 1:
        chosen = ops.arange(beams * number, dtype="int32")[None] + ops.zeros_like(blocks[:, :1, 0], dtype="int32")
    else:
        maxima = ops.max(ops.reshape(scores, (-1, beams, number, size)), axis=-1)
        maxima = maxima if live is None else maxima + live[..., None]
        _, chosen = largest(ops.reshape(maxima, (-1, beams * number)), k)
        chosen = ops.sort(chosen, axis=-1)
        blocks = take_beams(blocks, chosen)
    if live is not None:
        blocks = blocks + ops.take_along_axis(live, chosen // number, axis=1)[..., None]
    values, places = largest(ops.reshape(blocks, (-1, chosen.shape[1] * size)), k)
    block = ops.take_along_axis(chosen, places // size, axis=1)
    beam = block // number
    return values, beam * BASE + (block - beam * number) * size + places % size


def _block_size(beams: int, vocabulary: int, k: int) -> int:
    """Such that few blocks, and few entries of k blocks, are to be looked through; 1: no blocks."""

    def cost(size: int) -> int:
        return beams * -(-vocabulary // size) + k * size

    if beams * vocabulary <= _FEW:
        return 1
    divisors = [size for size in range(1, vocabulary + 1) if vocabulary % size == 0]
    ideal = math.isqrt(beams * vocabulary // k) or 1
    size = min(divisors, key=cost)
    if cost(size) > _GAIN * cost(ideal):
        size = ideal  # the last block is filled up
    enough = beams * -(-vocabulary // size) >= k
    return size if enough and cost(size) * _GAIN <= beams * vocabulary else 1
