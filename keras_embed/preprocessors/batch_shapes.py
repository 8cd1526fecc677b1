"""Few shapes for batches of pairs, so that compilers build few programs and little is padding."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class BatchShape(NamedTuple):
    """The shape of a batch of pairs.

    Args:
        rows: pairs.
        source_length: S, to which sources are padded.
        target_length: T, to which targets are padded.
    """

    rows: int
    source_length: int
    target_length: int


def fit_lengths(lengths: NDArray[np.int64], max_shapes: int) -> list[tuple[int, int]]:
    """Lengths to pad pairs to, such that every pair fits and little is padding.

    Begins with one pair of lengths for all, and splits again and again, along sources or targets, where that saves
    most: each split is the best one, all of them together need not be.

    Args:
        lengths: (N, 2), of sources and targets.
        max_shapes: how many at most.

    Returns:
        `(source_length, target_length)`, the smallest first.
    """
    boxes = [lengths]
    splits = [_best_split(lengths)]
    while len(boxes) < max_shapes:
        best = int(np.argmax([saved for saved, _, _ in splits]))
        saved, axis, threshold = splits[best]
        if saved <= 0:
            break
        box = boxes[best]
        low = box[:, axis] <= threshold
        boxes[best : best + 1] = [box[low], box[~low]]
        splits[best : best + 1] = [_best_split(box[low]), _best_split(box[~low])]
    found = {(int(box[:, 0].max()), int(box[:, 1].max())) for box in boxes}
    return sorted(found, key=lambda shape: (sum(shape), shape))


def _best_split(box: NDArray[np.int64]) -> tuple[int, int, int]:
    """Cells saved by the best split of a box in two, its axis, and the greatest length of the lower part."""
    best = (0, 0, 0)
    whole = len(box) * int(box.max(axis=0).sum())
    for axis in (0, 1):
        ordered = box[np.argsort(box[:, axis], kind="stable")]
        below = np.maximum.accumulate(ordered, axis=0).sum(axis=1)[:-1]
        above = np.maximum.accumulate(ordered[::-1], axis=0).sum(axis=1)[::-1][1:]
        count = np.arange(1, len(box))
        saved = whole - count * below - (len(box) - count) * above
        saved[ordered[1:, axis] == ordered[:-1, axis]] = 0  # equal lengths stay together
        if len(saved) and saved.max() > best[0]:
            at = int(np.argmax(saved))
            best = (int(saved[at]), axis, int(ordered[at, axis]))
    return best


def fit_shapes(lengths: NDArray[np.int64], max_rows: Callable[[int], int], max_shapes: int) -> list[BatchShape]:
    """Shapes of batches: lengths by `fit_lengths`, and rows such that the last batch of a shape is nearly full.

    Args:
        lengths: (N, 2), of sources and targets.
        max_rows: from a target length to the greatest number of pairs in a batch.
        max_shapes: how many at most.
    """
    found = [BatchShape(1, *shape) for shape in fit_lengths(lengths, max_shapes)]
    counts = np.bincount(assign(lengths, found), minlength=len(found))
    shapes = []
    for shape, count in zip(found, counts.tolist(), strict=True):
        if count:
            batches = -(-count // max_rows(shape.target_length))
            shapes.append(shape._replace(rows=-(-count // batches)))
    return shapes


def useful_shapes(lengths: NDArray[np.int64], shapes: Sequence[BatchShape]) -> list[BatchShape]:
    """Those of some shapes that few pairs are best put into: none where a half-empty batch costs more than it saves.

    Args:
        lengths: (N, 2), of sources and targets.
        shapes: to choose from. Which pairs fit one of them does not change.
    """
    chosen = list(shapes)
    while len(chosen) > 1:
        fewer = [chosen[:place] + chosen[place + 1 :] for place in range(len(chosen))]
        costs = [_cells(lengths, some) for some in fewer]
        if min(costs) > _cells(lengths, chosen):
            break
        chosen = fewer[int(np.argmin(costs))]
    return chosen


def _cells(lengths: NDArray[np.int64], shapes: Sequence[BatchShape]) -> float:
    """Cells of the batches that hold all pairs; a pair that fits no shape costs more than all."""
    places = assign(lengths, shapes)
    counts = np.bincount(places[places >= 0], minlength=len(shapes)).tolist()
    batches = sum(
        -(-count // shape.rows) * shape.rows * sum(shape[1:]) for count, shape in zip(counts, shapes, strict=True)
    )
    return batches + 1e12 * int((places < 0).sum())


def assign(lengths: NDArray[np.int64], shapes: Sequence[Any]) -> NDArray[np.int64]:
    """The place of the shape with the least padding for each of N pairs, -1 for those that fit none."""
    table = np.array([shape[1:] for shape in shapes], np.int64).reshape(-1, 2)  # (shapes, 2)
    fits = (lengths[:, None] <= table[None]).all(axis=-1)  # (N, shapes)
    cells = np.where(fits, table.sum(axis=-1), np.iinfo(np.int64).max)
    return np.where(fits.any(axis=-1), cells.argmin(axis=-1), -1) if len(table) else np.full(len(lengths), -1)
