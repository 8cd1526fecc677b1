"""The mean of epochs' weights, of models whose weight after each epoch is known."""

import keras
import numpy as np
import pytest

from keras_embed.callbacks import CheckpointAveraging

SLOPES = {"val_bleu": [9.0, 3.0, 7.0, 8.0, 1.0, 6.0], "val_loss": [1.0, 5.0, np.nan, 2.0, 4.0, 0.5]}


class Scores(keras.callbacks.Callback):
    """Puts figures into the logs."""

    def on_epoch_end(self, epoch, logs=None):
        logs |= {name: values[epoch] for name, values in SLOPES.items()}


def fresh():
    """A model whose weight is the number of its epochs."""
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile(keras.optimizers.SGD(1.0), "mean_absolute_error")
    return model


def fit(model, epochs, *callbacks, initial_epoch=0):
    arguments = {"epochs": epochs, "initial_epoch": initial_epoch, "callbacks": list(callbacks), "verbose": 0}
    model.fit(np.ones((1, 1)), np.full((1, 1), 100.0), **arguments)
    return float(model.get_weights()[0][0, 0])


@pytest.mark.parametrize(
    ("arguments", "epochs"),
    [
        ({"count": 3}, [3, 4, 5]),
        ({"count": 9}, [0, 1, 2, 3, 4, 5]),
        ({"count": 2, "monitor": "val_bleu"}, [0, 3]),
        ({"count": 2, "monitor": "val_loss"}, [0, 5]),
        ({"count": 2, "monitor": "val_loss", "mode": "max"}, [1, 4]),
    ],
)
def test_the_mean_is_of_the_last_or_the_best(arguments, epochs, tmp_path):
    averaging = CheckpointAveraging(folder=tmp_path / "kept", **arguments)
    assert fit(fresh(), 6, Scores(), averaging) == pytest.approx(np.mean(epochs) + 1)
    assert averaging.epochs == epochs
    assert len(list((tmp_path / "kept").glob("epoch_*.npz"))) == len(epochs)


def test_swapping_goes_there_and_back():
    model, averaging = fresh(), CheckpointAveraging(count=2, swap=False)
    with pytest.raises(ValueError, match="an epoch to have ended"):
        averaging.set_model(model)
        averaging.swap_weights()
    assert fit(model, 4, averaging) == 4.0
    averaging.swap_weights()
    assert float(model.get_weights()[0][0, 0]) == 3.5
    averaging.swap_weights()
    assert float(model.get_weights()[0][0, 0]) == 4.0


def test_training_goes_on_from_where_it_stood(tmp_path):
    model, averaging = fresh(), CheckpointAveraging(count=4)
    assert fit(model, 3, averaging) == 2.0
    assert fit(model, 6, averaging, initial_epoch=3) == np.mean([3, 4, 5, 6])


def test_an_interrupted_training_is_resumed_in_a_new_process(tmp_path):
    whole, first = fresh(), fresh()
    assert fit(first, 3, CheckpointAveraging(4, folder=tmp_path, swap=False)) == 3.0
    second = fresh()
    second.set_weights([np.full((1, 1), 2.0)])  # the last that was saved is of epoch 2
    resumed = fit(second, 6, CheckpointAveraging(4, folder=tmp_path), initial_epoch=2)
    assert resumed == fit(whole, 6, CheckpointAveraging(4)) == np.mean([3, 4, 5, 6])


def test_a_new_training_in_an_old_folder_starts_anew(tmp_path):
    fit(fresh(), 6, CheckpointAveraging(4, folder=tmp_path))
    assert fit(fresh(), 2, CheckpointAveraging(4, folder=tmp_path)) == 1.5
    assert len(list(tmp_path.glob("epoch_*.npz"))) == 2


def test_only_floating_point_weights_have_a_mean():
    class Counter(keras.layers.Layer):
        def build(self, shape):
            self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)
            self.half = self.add_weight(shape=(2,), dtype="bfloat16", initializer="ones", trainable=False)

        def call(self, x):
            return x

    model = keras.Sequential([keras.Input((1,)), Counter(), keras.layers.BatchNormalization()])
    averaging = CheckpointAveraging(count=2)
    averaging.set_model(model)
    for epoch in range(3):
        values = [np.full(w.shape, 10.0**epoch if "int" not in str(w.dtype) else epoch) for w in model.weights]
        model.set_weights(values)
        averaging.on_epoch_end(epoch)
    averaging.on_train_end()
    for weight in model.weights:
        value = keras.ops.convert_to_numpy(keras.ops.cast(weight, "float32"))
        np.testing.assert_allclose(value, 2 if "int" in str(weight.dtype) else 55, rtol=1e-2)


def test_a_figure_that_is_not_in_the_logs_is_named():
    with pytest.raises(ValueError, match=r"`val_bleu` in the logs.*loss.*earlier in the list"):
        fit(fresh(), 1, CheckpointAveraging(monitor="val_bleu"))
