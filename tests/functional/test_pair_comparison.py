"""The comparison of two vectors, entry by entry."""

import keras
import numpy as np

from keras_embed.functional.pair_comparison import pair_comparison


def test_it_is_that_of_conneau_et_al():
    rng = np.random.default_rng(2)
    u, v = rng.normal(size=(2, 3, 4)).astype("float32")
    expected = [
        [*u[b], *v[b], *(abs(u[b, d] - v[b, d]) for d in range(4)), *(u[b, d] * v[b, d] for d in range(4))]
        for b in range(3)
    ]
    found = keras.ops.convert_to_numpy(pair_comparison(keras.ops.array(u), keras.ops.array(v)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
