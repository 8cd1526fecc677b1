"""Common parts of all searches: the settings of a run, records of its steps, backtracking, and top-k continuations.

A search does not store hypotheses while it runs. Each step appends one record per beam: the token, and the parent
beam. `trace` follows the parents from the last step to the first, once, after the loop.
"""

import dataclasses
import math
from typing import Any, Self

import keras
from keras import ops

from keras_embed._backend import largest, loop, take_beams
from keras_embed._types import Config, Tensor

#: Log-probability of impossible tokens: finite, so that sums and quotients are never NaN.
NEVER = -1e9
#: Every hypothesis with a log-probability below is impossible.
DEAD = -1e8
#: A step is recorded as one integer, parent beam * BASE + token, so that one gather reorders both.
BASE = 1 << 20

# With at most this many continuations, or if blocks are not this many times cheaper, all continuations are searched.
_FEW = 512
_GAIN = 4


@dataclasses.dataclass(frozen=True)
class Frame:
    """Settings and inputs of a run, constant in the loop.

    Attributes:
        start_ids: int32 (B,).
        steps: L, an int, or a scalar tensor in TensorFlow's graph.
        end_id: id of the end token.
        limits: maximum length of the hypotheses of each row, int32 (B,); None: L for all.
        source_mask: bool (B, S); None if the attention is not used.
        draws: random numbers of sampling, float32 (B, L, K); None: drawn by the search.
    """

    start_ids: Tensor
    steps: int | Tensor
    end_id: int
    limits: Tensor = None
    source_mask: Tensor = None
    draws: Tensor = None

    def full(self, width: int, value: float | Tensor, dtype: str) -> Tensor:
        """Returns a tensor (B, width) filled with the value."""
        return ops.zeros_like(self.start_ids[:, None], dtype=dtype) + ops.full((1, width), value, dtype=dtype)

    def record(self, width: int, value: float, dtype: str) -> Tensor:
        """Returns an empty record (L, B, width) filled with the value."""
        return ops.zeros((self.steps, 1, 1), dtype) + self.full(width, value, dtype)[None]

    def running(self, position: Tensor) -> Tensor:
        """Returns True for rows whose limit allows a token at this position, bool (B,)."""
        return position < self.limits


@dataclasses.dataclass(frozen=True)
class Hypotheses:
    """Results of a search; tokens after the end of a hypothesis are 0.

    Attributes:
        token_ids: int32 (B, N, L).
        lengths: int32 (B, N).
        scores: float32 (B, N).
        log_probabilities: float32 (B, N).
        parents: the beam that each token was chosen from, int32 (L, B, N); None: hypothesis n is beam n.
    """

    token_ids: Tensor
    lengths: Tensor
    scores: Tensor
    log_probabilities: Tensor
    parents: Tensor = None


class Search:
    """Base class of the searches that `decode` runs. Searches are frozen dataclasses, which Keras can serialize.

    Each has a state of its own, opaque to `decode`, and a tuple of records, tensors (L, B, K).
    """

    # True if `choose` needs the sum of the attention of all previous steps.
    watches_coverage = False

    @property
    def width(self) -> int:
        """K, the number of hypotheses that run in parallel."""
        raise NotImplementedError

    def begin(self, frame: Frame) -> tuple[Any, tuple[Tensor, ...]]:
        """Returns the search's state before the first step, and its empty records."""
        raise NotImplementedError

    def choose(
        self, scores: Tensor, own: Any, position: Tensor, coverage: Tensor, frame: Frame
    ) -> tuple[Tensor, Tensor | None, Any, tuple[Tensor, ...]]:
        """Chooses the next token of each hypothesis.

        Args:
            scores: log-probabilities (B, K, V).
            own: the search's state.
            position: index of the tokens to choose, int32 scalar.
            coverage: (B, K, S) with `watches_coverage`.
            frame: of the run.

        Returns:
            Tokens (B, K); their parent beams (B, K), None if each beam continues itself; the next state; and a value
            (B, K) for each record.
        """
        raise NotImplementedError

    def done(self, own: Any) -> Tensor:
        """Returns True where no result can change any more, a bool tensor of any shape."""
        raise NotImplementedError

    def collect(self, records: tuple[Tensor, ...], own: Any, coverage: Tensor, frame: Frame) -> Hypotheses:
        """Returns the hypotheses after the last step."""
        raise NotImplementedError

    def get_config(self) -> Config:
        # The fields of the dataclass are the arguments of its constructor.
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**config)


# === Records ===


def write(record: Tensor, value: Tensor, now: Tensor) -> Tensor:
    """Writes `value` (...) into a record (L, ...) at the step that is True in `now` (L,)."""
    now = ops.reshape(now, (-1, *[1] * (len(record.shape) - 1)))
    return ops.where(now, ops.cast(value, record.dtype)[None], record)


