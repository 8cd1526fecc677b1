"""Rates by weight: what the wrapped optimizer does with a smaller rate, layer by layer, saved and unfrozen."""

import functools

import keras
import keras_hub
import numpy as np
import pytest

from keras_embed.backbones import RecurrentBackbone, TransformerBackbone
from keras_embed.callbacks import GradualUnfreezing
from keras_embed.layers import CasingEmbedding, WordEmbedding
from keras_embed.schedules import DiscriminativeRates, LinearWarmupDecay, encoder_stages, layerwise_rates
from keras_embed.tasks import TextClassifier

X, Y = np.random.default_rng(3).normal(size=(2, 12, 3)).astype("float32")
FACTORS = {"lower": 0.1, "upper/bias": 0.0}


def model_of(optimizer, policy=None):
    keras.utils.set_random_seed(2)
    layers = [
        keras.layers.Dense(3, activation="tanh", name=name, dtype=policy) for name in ("lower", "middle", "upper")
    ]
    x = inputs = keras.Input((3,))
    for layer in layers:
        x = layer(x)
    model = keras.Model(inputs, x)
    model.compile(optimizer, "mse")
    return model


def trained(model, **arguments):
    model.fit(X, Y, batch_size=4, shuffle=False, verbose=0, **arguments)
    return {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}


OPTIMIZERS = {
    "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=0.5),
    "adamw": lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.1, global_clipnorm=1.0),
    "rmsprop": lambda rate: keras.optimizers.RMSprop(rate),
}


def stepped(optimizer, steps):
    """The weights of three layers after steps along gradients that are the same each time."""
    rng = np.random.default_rng(4)
    variables = [keras.Variable(rng.normal(size=3), name="bias", dtype="float32") for _ in range(3)]
    for variable, layer in zip(variables, ("lower", "middle", "upper"), strict=True):
        variable._path = f"{layer}/bias"
    optimizer.build(variables)
    for _ in range(steps):
        optimizer.apply([keras.ops.convert_to_tensor(rng.normal(size=3).astype("float32")) for _ in variables])
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_step_is_that_of_the_optimizer_with_the_smaller_rate(name):
    make = OPTIMIZERS[name]
    ours = stepped(DiscriminativeRates(make(0.02), FACTORS), 1)
    whole, tenth, start = stepped(make(0.02), 1), stepped(make(0.002), 1), stepped(make(0.0), 0)
    np.testing.assert_allclose(ours[0], tenth[0], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours[1], whole[1], rtol=1e-6)
    np.testing.assert_array_equal(ours[2], start[2])
    assert not np.allclose(tenth[0], start[0], atol=1e-6)


