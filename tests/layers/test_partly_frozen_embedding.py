"""Frozen rows stay where they are, whatever optimizer trains the others."""

import keras
import numpy as np
import pytest

from keras_embed.layers import PartlyFrozenEmbedding, WordEmbedding

FROZEN = np.array([False, True, True, False, True, False, False])
MATRIX = np.random.default_rng(0).normal(size=(7, 3)).astype("float32")
IDS = np.array([[1, 2, 3, 0], [4, 4, 5, 6]], "int32")


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def model_of(layer):
    if isinstance(layer, WordEmbedding):
        inputs = {"token_ids": keras.Input((None,), dtype="int32", name="token_ids")}
        return keras.Model(inputs, layer(inputs)), {"token_ids": IDS}
    inputs = keras.Input((None,), dtype="int32")
    return keras.Model(inputs, layer(inputs)), IDS


LAYERS = pytest.mark.parametrize(
    "make",
    [
        lambda: PartlyFrozenEmbedding(7, 3, FROZEN, weights=MATRIX),
        lambda: WordEmbedding(7, 3, weights=MATRIX, frozen_rows=FROZEN, unknown_dropout=0.1),
    ],
    ids=["alone", "in WordEmbedding"],
)
OPTIMIZERS = {
    "sgd momentum": lambda: keras.optimizers.SGD(0.5, momentum=0.9, nesterov=True, weight_decay=0.1),
    "adam": lambda: keras.optimizers.Adam(0.1, weight_decay=0.1, use_ema=True),
    "adamw": lambda: keras.optimizers.AdamW(0.1, weight_decay=0.3),
    "lion": lambda: keras.optimizers.Lion(0.1, weight_decay=0.1),
    "adagrad": lambda: keras.optimizers.Adagrad(0.5),
}


@LAYERS
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_frozen_rows_never_move_and_the_others_do(make, optimizer):
    layer = make()
    model, inputs = model_of(layer)
    model.compile(OPTIMIZERS[optimizer](), "mse")
    model.fit(inputs, np.ones((2, 4, 3), "float32"), epochs=3, verbose=0)
    table = layer if isinstance(layer, PartlyFrozenEmbedding) else layer.embedding
    after = numpy(table.embeddings)
    np.testing.assert_array_equal(after[FROZEN], MATRIX[FROZEN])
    used = ~FROZEN & np.isin(np.arange(7), IDS)
    assert (after[used] != MATRIX[used]).any(axis=1).all()


@LAYERS
def test_it_comes_back_frozen_and_trained_as_it_was(make, tmp_path):
    model, inputs = model_of(make())
    model.compile(keras.optimizers.AdamW(0.1), "mse")
    model.fit(inputs, np.ones((2, 4, 3), "float32"), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy(loaded(inputs)), numpy(model(inputs)))
    loaded.fit(inputs, np.ones((2, 4, 3), "float32"), verbose=0)
    layer = loaded.layers[-1]
    table = layer if isinstance(layer, PartlyFrozenEmbedding) else layer.embedding
    np.testing.assert_array_equal(numpy(table.embeddings)[FROZEN], MATRIX[FROZEN])


@pytest.mark.parametrize("rows", [FROZEN, np.flatnonzero(FROZEN), [4, 1, 2, 1]])
def test_looks_rows_up_as_a_plain_embedding_does(rows):
    layer = PartlyFrozenEmbedding(7, 3, rows, weights=MATRIX)
    np.testing.assert_array_equal(numpy(layer(IDS)), MATRIX[IDS])
    np.testing.assert_array_equal(numpy(layer.embeddings), MATRIX)
    assert sorted(tuple(w.shape) for w in layer.trainable_weights) == [(4, 3)]


def test_a_number_freezes_the_first_ids():
    layer = PartlyFrozenEmbedding(7, 3, 2, embeddings_initializer="ones")
    layer.build()
    np.testing.assert_array_equal(numpy(layer.places), np.arange(7))
    assert tuple(layer.frozen.shape) == (2, 3)


def test_nothing_trains_where_the_layer_is_not_trainable():
    layer = WordEmbedding(7, 3, frozen_rows=FROZEN, trainable=False)
    layer({"token_ids": IDS})
    assert not layer.trainable_weights
    layer = PartlyFrozenEmbedding(7, 3, FROZEN)
    layer.build()
    layer.trainable = False
    layer.trainable = True
    assert [weight.name for weight in layer.trainable_weights] == ["trained"]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (np.ones(7, bool), "Expected some rows frozen and some not. Received: 7 of 7 frozen"),
        ([], "Expected some rows frozen and some not"),
        ([7], "Expected `frozen_rows` from 0 to 6"),
        (np.ones(3, bool), r"Expected a mask `frozen_rows` of shape \(7,\)"),
    ],
)
def test_rows_are_checked(rows, error):
    with pytest.raises(ValueError, match=error):
        WordEmbedding(7, 3, frozen_rows=rows)


def test_weights_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"Expected `weights` of shape \(7, 3\)"):
        PartlyFrozenEmbedding(7, 3, FROZEN, weights=np.zeros((6, 3)))
