"""GloVe's gradients compared with finite differences, and its update with files of the original tool."""

import numpy as np
import pytest
from keras import ops

from keras_embed._backend import add_rows, row_loop, take_rows
from keras_embed.functional import glove


@pytest.fixture(scope="module")
def made(data_dir):
    """Returns the folder of files that the original tools wrote."""
    folder = data_dir.parent / "fixtures" / "static" / "made"
    if not folder.is_dir():
        pytest.skip(f"no fixtures at {folder}")
    return folder


def test_weights_are_equation_9():
    given = ops.convert_to_numpy(glove.weight(np.array([0.1, 9.0, 10.0, 11.0]), x_max=10.0, alpha=0.5))
    np.testing.assert_allclose(given, [0.1, 0.9**0.5, 1.0, 1.0], rtol=1e-6)


def test_gradients_are_those_of_the_loss():
    rng = np.random.default_rng(2)
    words, contexts = rng.normal(size=(2, 4, 3))
    log_counts, weights = rng.normal(size=4), rng.random(4)

    def loss(words, contexts):
        off = (words[:, :2] * contexts[:, :2]).sum(1) + words[:, 2] + contexts[:, 2] - log_counts
        return 0.5 * weights * off**2

    given = glove.loss(*(ops.cast(x, "float32") for x in (words, contexts, log_counts, weights)))
    np.testing.assert_allclose(ops.convert_to_numpy(given), loss(words, contexts), rtol=1e-5)
    gradients = glove.gradients(*(ops.cast(x, "float32") for x in (words, contexts, log_counts, weights)))
    for place, gradient in enumerate(gradients):
        for column in range(3):
            step = np.zeros((2, 4, 3))
            step[place, :, column] = 1e-5
            slope = (loss(words + step[0], contexts + step[1]) - loss(words - step[0], contexts - step[1])) / 2e-5
            np.testing.assert_allclose(ops.convert_to_numpy(gradient)[:, column], slope, rtol=1e-4, atol=1e-6)


def test_a_bias_is_neither_clipped_nor_scaled():
    given = ops.convert_to_numpy(glove.scaled(np.array([[30.0, -500.0, 700.0]], "float32"), 0.05, clip=100.0))
    np.testing.assert_allclose(given, [[1.5, -5.0, 700.0]], rtol=1e-6)


def sequential(records, parameters, epochs, x_max):
    """Runs the tool's loop over single pairs in float64."""
    rows, squares = parameters.copy(), np.ones_like(parameters)
    for _ in range(epochs):
        for word, context, count in records:
            w, c = rows[word].copy(), rows[context].copy()
            off = w[:-1] @ c[:-1] + w[-1] + c[-1] - np.log(count)
            slope = min(1.0, (count / x_max) ** 0.75) * off
            for place, other in ((word, c), (context, w)):
                update = np.append(np.clip(slope * other[:-1], -100, 100) * 0.05, slope)
                rows[place] -= update / np.sqrt(squares[place])
                squares[place] += update**2
    return rows


def golden(made):
    """Returns the pairs in the tool's order, and its initial and final parameters, (2V, D + 1)."""
    raw = np.fromfile(made / "glove_ru.shuf.bin", [("word", "<i4"), ("context", "<i4"), ("count", "<f8")])
    first, last = (np.fromfile(made / f"glove_ru.m0.{name}bin").reshape(-1, 6) for name in ("000.", ""))
    size = len(first) // 2
    return raw["word"] - 1, raw["context"] - 1 + size, raw["count"], first, last


def test_the_loop_in_float64_is_the_tools(made):
    words, contexts, counts, first, last = golden(made)
    records = list(zip(words, contexts, counts, strict=True))
    np.testing.assert_allclose(sequential(records, first, 2, 10.0), last, rtol=0, atol=1e-12)


def test_the_formulas_give_the_tools_parameters(made):
    """Runs our functions in a compiled loop over single pairs in float32."""
    words, contexts, counts, first, last = golden(made)

    def step(tables, batch):
        rows, squares = tables
        places = ops.concatenate(batch[:2])
        update = glove.scaled(
            ops.concatenate(glove.gradients(take_rows(rows, batch[0]), take_rows(rows, batch[1]), *batch[2:])), 0.05
        )
        rows = add_rows(rows, places, -update * ops.rsqrt(take_rows(squares, places)))
        return rows, add_rows(squares, places, update * update)

    weights = ops.convert_to_numpy(glove.weight(counts, x_max=10.0))
    pairs = (words.astype("int32"), contexts.astype("int32"), np.log(counts).astype("float32"), weights)
    run, read = row_loop(step, (first.astype("float32"), np.ones(first.shape, "float32")))
    for _ in range(2):
        run(tuple(x[:, None] for x in pairs))
    np.testing.assert_allclose(read(0), last, rtol=0, atol=2e-5)
