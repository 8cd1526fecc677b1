import numpy as np
import pytest

from keras_embed.metrics.perplexity import Perplexity


def test_it_is_exp_of_the_mean_over_all_words():
    losses = np.random.default_rng(0).uniform(0, 5, size=(3, 2, 4)).astype("float32")
    weights = (np.arange(24).reshape(3, 2, 4) % 3 > 0).astype("float32")
    metric = Perplexity()
    for row, weight in zip(losses, weights, strict=True):
        metric.update_state(row, weight)
    expected = np.exp(np.sum(losses * weights, dtype="float64") / weights.sum())
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)
    metric.reset_state()
    metric.update_state(losses[0])
    assert float(metric.result()) == pytest.approx(np.exp(losses[0].mean(dtype="float64")), rel=1e-6)
