"""What all searches share: the frame of a run, records of its steps, and the way back through them."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_embed._backend import loop, take_beams

# The log-probability of what must not be: finite, so that sums and quotients of it are no NaN.
NEVER = -1e9
# What is below is impossible.
DEAD = -1e8
# A step is recorded as one number, beam * BASE + token.
BASE = 1 << 20


@dataclasses.dataclass(frozen=True)
class Frame:
    """What stays the same in a run.

    Attributes:
        start_ids: int32 (B,).
        steps: L, an int, or a scalar tensor in TensorFlow's graph.
        end_id: the token that ends a hypothesis.
        limits: the longest hypothesis of each row, int32 (B,); None: L for all.
        source_mask: bool (B, S); None where nobody looks at attention.
        draws: what samples are drawn with, float32 (B, L, K); None: the search's own.
    """

    start_ids: Any
    steps: Any
    end_id: int
    limits: Any = None
    source_mask: Any = None
    draws: Any = None

    def full(self, width: int, value: Any, dtype: str) -> Any:
        """The value for each row, (B, width)."""
        return ops.zeros_like(self.start_ids[:, None], dtype=dtype) + ops.full((1, width), value, dtype=dtype)

    def record(self, width: int, value: Any, dtype: str) -> Any:
        """The value for each step and row, (L, B, width)."""
        return ops.zeros((self.steps, 1, 1), dtype) + self.full(width, value, dtype)[None]

    def running(self, position: Any) -> Any:
        """Whether a row may have a token at this position, bool (B,)."""
        return position < self.limits


@dataclasses.dataclass(frozen=True)
class Hypotheses:
    """What a search found; the tokens behind a hypothesis' end are 0.

    Attributes:
        token_ids: int32 (B, N, L).
        lengths: int32 (B, N).
        scores: float32 (B, N).
        log_probabilities: float32 (B, N).
        parents: the beam that each token came from, int32 (L, B, N); None: hypothesis n is beam n.
    """

    token_ids: Any
    lengths: Any
    scores: Any
    log_probabilities: Any
    parents: Any = None


class Search:
    """What `decode` asks of a search. The searches are frozen dataclasses, and Keras saves them."""

    # Whether `choose` wants the sum of all attention so far.
    watches_coverage = False

    @property
    def width(self) -> int:
        """K, the hypotheses that run at a time."""
        raise NotImplementedError

    def begin(self, frame: Frame) -> tuple[Any, Any]:
        """The search's own state before the first step, and its empty records, a tuple of tensors (L, B, K)."""
        raise NotImplementedError

    def choose(self, scores: Any, own: Any, position: Any, coverage: Any, frame: Frame) -> tuple[Any, Any, Any, Any]:
        """One step.

        Args:
            scores: log-probabilities (B, K, V).
            own: the search's own state.
            position: of the tokens to choose, int32.
            coverage: (B, K, S) where it is watched.
            frame: of the run.

        Returns:
            tokens (B, K); the beams that they go on from (B, K), None for "each its own"; the own state; and one
            (B, K) for each record.
        """
        raise NotImplementedError

    def done(self, own: Any) -> Any:
        """True where nothing can change any more, of any shape."""
        raise NotImplementedError

    def collect(self, records: Any, own: Any, coverage: Any, frame: Frame) -> Hypotheses:
        """The hypotheses of a run that is over."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The search with these arguments."""
        return cls(**config)


def write(record: Any, value: Any, now: Any) -> Any:
    """A record (L, ...) with `value` (...) at the step that is True in `now` (L,)."""
    now = ops.reshape(now, (-1, *[1] * (len(record.shape) - 1)))
    return ops.where(now, ops.cast(value, record.dtype)[None], record)


def trace(codes: Any, beams: Any, lengths: Any, ended: Any, end_id: int) -> tuple[Any, Any]:
    """Follows hypotheses back from their last step to their first.

    Args:
        codes: the record of each step, beam * BASE + token, int32 (L, B, K).
        beams: where each hypothesis stood last, before its end token if it has one, int32 (B, N).
        lengths: of the hypotheses, with end, int32 (B, N).
        ended: bool (B, N), whether the last token is the end, which is in no record.
        end_id: the end token.

    Returns:
        tokens and the beams that they came from, int32 (L, B, N) both; 0 and meaningless behind the end.
    """

    def back(state: Any, now: Any) -> Any:
        (beam,), (codes, step) = state, now
        stays = beam * BASE
        last = ops.logical_and(ended, step == lengths - 1)
        code = ops.where(last, stays + end_id, take_beams(codes, beam))
        code = ops.where(step >= lengths, stays, code)
        return code, (code // BASE,)

    steps = ops.arange(ops.shape(codes)[0], dtype="int32")
    path, _ = loop(back, (beams,), (ops.flip(codes, axis=0), ops.flip(steps, axis=0)), beams.shape)
    path = ops.flip(path, axis=0)
    return path % BASE, path // BASE


def alignments(attention: Any, found: Hypotheses) -> Any:
    """The attention that each token of a hypothesis was chosen with: (L, B, K, S) -> (B, N, L, S), 0 behind the end."""
    if found.parents is not None:
        steps, _, _, source = ops.shape(attention)
        flat = ops.reshape(attention, (-1, attention.shape[2], source))
        width = found.parents.shape[2]
        flat = take_beams(flat, ops.reshape(found.parents, (-1, width)))
        attention = ops.reshape(flat, (steps, -1, width, source))
    real = ops.arange(ops.shape(found.token_ids)[2], dtype="int32") < found.lengths[..., None]
    return ops.where(real[..., None], ops.transpose(attention, (1, 2, 0, 3)), 0.0)


def reorder(tree: Any, beams: Any) -> Any:
    """Every leaf (B, K, ...) in the new order."""
    return keras.tree.map_structure(lambda leaf: take_beams(leaf, beams), tree)