def test_equal_factors_are_the_optimizer_itself():
    theirs = keras.optimizers.Adam(LinearWarmupDecay(0.01, 2, 9))
    ours = DiscriminativeRates(keras.optimizers.Adam(LinearWarmupDecay(0.01, 2, 9)), {})
    for value, expected in zip(stepped(ours, 5), stepped(theirs, 5), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert int(ours.iterations) == int(theirs.iterations) == 5
    assert float(ours.learning_rate) == pytest.approx(float(theirs.learning_rate))


def test_saved_and_gone_on_with(tmp_path):
    def optimizer():
        return DiscriminativeRates(keras.optimizers.Adam(0.01), FACTORS, default=0.5)

    model = model_of(optimizer())
    trained(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.optimizer.rates == FACTORS and loaded.optimizer.default == 0.5
    expected = trained(model)
    for path, value in trained(loaded).items():
        np.testing.assert_allclose(value, expected[path], rtol=1e-5, atol=1e-7)


def test_under_float16_the_loss_is_scaled_around_it():
    model = model_of(DiscriminativeRates(keras.optimizers.Adam(0.01), FACTORS), "mixed_float16")
    start = {weight.path: keras.ops.convert_to_numpy(weight) for weight in model.weights}
    end = trained(model, callbacks=[GradualUnfreezing([["lower"]])])
    moved = {path for path, value in end.items() if not np.array_equal(value, start[path])}
    assert moved == {"middle/kernel", "middle/bias", "upper/kernel"}


def test_stages_are_held_until_their_turn():
    model = model_of(DiscriminativeRates(keras.optimizers.SGD(0.1), {}))
    held = []
    weights = {weight.path: weight for weight in model.weights}

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.before = {path: np.array(keras.ops.convert_to_numpy(weight)) for path, weight in weights.items()}

        def on_epoch_end(self, epoch, logs=None):
            after = {path: keras.ops.convert_to_numpy(weight) for path, weight in weights.items()}
            held.append({path.split("/")[0] for path in after if np.array_equal(after[path], self.before[path])})

    stages = [["lower"], ["middle/kernel", "middle/bias"]]
    trained(model, epochs=5, callbacks=[GradualUnfreezing(stages, every=2), Watch()])
    assert held == [{"lower", "middle"}] * 2 + [{"lower"}] * 2 + [set()]
    trained(model, epochs=3, initial_epoch=2, callbacks=[GradualUnfreezing(stages, every=2), Watch()])
    assert held[5:] == [{"lower"}]


@functools.cache
def hub():
    return keras_hub.models.BertBackbone(9, 2, 1, 4, 4, max_sequence_length=8)


def test_stages_of_encoders():
    transformer = TransformerBackbone([WordEmbedding(9, 4)], num_layers=2, num_heads=1, hidden_dim=6)
    recurrent = RecurrentBackbone([WordEmbedding(9, 4), CasingEmbedding(9, 3)], "lstm", 5, num_layers=2)
    for backbone, number in ((hub(), 3), (transformer, 3), (recurrent, 3)):
        stages = encoder_stages(backbone)
        assert len(stages) == number
        paths = [path for stage in stages for path in stage]
        assert sorted(paths) == sorted(weight.path for weight in backbone.weights)
        assert any("embedding" in path for path in stages[0])
        assert not any("embedding" in path for stage in stages[1:] for path in stage)
    assert [path for path in encoder_stages(hub())[-1] if path.startswith("pooled")]
    assert any("block_1" in path for path in encoder_stages(transformer)[-1])
    with pytest.raises(ValueError, match="layers that have weights"):
        encoder_stages(keras.Sequential([keras.Input((3,)), keras.layers.Flatten()]))


def test_rates_fall_towards_the_embeddings():
    rates = layerwise_rates(hub(), 0.5)
    assert {path.split("/")[0]: factor for path, factor in rates.items() if "seed" not in path} == {
        "token_embedding": 0.125,
        "position_embedding": 0.125,
        "segment_embedding": 0.125,
        "embeddings_layer_norm": 0.125,
        "transformer_layer_0": 0.25,
        "transformer_layer_1": 0.5,
        "pooled_dense": 0.5,
    }
    with pytest.raises(ValueError, match="`decay` above 0"):
        layerwise_rates(hub(), 0.0)


def test_a_head_learns_faster_than_the_encoder_below_it():
    """One step of SGD from the same weights, with rates and without."""
    features = {name: np.ones((2, 3), "int32") for name in ("segment_ids", "padding_mask")}
    features["token_ids"] = np.array([[1, 2, 3], [4, 5, 6]], "int32")
    moved = []
    for decay in (1.0, 0.5):
        keras.utils.set_random_seed(2)
        encoder = keras_hub.models.BertBackbone(9, 1, 1, 4, 4, dropout=0.0, max_sequence_length=8)
        task, rates = TextClassifier(encoder, num_classes=2), layerwise_rates(encoder, decay)
        task.compile(DiscriminativeRates(keras.optimizers.SGD(0.1), rates), jit_compile=False)
        before = task.get_weights()
        task.train_on_batch(features, np.array([0, 1]))
        moved.append({w.path: new - old for w, new, old in zip(task.weights, task.get_weights(), before, strict=True)})
    for path, plain in moved[0].items():
        np.testing.assert_allclose(moved[1][path], rates.get(path, 1.0) * plain, rtol=1e-3, atol=1e-7)
    assert moved[0].keys() - rates.keys() == {"scores/kernel", "scores/bias"}


def test_bad_arguments():
    with pytest.raises(ValueError, match="factors of at least 0"):
        DiscriminativeRates("adam", {"a": -1.0})
    with pytest.raises(ValueError, match="without `use_ema`"):
        DiscriminativeRates(keras.optimizers.Adam(use_ema=True), {})
    with pytest.raises(ValueError, match=r"weights under one of \['loewr'\].*lower/kernel"):
        trained(model_of(DiscriminativeRates("sgd", {"loewr": 0.1})))
    with pytest.raises(ValueError, match="Expected a model that was compiled with schedules.DiscriminativeRates"):
        trained(model_of("sgd"), callbacks=[GradualUnfreezing([["lower"]])])
    with pytest.raises(ValueError, match="`first` from 0 to the number of stages, 1"):
        GradualUnfreezing([["lower"]], first=2)
