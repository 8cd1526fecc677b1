"""Row updates in a compiled loop compared with NumPy, on the configured backend."""

import numpy as np
from keras import ops

from keras_embed._backend import add_rows, row_loop, take_rows


def step(tables, batch):
    """Each row gets half of what it is, and counts how often."""
    rows, counts = tables
    places, scale = batch
    taken = take_rows(rows, places)
    rows = add_rows(rows, places, scale * taken)
    return rows, add_rows(counts, places, ops.ones_like(taken[..., :1]))


def test_rows_of_one_place_all_count():
    rng = np.random.default_rng(1)
    first = rng.normal(size=(5, 3)).astype("float32")
    places = rng.integers(0, 5, (4, 2, 3)).astype("int32")  # (steps, ...)
    places[0] = 2
    scales = rng.random(4).astype("float32")
    run, read = row_loop(step, (first, np.zeros((5, 1), "float32")))
    run((places, scales))
    run((places[:1], scales[:1]))  # a block of another length
    rows, counts = first.astype("float64"), np.zeros(5)
    for batch, scale in zip([*places, places[0]], [*scales, scales[0]], strict=True):
        taken = rows[batch.ravel()].copy()
        np.add.at(rows, batch.ravel(), scale * taken)
        np.add.at(counts, batch.ravel(), 1)
    np.testing.assert_allclose(read(0), rows, rtol=1e-4)
    np.testing.assert_array_equal(read(1)[:, 0], counts)


def test_the_first_tables_are_left_alone():
    first = np.ones((2, 2), "float32")
    run, read = row_loop(step, (first, np.zeros((2, 1), "float32")))
    run((np.zeros((1, 1), "int32"), np.ones(1, "float32")))
    np.testing.assert_array_equal(first, 1)
    np.testing.assert_array_equal(read(0), [[2, 2], [1, 1]])
