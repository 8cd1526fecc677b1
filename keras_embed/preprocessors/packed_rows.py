"""Sentences packed into endless rows, for language models that carry their state from window to window."""

from collections.abc import Iterator, Sequence
from typing import Any

from keras_embed.text.elmo_characters import BOUNDARIES

Window = tuple[list[list[str]], list[list[str]]]


class PackedRows:
    """Rows of words, each an endless text of its own, read a window at a time.

    A sentence is its words between "<S>" and "</S>", or, `backward`, the same from its end. In a row, each word is the
    input and the word behind it the target; no pair spans two sentences. A sentence that a window cuts goes on in the
    row's next window, and a row that is at the end of its sentence takes the next one of the stream.

    Args:
        sentences: the stream. A finite one leaves the last windows' rows short.
        num_rows: B.
        backward: read each sentence from its end.

    References:
        `LMDataset` of bilm-tf (Peters et al. 2018), reproduced from its packed examples.

    Example:
    >>> rows = PackedRows(iter([["a", "b"], ["c"]]), num_rows=1)
    >>> rows.next_window(4)
    ([['<S>', 'a', 'b', '<S>']], [['a', 'b', '</S>', 'c']])
    """

    def __init__(self, sentences: Iterator[Sequence[str]], num_rows: int, backward: bool = False) -> None:
        self._sentences = sentences
        self._backward = backward
        self._rows: list[list[str]] = [[] for _ in range(num_rows)]

    def next_window(self, steps: int) -> Window:
        """Inputs and targets of the next window: a list for each row, of `steps` words unless the stream has ended."""
        pairs = [self._take(number, steps) for number in range(len(self._rows))]
        return [inputs for inputs, _ in pairs], [targets for _, targets in pairs]

    def rest(self) -> list[list[str]]:
        """What each row still holds of the sentence that it has begun."""
        return [list(row) for row in self._rows]

    def restore(self, rows: Sequence[Sequence[str]]) -> None:
        """Takes over what `rest` gave."""
        self._rows = [list(row) for row in rows]

    def _take(self, number: int, steps: int) -> tuple[list[str], list[str]]:
        inputs: list[str] = []
        targets: list[str] = []
        while len(inputs) < steps:
            row = self._rows[number]
            if len(row) <= 1:
                sentence: Any = next(self._sentences, None)
                if sentence is None:
                    break
                row = [BOUNDARIES[0], *sentence, BOUNDARIES[1]]
                row = row[::-1] if self._backward else row
            size = min(len(row) - 1, steps - len(inputs))
            inputs += row[:size]
            targets += row[1 : size + 1]
            self._rows[number] = row[size:]
        return inputs, targets
