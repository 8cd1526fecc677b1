"""ESIM, BiDAF and BCN against oracles that know no padding; round trips, gradients, errors."""

import json

import keras
import keras_hub
import numpy as np
import pytest
import reading_oracle as oracle
from small_elmo import small_elmo

from keras_embed.backbones import BCNBackbone, BiDAFBackbone, ESIMBackbone
from keras_embed.layers import ElmoEmbedding, WordEmbedding

LENGTHS = {"first": (5, 2, 0, 1), "second": (3, 4, 2, 0)}
TIMES = {"first": 6, "second": 5}
FEATURES = ("token_ids", "padding_mask")


@keras.saving.register_keras_serializable(package="keras_embed_tests")
class TwoPlaces(WordEmbedding):
    """Vectors of words at the input, and twice the same at the output, as an ELMo of two mixes."""

    places = ("input", "output")

    def call(self, features, training=False):
        x = super().call(features, training=training)
        return [x, 2 * x]

    def compute_output_shape(self, features_shape):
        return [super().compute_output_shape(features_shape)] * 2


def embeddings():
    start = keras.initializers.RandomNormal(stddev=1.0, seed=3)
    return [WordEmbedding(20, 3, embeddings_initializer=start), TwoPlaces(20, 2, embeddings_initializer=start.clone())]


def text(name, seed):
    rng, time = np.random.default_rng(seed), TIMES[name]
    mask = np.arange(time) < np.array(LENGTHS[name])[:, None]
    return {"token_ids": rng.integers(2, 20, mask.shape).astype("int32"), "padding_mask": mask}


FIRST, SECOND = text("first", 0), text("second", 1)


def prefixed(**texts):
    return {f"{prefix}_{name}": x for prefix, features in texts.items() for name, x in features.items()}


MAKERS = {
    "bcn": (lambda: BCNBackbone(embeddings(), hidden_dim=4, maxout_dims=(5, 3), maxout_pieces=2), FIRST),
    "bidaf": (lambda: BiDAFBackbone(embeddings(), hidden_dim=3), prefixed(question=SECOND, context=FIRST)),
    "bidaf with self-attention": (
        lambda: BiDAFBackbone(embeddings(), hidden_dim=3, num_layers=1, num_highway=0, self_attention=True),
        prefixed(question=SECOND, context=FIRST),
    ),
    "esim": (
        lambda: ESIMBackbone(embeddings(), hidden_dim=3, hidden_dims=(5,)),
        prefixed(first=FIRST, second=SECOND),
    ),
}


@pytest.fixture(scope="module", params=MAKERS)
def case(request):
    """A backbone whose weights are all random, biases and averages too, and features for it."""
    make, x = MAKERS[request.param]
    model, rng = make(), np.random.default_rng(5)
    for weight in model.weights:
        if weight.dtype != "uint32" and "seed" not in weight.path:
            spread = 0.5 * rng.normal(size=weight.shape)
            weight.assign(np.abs(spread) + 0.5 if "variance" in weight.path else spread)
    return model, x


def vectors(model, features, row):
    """Vectors at the input and at the output of one text, without padding."""
    ids = features["token_ids"][row][features["padding_mask"][row]]
    words, placed = (oracle.numpy(layer.embedding.embeddings)[ids] for layer in model.embeddings)
    return np.concatenate([words, placed], 1), 2 * placed


def expected(model, row):
    """Name of an output -> the oracle's values of a row."""
    if isinstance(model, BCNBackbone):
        return {"pooled_output": oracle.bcn(model, *vectors(model, FIRST, row))}
    first, second = vectors(model, FIRST, row), vectors(model, SECOND, row)
    if isinstance(model, ESIMBackbone):
        return {"pooled_output": oracle.esim(model, first, second)}
    return dict(zip(("start_output", "end_output"), oracle.bidaf(model, second, first), strict=True))


def test_it_is_the_oracle_for_texts_of_any_length(case):
    model, x = case
    outputs = model.predict_on_batch(x)
    for row in range(4):
        for name, answer in expected(model, row).items():
            found = outputs[name][row]
            if answer.ndim == 2:
                assert not found[len(answer) :].any()
                found = found[: len(answer)]
            np.testing.assert_allclose(found, answer, atol=2e-5)
    assert all(np.isfinite(output).all() for output in outputs.values())


