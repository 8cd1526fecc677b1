"""The best answers among all spans of a text, from a score for each start and each end."""

from typing import Any, NamedTuple

from keras import ops

from keras_embed._backend import largest

#: Stands for minus infinity where a position cannot be part of an answer; two of them still are a float32.
IMPOSSIBLE = -1e9


class AnswerSpans(NamedTuple):
    """What `answer_spans` finds.

    Attributes:
        starts: (B, N) int32, first positions, the best span first; 0 where there are fewer than N spans.
        ends: (B, N) int32, last positions.
        scores: (B, N) float32, start score plus end score; -2e9 or less where there are fewer than N spans.
        none: (B,) float32, the score of "no answer".
        total: (B,) float32, `log sum_spans exp(score)` over all legal spans, without "no answer".
    """

    starts: Any
    ends: Any
    scores: Any
    none: Any
    total: Any


def answer_spans(
    logits: Any, max_length: int, num_best: int = 1, start_mask: Any = None, end_mask: Any = None
) -> AnswerSpans:
    r"""The best legal spans of each text.

    The score of span (i, j) is `s_i + e_j`; it is legal if both ends can be part of an answer, `1 <= i <= j`, and
    `j - i < max_length`. Position 0 stands for "no answer", with the score `s_0 + e_0`. So among the legal spans and
    "no answer", the probability of a span, start and end being drawn independently, is
    `exp(s_i + e_j) / (exp(total) + exp(none))`.

    All `T * max_length` spans are looked at: no beam, no error.

    Args:
        logits: (B, 2, T) float, scores of starts and of ends; at most half of `IMPOSSIBLE` where a position cannot be
            part of an answer.
        max_length: L, most positions of an answer.
        num_best: N.
        start_mask: (B, T) bool, where answers may start; `None`: anywhere.
        end_mask: (B, T) bool, where answers may end; `None`: anywhere.

    Returns:
        `AnswerSpans`.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603, section 2; Devlin et al. 2019,
        https://aclanthology.org/N19-1423, sections 4.2 and 4.3.

    Example:
    >>> logits = [[[0.0, 1.0, 5.0, 2.0], [0.0, 7.0, 1.0, 2.5]]]
    >>> spans = answer_spans(logits, max_length=2, num_best=2)
    >>> ops.convert_to_numpy(spans.starts).tolist(), ops.convert_to_numpy(spans.ends).tolist()
    ([[1, 2]], [[1, 3]])
    >>> ops.convert_to_numpy(spans.scores).tolist(), ops.convert_to_numpy(spans.none).tolist()
    ([[8.0, 7.5]], [0.0])
    """
    logits = ops.cast(ops.convert_to_tensor(logits), "float32")
    start, end = logits[:, 0], logits[:, 1]  # (B, T)
    batch, time = ops.shape(logits)[0], ops.shape(logits)[2]
    start, end = _masked(start, start_mask), _masked(end, end_mask)
    start = ops.where(ops.arange(time) > 0, start, IMPOSSIBLE)

    # ends[b, i, k] is the score of the end k positions behind i.
    padded = ops.pad(end, ((0, 0), (0, max_length)), constant_values=IMPOSSIBLE)
    ends = ops.stack([padded[:, k : k + time] for k in range(max_length)], axis=-1)  # (B, T, L)
    scores = start[:, :, None] + ends
    legal = (start[:, :, None] > IMPOSSIBLE / 2) & (ends > IMPOSSIBLE / 2)
    scores = ops.where(legal, scores, 2 * IMPOSSIBLE)
    scores = ops.reshape(scores, (batch, time * max_length))
    total = ops.logsumexp(scores, axis=1)

    # So that there are N to choose from in the shortest text.
    scores = ops.pad(scores, ((0, 0), (0, num_best)), constant_values=2 * IMPOSSIBLE)
    best, places = largest(scores, num_best)  # (B, N)
    found = best > IMPOSSIBLE
    first, length = places // max_length, places % max_length
    starts = ops.where(found, first, 0)
    return AnswerSpans(starts, ops.where(found, first + length, 0), best, logits[:, 0, 0] + logits[:, 1, 0], total)


def _masked(scores: Any, mask: Any) -> Any:
    return scores if mask is None else ops.where(ops.cast(mask, "bool"), scores, IMPOSSIBLE)
