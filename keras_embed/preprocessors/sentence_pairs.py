"""Which pieces of which documents stand together in an example of BERT's pre-training."""

import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message

#: Columns of the rows: where the first and the second segment begin and end, and whether the second is a random one.
COLUMNS = 5


def sentence_pairs(
    sentences: Any, documents: Any, max_pieces: int, short_rate: float = 0.1, random_rate: float = 0.5, seed: int = 0
) -> NDArray[np.int64]:
    """Pairs of segments: what stands one behind the other, or, half of the time, what does not (Devlin et al. 2019).

    A document's sentences are taken in order until there are enough pieces; they are cut between two sentences, by
    chance. The second part is kept, or else given back to the document, and sentences from a random place of another
    document stand there instead. One sentence that is long enough alone has always a random one behind it. What is too
    long then loses pieces of its longer segment, by chance in front or behind.

    Args:
        sentences: (S + 1,) where each sentence begins among all pieces, and where the last one ends; none is empty.
        documents: (D + 1,) where each document begins among all sentences, and where the last one ends.
        max_pieces: of both segments together, at least 2.
        short_rate: share of examples with fewer pieces, any number from 2.
        random_rate: share of random second segments among those that could be what follows.
        seed: of all chance.

    Returns:
        int64 (N, 5): begin and end of the first segment, begin and end of the second, 1 for a random second one.

    Raises:
        ValueError: for a single document: there is no other to draw from.

    Example:
    >>> rows = sentence_pairs([0, 3, 6, 9, 12], [0, 2, 4], max_pieces=6, short_rate=0.0, random_rate=0.0)
    >>> rows.tolist()
    [[0, 3, 3, 6, 0], [6, 9, 9, 12, 0]]
    """
    starts, bounds = np.asarray(sentences).tolist(), np.asarray(documents).tolist()
    if len(bounds) < 3:
        raise ValueError(
            message(
                "two documents or more, to draw a next sentence from another", len(bounds) - 1, "next_sentence=False"
            )
        )
    pairs = _Pairs(starts, bounds, max_pieces, short_rate, random_rate, random.Random(seed))
    rows: list[tuple[int, ...]] = []
    for number in range(len(bounds) - 1):
        pairs.of_document(number, rows)
    return np.array(rows, np.int64).reshape(-1, COLUMNS)


def single_segments(
    sentences: Any, documents: Any, max_pieces: int, short_rate: float = 0.1, seed: int = 0
) -> NDArray[np.int64]:
    """Runs of whole sentences of a document, as many as there is room for; a longer sentence is cut (Liu et al. 2019).

    Args:
        sentences: see `sentence_pairs`.
        documents: see `sentence_pairs`.
        max_pieces: of a run.
        short_rate: share of runs with less room, any from 2.
        seed: of all chance.

    Returns:
        int64 (N, 5) as of `sentence_pairs`, the second segment empty. Each piece stands in exactly one row.

    Example:
    >>> single_segments([0, 3, 6, 14], [0, 3], max_pieces=6, short_rate=0.0)[:, :2].tolist()
    [[0, 6], [6, 12], [12, 14]]
    """
    starts, bounds = np.asarray(sentences).tolist(), np.asarray(documents).tolist()
    chance, rows = random.Random(seed), []
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        begin, sentence, limit = starts[first], first, starts[last]
        while begin < limit:
            room = max_pieces if chance.random() >= short_rate else 2 + int(chance.random() * (max_pieces - 1))
            while sentence < last and starts[sentence + 1] <= begin + room:
                sentence += 1
            end = starts[sentence] if starts[sentence] > begin else min(begin + room, limit)
            rows.append((begin, end, end, end, 0))
            begin = end
    return np.array(rows, np.int64).reshape(-1, COLUMNS)


def kept_lengths(first: int, second: int, max_pieces: int) -> tuple[int, int]:
    """What is left of two lengths when the longer one loses a piece, the second where they are equal, until both fit.

    Args:
        first: pieces.
        second: pieces.
        max_pieces: of both together.

    Returns:
        both lengths.

    Example:
    >>> kept_lengths(9, 4, 10), kept_lengths(9, 9, 7), kept_lengths(2, 3, 10)
    ((6, 4), (4, 3), (2, 3))
    """
    excess = first + second - max_pieces
    if excess <= 0:
        return first, second
    longer = min(excess, abs(first - second))
    if first > second:
        first -= longer
    else:
        second -= longer
    rest = excess - longer
    return first - rest // 2, second - (rest - rest // 2)


class _Pairs:
    def __init__(
        self,
        starts: list[int],
        bounds: list[int],
        max_pieces: int,
        short_rate: float,
        random_rate: float,
        chance: random.Random,
    ) -> None:
        self._starts, self._bounds = starts, bounds
        self._max, self._short, self._random, self._chance = max_pieces, short_rate, random_rate, chance

    def of_document(self, number: int, rows: list[tuple[int, ...]]) -> None:
        starts, chance = self._starts, self._chance.random
        sentence, last = self._bounds[number], self._bounds[number + 1]
        while sentence < last:
            target = self._max if chance() >= self._short else 2 + int(chance() * (self._max - 1))
            end = sentence + 1
            while end < last and starts[end] - starts[sentence] < target:
                end += 1
            many = end - sentence
            cut = sentence + (1 if many == 1 else 1 + int(chance() * (many - 1)))
            first = (starts[sentence], starts[cut])
            if many == 1 or chance() < self._random:
                rows.append(self._cut(*first, *self._elsewhere(number, target - first[1] + first[0]), 1))
                sentence = cut
            else:
                rows.append(self._cut(*first, starts[cut], starts[end], 0))
                sentence = end

    def _elsewhere(self, number: int, target: int) -> tuple[int, int]:
        """Sentences from a random place of another document, `target` pieces or more where it has as many."""
        starts, chance = self._starts, self._chance.random
        other = int(chance() * (len(self._bounds) - 2))
        other += other >= number
        first, last = self._bounds[other], self._bounds[other + 1]
        begin = first + int(chance() * (last - first))
        end = begin + 1
        while end < last and starts[end] - starts[begin] < target:
            end += 1
        return starts[begin], starts[end]

    def _cut(self, a: int, a_end: int, b: int, b_end: int, drawn: int) -> tuple[int, ...]:
        first, second = kept_lengths(a_end - a, b_end - b, self._max)
        a, b = a + self._in_front(a_end - a - first), b + self._in_front(b_end - b - second)
        return a, a + first, b, b + second, drawn

    def _in_front(self, lost: int) -> int:
        """How many of the lost pieces stood in front: each with a chance of one half."""
        return self._chance.getrandbits(lost).bit_count() if lost else 0