def test_values_at_padding_are_never_read(case):
    model, x = case
    other = {name: ids if ids.dtype == bool else (ids + 7) % 18 + 2 for name, ids in x.items()}
    for name, ids in other.items():
        if name.endswith("token_ids"):
            other[name] = np.where(x[name.replace("token_ids", "padding_mask")], x[name], ids)
    before, after = model.predict_on_batch(x), model.predict_on_batch(other)
    for name, output in before.items():
        np.testing.assert_allclose(after[name], output, atol=1e-6)


def test_keras_file_and_preset_round_trips(case, tmp_path):
    model, _ = case
    model.save(tmp_path / "model.keras")
    model.save_to_preset(str(tmp_path / "preset"))
    for copy in (
        keras.models.load_model(tmp_path / "model.keras"),
        keras_hub.models.Backbone.from_preset(str(tmp_path / "preset")),
    ):
        assert type(copy) is type(model)
        assert json.dumps(copy.get_config()) == json.dumps(model.get_config())
        for weight, saved in zip(copy.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, saved)


@pytest.mark.parametrize("name", ["bcn", "bidaf with self-attention", "esim"])
def test_a_step_moves_every_weight_and_leaves_all_finite(name):
    make, x = MAKERS[name]
    model = make()
    # Cells of one matrix: compilers are slow at gradients of others, and these are not what is tested.
    model = type(model).from_config({**model.get_config(), "cell": "simple_rnn"})
    model.compile("sgd", dict.fromkeys(model.output, "mse"))
    before = [oracle.numpy(weight) for weight in model.trainable_weights]
    rows = {"pooled_output": (4,), "start_output": (4, 6), "end_output": (4, 6), "sequence_output": (4, 6)}
    y = {name: np.ones((*rows[name], output.shape[-1])) for name, output in model.output.items()}
    model.train_on_batch(x, y)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.isfinite(oracle.numpy(weight)).all()
        assert (oracle.numpy(weight) != old).any(), weight.path


@pytest.mark.parametrize("backbone", [ESIMBackbone, BiDAFBackbone, BCNBackbone])
def test_an_elmo_at_input_and_output(backbone):
    elmo = ElmoEmbedding(small_elmo(), num_mixes=2, places=("input", "output"))
    model = backbone([elmo], hidden_dim=2, cell="gru", dtype="mixed_bfloat16")
    inputs = {name for name in model.input if name.endswith("elmo_ids")}
    assert len(inputs) == (1 if backbone is BCNBackbone else 2)
    widths = {name: output.shape[-1] for name, output in model.output.items()}
    beside = 2 * 2 + 6
    if backbone is ESIMBackbone:
        assert model.get_layer("projection").kernel.shape == (4 * beside, 2)
    else:
        assert widths == (
            {"start_output": 4 * beside + 4, "end_output": 4 * beside + 4}
            if backbone is BiDAFBackbone
            else {"pooled_output": 300, "sequence_output": beside}
        )
    assert {output.dtype for output in model.output.values()} == {"bfloat16"}


def test_to_swap_the_texts_swaps_what_esim_pools():
    model = ESIMBackbone(embeddings(), hidden_dim=2, hidden_dims=(), cell="simple_rnn")
    first, second = text("first", 0), text("first", 2)
    pooled = model.predict_on_batch(prefixed(first=first, second=second))["pooled_output"]
    swapped = model.predict_on_batch(prefixed(first=second, second=first))["pooled_output"]
    np.testing.assert_allclose(np.roll(swapped, 8, axis=1), pooled, atol=1e-5)
    assert np.abs(pooled - swapped).max() > 1e-3


@pytest.mark.parametrize(
    ("make", "arguments", "text"),
    [
        (ESIMBackbone, {"cell": "qrnn"}, "Expected `cell` to be one of"),
        (ESIMBackbone, {"hidden_dims": 3}, "Expected `hidden_dims` to be a sequence of widths"),
        (BiDAFBackbone, {"num_layers": 0}, "Expected `num_layers` to be a positive integer"),
        (BiDAFBackbone, {"num_highway": -1}, "Expected `num_highway` of at least 0"),
        (BiDAFBackbone, {"dropout": 1.0}, "Expected `dropout` in"),
        (BCNBackbone, {"maxout_dims": 3}, "Expected `maxout_dims` to be a sequence of widths"),
        (BCNBackbone, {"embeddings": []}, "Expected at least one layer in `embeddings`"),
    ],
)
def test_bad_arguments(make, arguments, text):
    with pytest.raises(ValueError, match=text):
        make(**{"embeddings": [WordEmbedding(3, 2)], **arguments})
