"""Positional encodings compared with loops, and their laws."""

import math

import numpy as np
import pytest
import transformer_oracle as oracle
from keras import ops

from keras_embed.functional.positions import relative_buckets, rotary, sinusoidal_encoding

RNG = np.random.default_rng(5)


def test_sines_and_cosines():
    table = ops.convert_to_numpy(sinusoidal_encoding(ops.arange(50), 6))
    np.testing.assert_allclose(table, oracle.sinusoidal(50, 6), atol=1e-5)
    with pytest.raises(ValueError, match="Expected an even width"):
        sinusoidal_encoding(ops.arange(3), 5)


def test_neighbouring_positions_differ_under_any_policy():
    """In bfloat16, neighbouring angles above 256 would be equal."""
    table = ops.convert_to_numpy(sinusoidal_encoding(ops.arange(512), 8))
    assert np.abs(np.diff(table, axis=0)).max(1).min() > 0.01


def test_rotary_against_complex_numbers():
    x = RNG.normal(size=(2, 5, 6)).astype("float32")
    turned = ops.convert_to_numpy(rotary(ops.convert_to_tensor(x), ops.arange(5)))
    expected = [[oracle.rotary(x[b, t], t) for t in range(5)] for b in range(2)]
    np.testing.assert_allclose(turned, expected, atol=1e-5)
    np.testing.assert_allclose(
        ops.convert_to_numpy(rotary(ops.convert_to_tensor(x), ops.convert_to_tensor(3))),
        [[oracle.rotary(x[b, t], 3) for t in range(5)] for b in range(2)],
        atol=1e-5,
    )


def test_rotary_products_depend_on_the_distance_alone():
    query, key = (np.tile(RNG.normal(size=(1, 8)).astype("float32"), (20, 1)) for _ in range(2))
    turned = [ops.convert_to_numpy(rotary(ops.convert_to_tensor(x), ops.arange(20))) for x in (query, key)]
    products = turned[0] @ turned[1].T
    for distance in range(-19, 20):
        diagonal = np.diagonal(products, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], atol=1e-4)


@pytest.mark.parametrize("both_ways", [True, False])
def test_buckets(both_ways):
    distances = np.arange(-200, 201)
    numbers = ops.convert_to_numpy(relative_buckets(distances, 32, 128, both_ways))
    expected = [oracle.bucket(int(d), 32, 128, both_ways) for d in distances]
    # A border may fall on either side where the logarithm is a whole number up to rounding.
    borders = (
        {d for d in range(1, 201) if (math.log(d / 8) * 8 / math.log(16)) % 1 < 1e-5}
        if both_ways
        else {d for d in range(1, 201) if (math.log(d / 16) * 16 / math.log(8)) % 1 < 1e-5}
    )
    sure = np.array([abs(int(d)) not in borders for d in distances])
    assert sure.sum() > 380
    np.testing.assert_array_equal(numbers[sure], np.array(expected)[sure])
    assert np.abs(numbers - expected).max() <= 1 and numbers.max() == 31