def trace(codes: Tensor, beams: Tensor, lengths: Tensor, ended: Tensor, end_id: int) -> tuple[Tensor, Tensor]:
    """Follows hypotheses back from their last step to their first.

    Args:
        codes: the record of the steps, parent beam * BASE + token, int32 (L, B, K).
        beams: the last beam of each hypothesis, before its end token if it has one, int32 (B, N).
        lengths: of the hypotheses, including the end token, int32 (B, N).
        ended: bool (B, N), True if the last token is the end token, which is not in the record.
        end_id: id of the end token.

    Returns:
        Tokens and their parent beams, int32 (L, B, N) each; tokens after the end are 0, and their parents undefined.
    """

    def back(state: tuple[Tensor], inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        # Invariant: `beam` is where the hypothesis is after step `step`. Steps beyond its end leave it there.
        (beam,), (step_codes, step) = state, inputs
        stay = beam * BASE
        last = ops.logical_and(ended, step == lengths - 1)
        code = ops.where(last, stay + end_id, take_beams(step_codes, beam))
        code = ops.where(step >= lengths, stay, code)
        return code, (code // BASE,)

    steps = ops.arange(ops.shape(codes)[0], dtype="int32")
    path, _ = loop(back, (beams,), (ops.flip(codes, axis=0), ops.flip(steps, axis=0)), beams.shape)
    path = ops.flip(path, axis=0)  # (L, B, N)
    return path % BASE, path // BASE


def alignments(attention: Tensor, found: Hypotheses) -> Tensor:
    """Returns the attention of each token, (L, B, K, S) -> (B, N, L, S), 0 after the end of a hypothesis."""
    if found.parents is not None:
        # Attention was recorded before the beams were reordered: the token of beam n used that of its parent.
        steps, _, _, source = ops.shape(attention)
        flat = ops.reshape(attention, (-1, attention.shape[2], source))  # (L * B, K, S)
        width = found.parents.shape[2]
        flat = take_beams(flat, ops.reshape(found.parents, (-1, width)))
        attention = ops.reshape(flat, (steps, -1, width, source))  # (L, B, N, S)
    real = ops.arange(ops.shape(found.token_ids)[2], dtype="int32") < found.lengths[..., None]  # (B, N, L)
    return ops.where(real[..., None], ops.transpose(attention, (1, 2, 0, 3)), 0.0)


def reorder(tree: Any, beams: Tensor) -> Any:
    """Gathers each leaf (B, K, ...) of nested tensors by its parent beams (B, K)."""
    return keras.tree.map_structure(lambda leaf: take_beams(leaf, beams), tree)


# === The best continuations ===


def best_continuations(scores: Tensor, k: int, live: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Returns the k best of all continuations of a row's K hypotheses; among equals, the first.

    The vocabulary is divided into blocks. The k best continuations are in the k blocks with the largest maxima: if one
    was in another block, each of the k blocks would have a larger one. So one pass computes the maxima, and only
    these blocks are searched.

    Args:
        scores: log-probabilities of the next tokens, (B, K, V).
        k: at most K * V.
        live: log-probabilities of the hypotheses (B, K), which are added; None: 0.

    Returns:
        Log-probabilities, in descending order, and codes, beam * BASE + token, (B, k) each.
    """
    beams, vocabulary = scores.shape[1:]
    size = _block_size(beams, vocabulary, k)
    count = -(-vocabulary // size)
    # Padding is lower than NEVER, the log-probability of an impossible token.
    if count * size > vocabulary:
        scores = ops.pad(scores, ((0, 0), (0, 0), (0, count * size - vocabulary)), constant_values=2 * NEVER)
    blocks = ops.reshape(scores, (-1, beams * count, size))  # (B, K * blocks, size)
    if size == 1 or count == 1:
        chosen = ops.arange(beams * count, dtype="int32")[None] + ops.zeros_like(blocks[:, :1, 0], dtype="int32")
    else:
        maxima = ops.max(ops.reshape(scores, (-1, beams, count, size)), axis=-1)  # (B, K, blocks)
        maxima = maxima if live is None else maxima + live[..., None]
        _, chosen = largest(ops.reshape(maxima, (-1, beams * count)), k)
        chosen = ops.sort(chosen, axis=-1)  # in the order of the vocabulary, so that the first of equals is found
        blocks = take_beams(blocks, chosen)  # (B, k, size)
    if live is not None:
        # Each block gets the log-probability of the beam it is from.
        blocks = blocks + ops.take_along_axis(live, chosen // count, axis=1)[..., None]
    # (B, blocks * size) -> (B, k)
    values, indices = largest(ops.reshape(blocks, (-1, chosen.shape[1] * size)), k)
    block = ops.take_along_axis(chosen, indices // size, axis=1)
    # Block b of beam n has the index n * count + b, and starts at token b * size.
    beam = block // count
    return values, beam * BASE + (block - beam * count) * size + indices % size


def _block_size(beams: int, vocabulary: int, k: int) -> int:
    """Returns the block size with the fewest blocks plus entries of k blocks to search; 1: no blocks."""

    def cost(size: int) -> int:
        return beams * -(-vocabulary // size) + k * size

    if beams * vocabulary <= _FEW:
        return 1
    divisors = [size for size in range(1, vocabulary + 1) if vocabulary % size == 0]
    ideal = math.isqrt(beams * vocabulary // k) or 1  # the minimum of `cost` over real numbers
    size = min(divisors, key=cost)
    if cost(size) > _GAIN * cost(ideal):
        size = ideal  # the last block is padded
    enough = beams * -(-vocabulary // size) >= k
    return size if enough and cost(size) * _GAIN <= beams * vocabulary else 1
