"""`TagAccuracy` over tags and potentials."""

import keras
import numpy as np
import pytest
from metrics.tagging_examples import potentials_of

from keras_embed.metrics import TagAccuracy

TRUE = np.array([[1, 2, 0, -1], [3, -1, 4, 0]])
PREDICTED = np.array([[1, 2, 1, 4], [3, 3, 4, 0]])


def test_padding_does_not_count_and_batches_add_up():
    metric = TagAccuracy()
    metric.update_state(TRUE, PREDICTED)
    assert float(metric.result()) == pytest.approx(5 / 6)
    metric.update_state([[0, 0]], [[1, 1]])
    assert float(metric.result()) == pytest.approx(5 / 8)
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_potentials_are_decoded():
    metric = TagAccuracy()
    metric.update_state(TRUE, potentials_of(PREDICTED, np.ones_like(TRUE, bool)))
    assert float(metric.result()) == pytest.approx(5 / 6)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_weights_of_rows(shape):
    metric = TagAccuracy()
    metric.update_state(TRUE, PREDICTED, sample_weight=np.reshape([3.0, 0.5], shape))
    assert float(metric.result()) == pytest.approx((2 * 3.0 + 3 * 0.5) / (3 * 3.0 + 3 * 0.5))


def test_config_round_trip():
    metric = TagAccuracy(name="accuracy")
    rebuilt = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert rebuilt.get_config() == metric.get_config()
