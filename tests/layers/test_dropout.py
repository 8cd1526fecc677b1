import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.layers import VariationalDropout


def test_one_mask_for_all_steps_another_for_each_row():
    kept = ops.convert_to_numpy(VariationalDropout(0.5, seed=3)(np.ones((4, 5, 64), "float32"), training=True))
    assert (kept == kept[:, :1]).all()
    assert (kept[0] != kept[1]).any()
    assert set(np.unique(kept)) == {0.0, 2.0}
    assert 0.3 < (kept == 0).mean() < 0.7


def test_nothing_outside_training():
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(VariationalDropout(0.5)(x)), x)
    np.testing.assert_array_equal(ops.convert_to_numpy(VariationalDropout(0.0)(x, training=True)), x)


def test_config_keeps_the_policy():
    layer = VariationalDropout(0.25, seed=1, dtype="mixed_bfloat16")
    copy = VariationalDropout.from_config(layer.get_config())
    assert copy.dtype_policy.name == "mixed_bfloat16"
    assert (copy.rate, copy.seed) == (0.25, 1)
    assert copy(keras.Input((None, 3))).shape == (None, None, 3)


def test_rate_is_checked():
    with pytest.raises(ValueError, match="Expected `rate` in"):
        VariationalDropout(1.0)
