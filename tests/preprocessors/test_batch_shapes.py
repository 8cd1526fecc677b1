import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from keras_embed.preprocessors.batching import BatchShape, assign, fit_lengths, fit_shapes, useful_shapes

LENGTHS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=12).map(np.array)


def cells(lengths, shapes):
    """What padding to these shapes costs where each pair takes the cheapest that holds it; infinite where none does."""
    return sum(
        min((sum(shape) for shape in shapes if (pair <= np.array(shape)).all()), default=np.inf) for pair in lengths
    )


@given(LENGTHS, st.integers(1, 5))
def test_every_pair_fits_one_of_few_shapes(lengths, max_shapes):
    shapes = fit_lengths(lengths, max_shapes)
    assert len(shapes) <= max_shapes and len(set(shapes)) == len(shapes)
    assert np.isfinite(cells(lengths, shapes))
    assert cells(lengths, shapes) <= cells(lengths, fit_lengths(lengths, max(1, max_shapes - 1)))


@given(LENGTHS)
def test_one_split_is_the_best_there_is(lengths):
    """Of all ways to cut the pairs in two along sources or targets."""
    best = np.inf
    for axis, limit in itertools.product((0, 1), range(10)):
        low = lengths[:, axis] <= limit
        parts = [part for part in (lengths[low], lengths[~low]) if len(part)]
        best = min(best, sum(len(part) * part.max(axis=0).sum() for part in parts))
    shapes = fit_lengths(lengths, 2)
    assert cells(lengths, shapes) <= best


@given(LENGTHS, st.integers(1, 5), st.integers(1, 30))
def test_rows(lengths, max_shapes, tokens):
    shapes = fit_shapes(lengths, lambda target_length: max(1, tokens // target_length), max_shapes)
    counts = np.bincount(assign(lengths, shapes), minlength=len(shapes))
    for shape, count in zip(shapes, counts, strict=True):
        assert shape.rows == 1 or shape.rows * shape.target_length <= tokens
        batches = -(-count // shape.rows)
        assert count and batches * shape.rows - count < batches  # less than one row a batch is filled up


def test_pairs_go_to_the_cheapest_shape_that_holds_them():
    shapes = [BatchShape(1, 9, 9), BatchShape(1, 2, 4), BatchShape(1, 4, 2)]
    assert assign(np.array([[2, 4], [4, 2], [4, 4], [1, 1], [10, 1]]), shapes).tolist() == [1, 2, 0, 1, -1]
    assert assign(np.array([[1, 1]]), []).tolist() == [-1]


def test_a_shape_that_few_pairs_need_is_left_out():
    shapes = [BatchShape(100, 10, 10), BatchShape(60, 20, 20)]
    few, many = np.array([[5, 5]] * 3 + [[15, 15]] * 40), np.array([[5, 5]] * 300 + [[15, 15]] * 40)
    assert useful_shapes(few, shapes) == shapes[1:] and useful_shapes(many, shapes) == shapes
    assert useful_shapes(np.array([[5, 5]]), shapes) == [shapes[0]] and useful_shapes(few, []) == []
    assert useful_shapes(np.array([[5, 5], [30, 30]]), shapes)[0] == shapes[0]


@pytest.mark.parametrize("tokens", [2048, 4096])
def test_little_padding_on_real_lengths(data_dir, monkeypatch, tokens):
    from keras_embed import corpora

    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    pairs = corpora.load("multi30k_de_en")
    lengths = np.array([[len(text.split()) + 1 for text in pair] for pair in pairs])
    shapes = fit_shapes(lengths, lambda length: tokens // length, 8)
    places = assign(lengths, shapes)
    batches = [-(-int((places == place).sum()) // shape.rows) for place, shape in enumerate(shapes)]
    whole = sum(count * shape[0] * sum(shape[1:]) for count, shape in zip(batches, shapes, strict=True))
    assert len(shapes) <= 8 and lengths.sum() / whole > 0.8
