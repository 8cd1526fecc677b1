"""An embedding bag is a dense layer on a sparse vector."""

import keras
import numpy as np
import pytest

from keras_embed.layers import EmbeddingBag

IDS = np.array([[3, 0, 4], [1, 0, 0]])
WEIGHTS = np.array([[0.5, 2.0, -1.0], [3.0, 0.0, 0.0]], "float32")
DENSE = np.array([[2.0, 0, 0, 0.5, -1.0], [0, 3.0, 0, 0, 0]], "float32")
FEATURES = {"term_ids": IDS, "term_weights": WEIGHTS}


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("use_bias", [False, True])
def test_it_is_dense_on_the_vector_with_all_columns(use_bias, scaled):
    scales = np.random.default_rng(1).normal(size=(5, 2)).astype("float32") if scaled else None
    bag = EmbeddingBag(5, 2, use_bias=use_bias, activation="tanh", scales=scales)
    bag.build({"term_ids": IDS.shape, "term_weights": WEIGHTS.shape})
    dense = keras.layers.Dense(2, use_bias=use_bias, activation="tanh")
    dense.build(DENSE.shape)
    kernel = keras.ops.convert_to_numpy(bag.embeddings) * (1 if scales is None else scales)
    dense.set_weights([kernel, np.array([0.3, -0.2])] if use_bias else [kernel])
    if use_bias:
        bag.bias.assign([0.3, -0.2])
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(bag(FEATURES)), keras.ops.convert_to_numpy(dense(DENSE)), rtol=1e-5
    )


def test_scales_are_weights_that_are_never_trained_and_never_in_the_config():
    scales = np.full((5, 2), 2.0)
    bag = EmbeddingBag(5, 2, scales=scales)
    bag(FEATURES)
    assert len(bag.trainable_weights) == 2 and len(bag.non_trainable_weights) == 1
    assert bag.get_config()["scales"] is True
    again = EmbeddingBag.from_config(bag.get_config())
    again(FEATURES)
    again.set_weights(bag.get_weights())
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again.scales), scales)


def test_a_regulariser_adds_to_the_loss():
    bag = EmbeddingBag(5, 2, embeddings_initializer="ones", embeddings_regularizer=keras.regularizers.L2(0.1))
    bag(FEATURES)
    assert float(sum(bag.losses)) == pytest.approx(1.0)
